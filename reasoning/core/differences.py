"""What is different between two texts, by the word; by the character where a script has no spaces.

Long texts are first cut at words that stand once in each (patience diff), in the longest order that
both share; what lies between is compared word by word. So the work grows with the length of the
texts and not with its square. Stretches without any such word are shown as replaced.
"""

import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import pairwise
from typing import Final, Literal

Fate = Literal["kept", "removed", "added"]

_WITHOUT_SPACES = r"\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd"
_MARKS = r"!-/:-@\[-`{-~\u2010-\u2027\u3001-\u3011\uff01-\uff0f"
_WORD = re.compile(rf"\s+|[{_WITHOUT_SPACES}]|[{_MARKS}]|[^\s{_WITHOUT_SPACES}{_MARKS}]+")

SMALL: Final = 40_000
"""Pairs of words up to which each is compared with each."""
WORTH: Final = 3
"""Letters that two texts must share in one place to be called the same there, between changes."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A stretch of text, and what became of it."""

    fate: Fate
    text: str


def pieces(old: str, new: str) -> list[Piece]:
    """The stretches of both texts in order: removed ones of the old, added ones of the new.

    The old text can be read off the pieces that are not added, the new one off those that are not
    removed: nothing is left out.
    """
    before, after = _WORD.findall(old), _WORD.findall(new)
    found: list[Piece] = []
    at_old = at_new = 0
    for start_old, start_new, length in (*_worthy(before, after), (len(before), len(after), 0)):
        found += _change(before[at_old:start_old], after[at_new:start_new])
        if length:
            found.append(Piece("kept", "".join(before[start_old : start_old + length])))
        at_old, at_new = start_old + length, start_new + length
    return found


def _change(removed: Sequence[str], added: Sequence[str]) -> list[Piece]:
    fates: tuple[tuple[Fate, Sequence[str]], ...] = (("removed", removed), ("added", added))
    return [Piece(fate, "".join(words)) for fate, words in fates if words]


def _worthy(old: list[str], new: list[str]) -> Iterator[tuple[int, int, int]]:
    """The blocks that both share, but for a comma or an article between two changes."""
    for start_old, start_new, length in _joined(_blocks(old, new)):
        at_edge = (start_old, start_new) == (0, 0) or (
            start_old + length == len(old) and start_new + length == len(new)
        )
        letters = sum(map(str.isalnum, "".join(old[start_old : start_old + length])))
        if at_edge or letters > WORTH:
            yield start_old, start_new, length


def _joined(blocks: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, int]]:
    held: tuple[int, int, int] | None = None
    for block in blocks:
        if held and (held[0] + held[2], held[1] + held[2]) == block[:2]:
            held = (held[0], held[1], held[2] + block[2])
            continue
        if held:
            yield held
        held = block
    if held:
        yield held


def _blocks(old: list[str], new: list[str]) -> list[tuple[int, int, int]]:
    """Where both have the same words: starts in both, and how many."""
    found: list[tuple[int, int, int]] = []
    waiting = [(0, len(old), 0, len(new))]
    while waiting:
        a, b, c, d = waiting.pop()
        while a < b and c < d and old[a] == new[c]:
            found.append((a, c, 1))
            a, c = a + 1, c + 1
        while a < b and c < d and old[b - 1] == new[d - 1]:
            b, d = b - 1, d - 1
            found.append((b, d, 1))
        if (b - a) * (d - c) <= SMALL:
            matcher = SequenceMatcher(None, old[a:b], new[c:d], autojunk=False)
            found += [(a + i, c + j, n) for i, j, n in matcher.get_matching_blocks() if n]
            continue
        anchors = _anchors(old[a:b], new[c:d])
        if not anchors:
            continue
        found += [(a + i, c + j, 1) for i, j in anchors]
        edges = [(-1, -1), *anchors, (b - a, d - c)]
        waiting += [(a + i + 1, a + k, c + j + 1, c + m) for (i, j), (k, m) in pairwise(edges)]
    return sorted(found)


def _anchors(old: list[str], new: list[str]) -> list[tuple[int, int]]:
    """Words that stand once in each, in the longest order that both share."""
    once_old, once_new = _once(old), _once(new)
    pairs = sorted((once_old[word], once_new[word]) for word in once_old.keys() & once_new.keys())
    ends: list[int] = []
    last: list[int] = []
    before: list[int] = []
    for number, (_place, other) in enumerate(pairs):
        length = bisect_left(ends, other)
        ends[length : length + 1] = [other]
        last[length : length + 1] = [number]
        before.append(last[length - 1] if length else -1)
    chain: list[tuple[int, int]] = []
    number = last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = before[number]
    return chain[::-1]


def _once(words: list[str]) -> dict[str, int]:
    counts = Counter(words)
    return {word: at for at, word in enumerate(words) if counts[word] == 1}
