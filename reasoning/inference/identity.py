"""Who answers at an engine's address: what is approved is compared with this."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from reasoning.core.errors import EngineRefused
from reasoning.core.errors import gettext_noop as _
from reasoning.inference import fields
from reasoning.inference.requests import EngineAddress, EngineKind
from reasoning.inference.transport import ask

WINDOW_FIELDS = ("max_model_len", "context_length", "context_window")
"""Where OpenAI-compatible servers say how long prompt and answer may be together."""


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """What an engine says of itself. ``window`` is in tokens, None where it does not say.

    ``fingerprint`` is vLLM's system_fingerprint (a hash of its configuration, or what its operator
    set), and with llama.cpp the tag ``sha256:...`` that names the weights, if its operator set one.
    """

    engine: str
    version: str
    model: str
    window: int | None
    fingerprint: str


async def identify(address: EngineAddress, *, fingerprint: bool = True) -> EngineIdentity:
    """Ask the engine who it is. Raises EngineRefused when it does not serve the address's model.

    Without ``fingerprint`` nothing is asked that would wait behind other requests.
    """
    model = _served(await ask(address, "/v1/models"), address.model)
    if address.kind is EngineKind.VLLM:
        return await _vllm(address, model, fingerprint)
    return await (_llama_cpp if address.kind is EngineKind.LLAMA_CPP else _openai)(address, model)


async def _vllm(
    address: EngineAddress, model: Mapping[str, Any], fingerprint: bool
) -> EngineIdentity:
    version = await _version(address)
    answer: dict[str, Any] = {}
    if fingerprint:
        # Only an answer carries it, so the shortest one is asked for.
        shortest = {"model": address.model, "prompt": [1], "max_tokens": 1}
        answer = await ask(address, "/v1/completions", shortest)
    return EngineIdentity(
        engine=address.kind.value,
        version=version,
        model=fields.required(model, "id", str),
        window=fields.required(model, "max_model_len", int),
        fingerprint=fields.optional(answer, "system_fingerprint", str) or "",
    )


async def _version(address: EngineAddress) -> str:
    """vLLM's version; "" behind a router that does not let the question through."""
    try:
        return fields.required(await ask(address, "/version"), "version", str)
    except EngineRefused:
        return ""


async def _llama_cpp(address: EngineAddress, model: Mapping[str, Any]) -> EngineIdentity:
    props = await ask(address, "/props")
    settings = fields.required(props, "default_generation_settings", dict)
    tags = fields.optional(model, "tags", list) or []
    return EngineIdentity(
        engine=address.kind.value,
        version=fields.required(props, "build_info", str),
        model=fields.required(model, "id", str),
        window=fields.required(settings, "n_ctx", int),
        fingerprint=next((str(tag) for tag in tags if str(tag).startswith("sha256:")), ""),
    )


async def _openai(address: EngineAddress, model: Mapping[str, Any]) -> EngineIdentity:
    windows = (fields.optional(model, name, int) for name in WINDOW_FIELDS)
    return EngineIdentity(
        engine=fields.optional(model, "owned_by", str) or address.kind.value,
        version="",
        model=fields.required(model, "id", str),
        window=next((window for window in windows if window is not None), None),
        fingerprint="",
    )


def _served(listing: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The entry of the model of that name (or alias) among those served."""
    for model in fields.objects(listing, "data"):
        if name == model.get("id") or name in (fields.optional(model, "aliases", list) or []):
            return model
    raise EngineRefused(
        _("The engine does not serve this model."), status=None, param="model", message=None
    )
