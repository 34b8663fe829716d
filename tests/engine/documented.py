"""Small questions to Ollama and LM Studio, answered as their documents say.

Not recorded: neither can be installed from a package index. Ollama: docs/api.md and api/types.go of
August 2026; LM Studio: "REST API v0" in its documentation.
"""

from typing import Any

from aiohttp import web

TRAINED = 131_072
LOADED = 8192
DIGEST = "9f438cb9cd581fc025612d27f7c1a6669ff83a8bb0ed86c94fcf4c5440555697"


def routes(models: list[str]) -> list[web.RouteDef]:
    """The questions, about models of these names."""

    async def tags(request: web.Request) -> web.Response:
        details = {"format": "gguf", "family": "llama", "quantization_level": "Q4_K_M"}
        listed = [
            {"name": f"{name}:latest", "model": f"{name}:latest", "digest": DIGEST, "size": 7}
            | {"modified_at": "2026-06-10T14:00:00Z", "details": details}
            for name in models
        ]
        return web.json_response({"models": listed})

    async def lm_studio_models(request: web.Request) -> web.Response:
        return web.json_response({"object": "list", "data": [_listed(name) for name in models]})

    return [
        web.get("/api/version", _version),
        web.get("/api/tags", tags),
        web.post("/api/show", _show),
        web.get("/api/v0/models", lm_studio_models),
        web.post("/api/v0/chat/completions", _shortest),
    ]


async def _version(request: web.Request) -> web.Response:
    return web.json_response({"version": "0.14.2"})


async def _show(request: web.Request) -> web.Response:
    facts = {"general.architecture": "llama", "llama.context_length": TRAINED}
    shown: dict[str, Any] = {"template": "{{ .Prompt }}", "model_info": facts}
    return web.json_response(shown | {"capabilities": ["completion", "thinking"]})


def _listed(name: str) -> dict[str, Any]:
    """A model is listed with the window it was loaded with, or only with what it was trained on."""
    model = {
        "id": name,
        "object": "model",
        "type": "llm",
        "publisher": "lmstudio-community",
        "arch": "llama",
        "compatibility_type": "gguf",
        "quantization": "Q4_K_M",
        "state": "loaded",
        "max_context_length": TRAINED,
        "loaded_context_length": LOADED,
    }
    if name.endswith("empty"):
        model["state"] = "not-loaded"
        del model["loaded_context_length"]
    return model


async def _shortest(request: web.Request) -> web.Response:
    runtime = {"name": "llama.cpp-linux-x86_64", "version": "1.3.0", "supported_formats": ["gguf"]}
    choice = {"index": 0, "finish_reason": "length", "message": {"role": "assistant"}}
    return web.json_response({"choices": [choice], "runtime": runtime})
