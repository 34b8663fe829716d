"""Reading an engine's JSON with suspicion: what has another shape than agreed is EngineFailed."""

from collections.abc import Mapping
from typing import Any, TypeVar

import orjson

from reasoning.core.errors import EngineFailed

T = TypeVar("T")


def parse(data: bytes) -> dict[str, Any]:
    """A JSON object. Raises EngineFailed for anything else: bad JSON, bad UTF-8, another type."""
    try:
        document = orjson.loads(data)
    except orjson.JSONDecodeError as error:
        raise EngineFailed(reason="not JSON") from error
    if not isinstance(document, dict):
        raise EngineFailed(reason="not a JSON object")
    return document


def optional(document: Mapping[str, Any], name: str, kind: type[T]) -> T | None:
    """The value of a field, None when it is missing or null."""
    value = document.get(name)
    if value is None or (type(value) is kind):
        return value
    raise EngineFailed(reason=f"{name} has another type")


def required(document: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """The value of a field that has to be there."""
    value = optional(document, name, kind)
    if value is None:
        raise EngineFailed(reason=f"{name} is missing")
    return value


def token_ids(document: Mapping[str, Any], name: str) -> tuple[int, ...] | None:
    """A list of token ids, None when it is missing or null."""
    ids = optional(document, name, list)
    if ids is None:
        return None
    for id_ in ids:
        if type(id_) is not int or not 0 <= id_ < 2**32:
            raise EngineFailed(reason=f"{name} holds something that is no token id")
    return tuple(ids)


def objects(document: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    """A list of objects that has to be there."""
    values = required(document, name, list)
    for value in values:
        if type(value) is not dict:
            raise EngineFailed(reason=f"{name} holds something that is no object")
    return values
