"""What differs between two texts, word by word.

Lines are compared first and words only within lines that differ, so that long texts take no longer
than they must. The old text can be read off the pieces that are not added, the new one off those
that are not removed: nothing is left out.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import Literal

Fate = Literal["kept", "removed", "added"]

WORDS_AT_ONCE = 3_000
"""Stretches with more words on both sides are shown as replaced: comparing takes quadratic time."""

_WORDS = re.compile(
    r"[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]"  # written without spaces
    r"|[^\W\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\u0e00-\u0e7f]+|\s+|[^\w\s]"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, and what became of it."""

    fate: Fate
    text: str


def pieces(old: str, new: str) -> list[Piece]:
    """The stretches of both texts in order: removed ones of the old, added ones of the new."""
    found: list[Piece] = []
    before, after = old.splitlines(keepends=True), new.splitlines(keepends=True)
    for lost, came, same in _matched(before, after):
        if same:
            found.append(Piece("kept", "".join(lost)))
        else:
            found += _within("".join(lost), "".join(came))
    return _joined(found)


def _within(old: str, new: str) -> Iterator[Piece]:
    """The differences of two stretches of lines, word by word."""
    before, after = _WORDS.findall(old), _WORDS.findall(new)
    if len(before) > WORDS_AT_ONCE and len(after) > WORDS_AT_ONCE:
        yield from (Piece("removed", old), Piece("added", new))
        return
    for lost, came, same in _matched(before, after):
        if same:
            yield Piece("kept", "".join(lost))
        else:
            yield from (Piece("removed", "".join(lost)), Piece("added", "".join(came)))


def _matched(
    old: Sequence[str], new: Sequence[str]
) -> Iterator[tuple[Sequence[str], Sequence[str], bool]]:
    for tag, i, j, k, m in SequenceMatcher(None, old, new).get_opcodes():
        yield old[i:j], new[k:m], tag == "equal"


def _joined(found: Sequence[Piece]) -> list[Piece]:
    """Without empty pieces, and neighbours of one fate as one."""
    present = (piece for piece in found if piece.text)
    return [
        Piece(fate, "".join(piece.text for piece in run))
        for fate, run in groupby(present, key=lambda piece: piece.fate)
    ]
