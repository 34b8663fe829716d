"""JSON values that stand on a line each, as Ollama streams them.

Cut at the byte level and never decoded here, like server-sent events (``sse.py``).
"""

from collections.abc import Iterator

from reasoning.core.errors import EngineFailed
from reasoning.inference.sse import EVENT_LIMIT


class LineReader:
    """Takes pieces of a response's body and gives back each line that is complete and not empty."""

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The lines that ``piece`` completes. Raises EngineFailed on an oversized one."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            self._check(line)
            if line.strip():
                yield line
        self._check(self._rest)

    def _check(self, line: bytes) -> None:
        if len(line) > self._limit:
            raise EngineFailed(reason="event too large")
