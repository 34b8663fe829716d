"""The pieces of an answer, held so that hundreds of long ones take little memory.

One token is one piece with most engines. A string, a tuple and an object for each would take ten
times the memory of what they say, and every collection of garbage would look at all of them. So
texts are joined from time to time, and numbers lie in arrays.
"""

import threading
from array import array
from collections.abc import Iterator, Sequence

from reasoning.inference.requests import Channel, Chunk

LOOSE = 128
"""Texts that wait to be joined."""


class Pieces:
    """Added to on the event loop's thread, read by any; ``lock`` guards all of it."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self._texts: list[str] = []
        self._loose = 0
        self._ids = array("I")
        self._text_ends = array("I")
        self._id_ends = array("I")
        self._channels: list[tuple[int, Channel | None]] = [(0, None)]
        """From which character on the engine had named which channel."""
        self.length = 0

    def add(self, piece: Chunk) -> None:
        """Take one piece."""
        text, ids, channel = piece
        with self.lock:
            if channel is not self._channels[-1][1]:
                self._channels.append((self.length, channel))
            self._texts.append(text)
            self._ids.extend(ids)
            self.length += len(text)
            self._text_ends.append(self.length)
            self._id_ends.append(len(self._ids))
            self._loose += 1
            if self._loose == LOOSE:
                self._texts[-LOOSE:] = ["".join(self._texts[-LOOSE:])]
                self._loose = 0

    def since(self, character: int, number: int) -> tuple[str, Sequence[int]]:
        """The text from a character on, and the token ids from the given one on."""
        with self.lock:
            return self._text_since(character), self._ids[number:]

    def ends(self) -> tuple[Sequence[int], Sequence[int]]:
        """How many characters, and how many token ids, there were after each piece."""
        with self.lock:
            return self._text_ends[:], self._id_ends[:]

    def runs(self, character: int = 0) -> Iterator[tuple[Channel | None, str]]:
        """The text from a character on, cut where the engine went from one channel to another."""
        with self.lock:
            text, channels = self._text_since(character), self._channels[:]
        ends = [start for start, _channel in channels[1:]] + [character + len(text)]
        for (start, channel), end in zip(channels, ends, strict=True):
            if part := text[max(start - character, 0) : max(end - character, 0)]:
                yield channel, part

    def _text_since(self, character: int) -> str:
        wanted, at = self.length - character, len(self._texts)
        while wanted > 0:
            at -= 1
            wanted -= len(self._texts[at])
        return "".join(self._texts[at:])[-wanted:]
