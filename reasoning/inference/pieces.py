"""The pieces of an answer, held so that hundreds of long ones take little memory.

One token is one piece with most engines. A string, a tuple and an object for each would take ten
times the memory of what they say, and every collection of garbage would look at all of them. So
texts are joined from time to time, and numbers lie in arrays.
"""

import threading
from array import array
from collections.abc import Iterable, Iterator, Sequence

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

    def add(self, pieces: Iterable[Chunk]) -> None:
        """Take some pieces."""
        texts, ids, length = self._texts, self._ids, self.length
        with self.lock:
            for piece in pieces:
                if piece.channel is not self._channels[-1][1]:
                    self._channels.append((length, piece.channel))
                texts.append(piece.text)
                ids.extend(piece.token_ids)
                length += len(piece.text)
                self._text_ends.append(length)
                self._id_ends.append(len(ids))
                self._loose += 1
            self.length = length
            if self._loose >= LOOSE:
                texts[-self._loose :] = ["".join(texts[-self._loose :])]
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
