"""Could this model have written this, sampled as recorded? What re-scoring a trace says.

An engine gives, for each stored token, its log-probability and those of the likeliest tokens at
that place. Under the recorded temperature T and top_p, two things must hold of a model's own text,
whatever it is about, and both are computed so that doubt counts for the trace:

1. *The five likeliest tokens come as often as they should.* The chance that one of them is taken is
   at least ``S / (S + the most that the unlisted can weigh)``, where S is the sum of their
   ``p^(1/T)``: a low temperature only raises it, and so does top_p. The sum of these chances is the
   least number to expect; how many were found is told in standard deviations from it.
2. *No token lies outside top_p.* Where likelier tokens already hold more than ``(1 + top_p) / 2``,
   sampling could not have taken this one. Half of the rest is left for rounding, which differs
   between a batch and a single request (INFERENCE: 0.021 a token on average).

Mean log-probability is told too, and judges nothing: it depends on the text and falls as the
temperature rises. A model that is sure of nothing could have written anything; then, as with
temperatures above 1, with a grammar that forced tokens, and with a few tokens, there is no verdict.
"""

import math
import struct
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from reasoning.core.errors import Malformed

LISTED = 5
"""How many of the likeliest tokens an engine is asked for at each place."""
COLDEST = 0.05
"""Temperatures below count as this one: at 0 a difference in rounding would decide."""
FEWEST = 20
"""Tokens below which there is no verdict."""
SUREST = 0.1
"""Least share of listed tokens to expect, below which there is no verdict."""
LOWEST_DEVIATION = -4.0
IMPOSSIBLE_SHARE = 0.01
IMPOSSIBLE_ANYWAY = 2
"""As many are let pass however short the text is."""

_PLACE = struct.Struct("<4f")


class Verdict(StrEnum):
    """Whether the model could have written the text."""

    AGREES = "agrees"
    DIFFERS = "differs"
    UNDECIDED = "undecided"


@dataclass(frozen=True, slots=True)
class TokenScore:
    """Natural logarithms at one place: of the stored token, and of the likeliest, falling."""

    logprob: float
    likeliest: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """One place under the recorded sampling.

    ``least`` is the log-probability of the last listed token, ``chance`` the least chance of a
    listed token's being sampled, ``above`` the least share of the chance that likelier tokens hold.
    """

    logprob: float
    least: float
    chance: float
    above: float


@dataclass(frozen=True, slots=True)
class Figures:
    """What all places say together.

    ``likeliest`` tokens were among the listed, ``expected`` of them should be at least;
    ``deviation`` is the difference in standard deviations.
    """

    tokens: int
    mean_logprob: float
    likeliest: int
    expected: float
    deviation: float
    impossible: int


def place(score: TokenScore, temperature: float) -> Place:
    """What one score says at a temperature; above 1, where it judges nothing, as at 1."""
    power = 1 / min(max(temperature, COLDEST), 1.0)
    best = score.likeliest[0]
    weights = [math.exp((one - best) * power) for one in score.likeliest]
    unlisted = max(0.0, 1 - math.fsum(math.exp(one) for one in score.likeliest))
    # None of the unlisted is likelier than the last listed one.
    most = unlisted * math.exp(score.likeliest[-1] * (power - 1) - best * power)
    listed = math.fsum(weights)
    total = listed + most
    likelier = zip(score.likeliest, weights, strict=True)
    above = math.fsum(weight for one, weight in likelier if one > score.logprob) / total
    return Place(score.logprob, score.likeliest[-1], listed / total, above)


def figures(places: Sequence[Place], top_p: float) -> Figures:
    """The sums over all places. Raises Malformed when there are none."""
    if not places:
        raise Malformed
    likeliest = sum(one.logprob >= one.least for one in places)
    expected = math.fsum(one.chance for one in places)
    variance = math.fsum(one.chance * (1 - one.chance) for one in places)
    return Figures(
        tokens=len(places),
        mean_logprob=math.fsum(one.logprob for one in places) / len(places),
        likeliest=likeliest,
        expected=expected,
        # One token is left for rounding.
        deviation=(likeliest - expected) / math.sqrt(variance + 1),
        impossible=sum(one.above > (1 + top_p) / 2 for one in places),
    )


def verdict(found: Figures, *, temperature: float, forced: bool) -> Verdict:
    """What the figures allow to say; ``forced`` when a grammar had a part in the sampling."""
    unsure = found.expected < SUREST * found.tokens
    if forced or temperature > 1 or found.tokens < FEWEST or unsure:
        return Verdict.UNDECIDED
    allowed = max(IMPOSSIBLE_ANYWAY, IMPOSSIBLE_SHARE * found.tokens)
    differs = found.deviation < LOWEST_DEVIATION or found.impossible > allowed
    return Verdict.DIFFERS if differs else Verdict.AGREES


def pack(places: Iterable[Place]) -> bytes:
    """Four little-endian 32-bit floats a token: logprob, least, chance, above."""
    return b"".join(_PLACE.pack(one.logprob, one.least, one.chance, one.above) for one in places)


def unpack(data: bytes) -> list[Place]:
    """What ``pack`` wrote. Raises Malformed when the bytes do not divide into places."""
    if len(data) % _PLACE.size:
        raise Malformed
    return [Place(*values) for values in _PLACE.iter_unpack(data)]
