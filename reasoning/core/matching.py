"""How far two outputs agree: what a replay may say, and no more."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Unit(StrEnum):
    """What was compared: token ids, or characters where an engine gives no exact ids."""

    TOKENS = "tokens"
    CHARACTERS = "characters"


@dataclass(frozen=True, slots=True)
class Match:
    """``matched`` leading units of the stored output's ``compared`` came again.

    ``first_difference`` counts from 1; None when nothing differs. ``again`` is the length of the
    new output, which may be longer.
    """

    compared: int
    again: int
    matched: int
    first_difference: int | None

    @property
    def share(self) -> str:
        """Matched of compared with four decimals, rounded down: 1.0000 means all of it."""
        if not self.compared:
            return ""
        parts = self.matched * 10_000 // self.compared
        return f"{parts // 10_000}.{parts % 10_000:04d}"


def match(stored: Sequence[object], again: Sequence[object]) -> Match:
    """Compare from the start up to the first difference.

    After it nothing counts: each token depends on all before it, so what looks alike later is
    chance.
    """
    pairs = zip(stored, again, strict=False)
    shorter = min(len(stored), len(again))
    matched = next((at for at, (ours, theirs) in enumerate(pairs) if ours != theirs), shorter)
    same = matched == len(stored) == len(again)
    return Match(len(stored), len(again), matched, None if same else matched + 1)
