"""Server-sent events out of a stream of bytes (WHATWG HTML, section 9.2), as far as engines use
them.

Events are cut at the byte level and never decoded here, so that a character split over two pieces
of the network needs no care. Names and ids of events are of no use to us and are dropped. Lines end
in LF or CR LF; a lone CR, which the standard would also allow, is no line's end here.
"""

from collections.abc import Iterator

from reasoning.core.errors import EngineFailed

EVENT_LIMIT = 8 * 1024 * 1024
"""Bytes. The largest real event is vLLM's first or llama.cpp's last, which carry the prompt."""


class EventReader:
    """Takes pieces of a response's body and gives back the data of each event that is complete."""

    def __init__(self, limit: int = EVENT_LIMIT) -> None:
        self._limit = limit
        self._rest = b""
        self._data: list[bytes] = []
        self._size = 0

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The data of the events that ``piece`` completes. Raises EngineFailed on an oversized
        one."""
        *lines, self._rest = (self._rest + piece).split(b"\n")
        for line in lines:
            if line := line.removesuffix(b"\r"):
                self._take(line)
            elif self._data:  # an empty line ends an event
                yield b"\n".join(self._data)
                self._data, self._size = [], 0
        self._check(len(self._rest))

    def _take(self, line: bytes) -> None:
        """Read one line of an event."""
        self._check(len(line))
        if line.startswith(b"data:"):
            self._data.append(line[5:].removeprefix(b" "))
            self._size += len(line)

    def _check(self, more: int) -> None:
        if self._size + more > self._limit:
            raise EngineFailed(reason="event too large")
