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
WEIGHTS_FIELDS = ("arch", "compatibility_type", "quantization")
"""What LM Studio says of a model's weights."""


@dataclass(frozen=True, slots=True)
class EngineIdentity:
    """What an engine says of itself. ``window`` is in tokens, None where it does not say.

    ``fingerprint`` is vLLM's system_fingerprint (a hash of its configuration, or what its operator
    set); with llama.cpp the tag ``sha256:...`` that names the weights, if its operator set one;
    with Ollama ``sha256:`` and the digest of the model's manifest, which names the weights and its
    template; with LM Studio the form of the weights, which names nothing exactly.
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
    if address.kind is EngineKind.OLLAMA:
        return await _ollama(address)
    if address.kind is EngineKind.LM_STUDIO:
        return await _lm_studio(address, fingerprint)
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


async def _ollama(address: EngineAddress) -> EngineIdentity:
    """Its window is what the model can hold at most: how much it gets is said with each request."""
    about = fields.required(await ask(address, "/api/version"), "version", str)
    model = _installed(await ask(address, "/api/tags"), address.model)
    shown = await ask(address, "/api/show", {"model": address.model})
    facts = fields.required(shown, "model_info", dict)
    family = fields.optional(facts, "general.architecture", str) or ""
    return EngineIdentity(
        engine=address.kind.value,
        version=about,
        model=address.model,
        window=fields.optional(facts, f"{family}.context_length", int),
        fingerprint="sha256:" + fields.required(model, "digest", str).removeprefix("sha256:"),
    )


async def _lm_studio(address: EngineAddress, fingerprint: bool) -> EngineIdentity:
    """Its version is that of what runs the model, which only an answer tells."""
    model = _served(await ask(address, "/api/v0/models"), address.model)
    runtime: dict[str, Any] = {}
    if fingerprint:
        turns = [{"role": "user", "content": "?"}]
        shortest = {"model": address.model, "messages": turns, "max_tokens": 1}
        answer = await ask(address, "/api/v0/chat/completions", shortest)
        runtime = fields.optional(answer, "runtime", dict) or {}
    said = [fields.optional(runtime, name, str) for name in ("name", "version")]
    form = [fields.optional(model, name, str) for name in WEIGHTS_FIELDS]
    return EngineIdentity(
        engine=address.kind.value,
        version=" ".join(filter(None, said)),
        model=fields.required(model, "id", str),
        window=fields.optional(model, "loaded_context_length", int)
        or fields.optional(model, "max_context_length", int),
        fingerprint=" ".join(filter(None, form)),
    )


async def _openai(address: EngineAddress, model: Mapping[str, Any]) -> EngineIdentity:
    windows = [fields.optional(model, name, int) for name in WINDOW_FIELDS]
    meta = fields.optional(model, "meta", dict) or {}
    windows.append(fields.optional(meta, "n_ctx", int))  # llama.cpp
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
    raise _not_served()


def _installed(listing: Mapping[str, Any], name: str) -> dict[str, Any]:
    """The same among Ollama's, where a name without a tag means the latest."""
    wanted = name if ":" in name.rpartition("/")[2] else f"{name}:latest"
    for model in fields.objects(listing, "models"):
        if wanted == model.get("model"):
            return model
    raise _not_served()


def _not_served() -> EngineRefused:
    return EngineRefused(
        _("The engine does not serve this model."), status=None, param="model", message=None
    )
