"""Is anybody there? A small question that costs an engine nothing."""

from reasoning.inference.requests import EngineAddress, EngineKind
from reasoning.inference.transport import opened

PATHS = {
    # A router answers the first itself, whatever lies behind it; the second it passes on.
    EngineKind.VLLM: ("/health", "/v1/models"),
    EngineKind.LLAMA_CPP: ("/health",),
    EngineKind.OLLAMA: ("/api/version",),
    EngineKind.LM_STUDIO: ("/v1/models",),
    EngineKind.OPENAI: ("/v1/models",),
}
SECONDS = 3.0


async def require_health(address: EngineAddress) -> None:
    """Return when the engine says that it is well; raise EngineError when it does not answer in a
    few seconds, is still loading its model (503), or has died behind its server."""
    for path in PATHS[address.kind]:
        async with opened(address, path, None, connect_timeout=SECONDS, read_timeout=SECONDS):
            pass
