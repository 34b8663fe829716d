"""HTTP to an engine: one aiohttp session per event loop, and every way it can fail as our
errors."""

import asyncio
import weakref
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import orjson

from reasoning.core.errors import (
    EngineBusy,
    EngineDisconnected,
    EngineError,
    EngineFailed,
    EngineRefused,
    EngineTimeout,
    EngineUnavailable,
)
from reasoning.core.errors import gettext_noop as _
from reasoning.inference import fields
from reasoning.inference.requests import EngineAddress

ERROR_LIMIT = 64 * 1024
"""Bytes kept of an error's body."""
QUESTION_SECONDS = 15.0
"""For small questions about the engine: version, tokenizing."""
PROXY_ALONE = (502, 504)
"""What a proxy answers that cannot reach the engine behind it."""
ROUTER_ALONE = "Request failed: error sending request"
"""vllm-router (tried with 0.1.17) says so with a 500, and after some of them 503."""
PARAMS = {"exceed_context_size_error": "input_tokens"}
"""Where llama.cpp has a type of error, vLLM has a parameter: the second is our word for both."""

_sessions: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, aiohttp.ClientSession] = (
    weakref.WeakKeyDictionary()
)
"""Owned by the loop that is the key; only its thread adds, uses or closes the value."""


def _session() -> aiohttp.ClientSession:
    """The running loop's session, without limits, cookies, proxies from the environment."""
    loop = asyncio.get_running_loop()
    session = _sessions.get(loop)
    if session is None or session.closed:
        session = _sessions[loop] = aiohttp.ClientSession(
            # Engines close idle connections when they like, and a request that is sent into one is
            # lost without a trace. A connection costs nothing beside an answer.
            connector=aiohttp.TCPConnector(limit=0, force_close=True),
            cookie_jar=aiohttp.DummyCookieJar(),
            # A compressed body would not be the bytes that the engine wrote.
            headers={"Accept-Encoding": "identity", "User-Agent": "magistral-audit"},
        )
    return session


async def close() -> None:
    """Close the running loop's session. A later request makes another."""
    session = _sessions.pop(asyncio.get_running_loop(), None)
    if session is not None:
        await session.close()


@asynccontextmanager
async def opened(
    address: EngineAddress,
    path: str,
    body: Mapping[str, Any] | None,
    *,
    connect_timeout: float,
    read_timeout: float,
    request_id: str | None = None,
) -> AsyncIterator[aiohttp.ClientResponse]:
    """A response of status 200, its body not yet read. GET without a ``body``, else POST.

    Leaving the block early, also by cancellation, closes the socket, which makes an engine drop the
    request. Raises EngineError.
    """
    url, timeout = (
        address.base_url.rstrip("/") + path,
        aiohttp.ClientTimeout(
            total=None,
            connect=connect_timeout,
            sock_connect=connect_timeout,
            sock_read=read_timeout,
        ),
    )
    with failures():
        response = await _session().request(
            "GET" if body is None else "POST",
            url,
            data=None if body is None else _encoded(body),
            headers=_headers(address, request_id),
            allow_redirects=False,
            timeout=timeout,
        )
    try:
        if response.status != 200:
            raise await _refusal(response)
        yield response
    finally:
        response.close()


async def ask(
    address: EngineAddress, path: str, body: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """The JSON object with which the engine answers a small question. Raises EngineError."""
    seconds = QUESTION_SECONDS
    async with opened(
        address, path, body, connect_timeout=seconds, read_timeout=seconds
    ) as response:
        with failures():
            return fields.parse(await response.read())


class failures:  # noqa: N801  it is used like contextlib.suppress
    """Turn whatever aiohttp raises into one of our errors. Entered for each piece of each answer,
    and a class is entered in a fifth of the time that a generator takes."""

    __slots__ = ()

    def __enter__(self) -> None: ...

    def __exit__(self, _kind: object, error: BaseException | None, _trace: object) -> None:
        meaning = _meaning(error) if error else None
        if meaning:
            raise meaning from error


def _meaning(error: BaseException) -> EngineError | None:
    """Which of our errors it is, if any. The order matters: subclasses first."""
    if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError):
        return EngineUnavailable()
    if isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientPayloadError):
        return EngineDisconnected()
    if isinstance(error, TimeoutError):
        return EngineTimeout()
    if isinstance(error, OSError):  # aiohttp's own (ClientOSError) and a reset in mid-body
        return EngineDisconnected()
    if isinstance(error, aiohttp.ClientError):
        return EngineFailed(reason=type(error).__name__)
    return None


def meaning_of(error: Any) -> EngineError:
    """The error that an event of a stream carries.

    vLLM checks some of a request (its grammar, its token ids) only after the headers are gone and
    then sends a code of 4xx here: trying the same again would not help.
    """
    said = _said(error)
    return _failure(said.pop("code"), said)


def _failure(code: Any, said: Mapping[str, Any]) -> EngineError:
    """What a status or an error's code means."""
    if code in (429, 503):
        return EngineBusy(status=code, **said)
    if code in PROXY_ALONE or said["message"].startswith(ROUTER_ALONE):
        return EngineUnavailable(status=code, **said)
    if type(code) is int and 300 <= code < 500:
        return EngineRefused(status=code, **said)
    return EngineFailed(status=code, **said)


def _encoded(body: Mapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(body)
    except TypeError as error:  # a lone surrogate, a number beyond 64 bits
        raise EngineRefused(
            _("The request cannot be written as JSON."), status=None, param=None
        ) from error


def _headers(address: EngineAddress, request_id: str | None) -> dict[str, str]:
    headers = {"Content-Type": "application/json"}
    if address.api_key:
        headers["Authorization"] = f"Bearer {address.api_key}"
    if request_id:
        headers["X-Request-Id"] = request_id
    return headers


async def _refusal(response: aiohttp.ClientResponse) -> EngineError:
    """What an answer with another status than 200 means."""
    with failures():
        said = _said_in(await response.content.read(ERROR_LIMIT))
    said.pop("code")
    error = _failure(response.status, said)
    error.data["retry_after"] = _seconds(response)
    return error


def _said_in(body: bytes) -> dict[str, Any]:
    """The engine's words in an error's body, which may be anything: a proxy's page, nothing."""
    try:
        document = fields.parse(body)
    except EngineFailed:
        return _said(body.decode(errors="replace"))
    # FastAPI's own refusals say "detail", an old vLLM's have no "error" around them.
    return _said(document.get("error") or document.get("detail") or document)


def _said(error: Any) -> dict[str, Any]:
    """Message, parameter and code, from the object or the bare string that an engine sends."""
    if not isinstance(error, dict):
        return {"message": str(error), "param": None, "code": None}
    return {
        "message": str(error.get("message", "")),
        "param": error.get("param") or PARAMS.get(str(error.get("type"))),
        "code": error.get("code"),
    }


def _seconds(response: aiohttp.ClientResponse) -> int | None:
    value = response.headers.get("Retry-After", "")
    return int(value) if value.isascii() and value.isdigit() else None
