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

    def feed(self, piece: bytes) -> Iterator[bytes]:
        """The data of the events that ``piece`` completes. Raises EngineFailed on an oversized
        one."""
        # JSON writes these characters otherwise: a CR that comes is part of a line's end.
        *events, self._rest = (self._rest + piece).replace(b"\r\n", b"\n").split(b"\n\n")
        for event in events:
            self._check(event)
            data = _data(event)
            if data is not None:
                yield data
        self._check(self._rest)

    def _check(self, event: bytes) -> None:
        if len(event) > self._limit:
            raise EngineFailed(reason="event too large")


def _data(event: bytes) -> bytes | None:
    """An event's data, its lines joined; None if it has none."""
    if event.startswith(b"data: ") and b"\n" not in event:  # as nearly all are
        return event[6:]
    lines = [line[5:] for line in event.split(b"\n") if line.startswith(b"data:")]
    return b"\n".join(line.removeprefix(b" ") for line in lines) if lines else None
