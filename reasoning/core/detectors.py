"""The two language detectors, each asked for its first answer; loaded when first needed.

langdetect knows 55 languages (not Malay and Serbian) and so sees that a text is in none of ours.
py3langid (kept by Adrien Barbaresi, BSD; it needs numpy, which mistral-common brings along) knows
139 and is restricted to ours, so it never answers with another. Both are naive Bayes over
pieces of words, from different texts, and both are a function of the text alone here: langdetect's
randomness is seeded and its profiles are loaded in a fixed order. Together they take 35 MB and two
seconds to load.
"""

import threading
from array import array
from decimal import ROUND_DOWN, Decimal
from functools import cache
from importlib.metadata import version
from typing import Any, NamedTuple

from langdetect import LangDetectException


class Opinion(NamedTuple):
    """A detector's first answer, "" if it has none, and its probability cut to two digits."""

    language: str
    probability: Decimal


NONE = Opinion("", Decimal("0.00"))

_loading = threading.Lock()
"""Lets one thread load. Once loaded, models are only read, by any thread."""


def unrestricted(sample: str) -> Opinion:
    """langdetect's answer, which may be a language that is not ours."""
    detector = _langdetect().create()
    detector.append(sample)
    try:
        answers = detector.get_probabilities()
    except LangDetectException:
        return NONE
    if not answers:
        return NONE
    return Opinion(answers[0].lang.partition("-")[0], _cut(answers[0].prob))


def restricted(sample: str, languages: frozenset[str]) -> Opinion:
    """py3langid's answer, always one of ``languages``."""
    language, probability = _py3langid(languages).classify(sample)
    return Opinion(language, _cut(probability))


@cache
def detectors() -> str:
    """Names and versions, for the record."""
    return " + ".join(f"{name} {version(name)}" for name in ("py3langid", "langdetect"))


def _cut(probability: float) -> Decimal:
    return Decimal(probability).quantize(Decimal("0.01"), ROUND_DOWN)


def _langdetect() -> Any:
    with _loading:
        return _profiles()


def _py3langid(languages: frozenset[str]) -> Any:
    with _loading:
        return _model(languages)


@cache
def _profiles() -> Any:
    from reasoning.core.langdetect_model import Model

    return Model()


class _Moves:
    """The table of py3langid's automaton, 38,000 rows of which most are alike in most places.

    In stretches of sixteen places, each different one kept once: 6 MB instead of 42.
    """

    def __init__(self, table: "array[int]") -> None:
        different: dict[bytes, int] = {}
        data, size = memoryview(table).cast("B"), _STRETCH * table.itemsize
        self._stretches = array(
            "I",
            (
                different.setdefault(bytes(data[at : at + size]), _STRETCH * len(different))
                for at in range(0, len(data), size)
            ),
        )
        self._kept = array(table.typecode, b"".join(different))

    def __getitem__(self, place: int) -> int:
        return self._kept[self._stretches[place >> 4] + (place & 15)]


_STRETCH = 16


@cache
def _model(languages: frozenset[str]) -> Any:
    """py3langid's model, only the columns asked for: all 139 languages take 28 MB more.

    Imported here, since numpy is slow to import for processes that never detect anything.
    """
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
    from py3langid.modelio import load_model

    table, priors, classes, moves, rows, output = load_model(MODEL_DIR / MODEL_FILE)
    moves = _Moves(moves)
    ours = [column for column, code in enumerate(classes) if code in languages]
    return LanguageIdentifier(
        table[:, ours],
        priors[ours],
        [classes[column] for column in ours],
        moves,
        output,
        norm_probs=True,
        tk_row=rows,
    )
