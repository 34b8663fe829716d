"""The two language detectors, each asked for its first answer; loaded when first needed.

langdetect knows 55 languages (not Malay and Serbian) and so sees that a text is in none of ours.
py3langid (kept by Adrien Barbaresi, BSD; it needs numpy, which mistral-common brings along) knows
139 and is restricted to ours, so it never answers with another. Both are naive Bayes over
pieces of words, from different texts, and both are a function of the text alone here: langdetect's
randomness is seeded and its profiles are loaded in a fixed order. Together they take 125 MB and a
second and a half to load.
"""

import json
import threading
from decimal import ROUND_DOWN, Decimal
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from struct import Struct
from typing import Any, NamedTuple

from langdetect import DetectorFactory, LangDetectException


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


_CELL = Struct("<Bd")
"""The number of a language, and a probability."""


class _Probabilities:
    """How probable each piece of a word is in each language, as langdetect's detector asks for it.

    Most are zero in most languages. Only the others are kept, which takes a fifth of the memory of
    langdetect's own lists; the numbers are the same.
    """

    def __init__(self, languages: int) -> None:
        self._nowhere = [0.0] * languages
        self._cells: dict[str, bytes] = {}

    def add(self, piece: str, language: int, probability: float) -> None:
        self._cells[piece] = self._cells.get(piece, b"") + _CELL.pack(language, probability)

    def __contains__(self, piece: str) -> bool:
        return piece in self._cells

    def __getitem__(self, piece: str) -> list[float]:
        found = self._nowhere.copy()
        for language, probability in _CELL.iter_unpack(self._cells[piece]):
            found[language] = probability
        return found


@cache
def _profiles() -> Any:
    """langdetect's profiles. Its own loader takes them in the directory's order, which is not the
    same on every machine and changes the last digits of its sums."""
    profiles = sorted((files("langdetect") / "profiles").iterdir(), key=lambda file: file.name)
    factory = DetectorFactory()
    factory.word_lang_prob_map = _Probabilities(len(profiles))
    for language, file in enumerate(profiles):
        profile = json.loads(file.read_text("utf-8"))
        factory.langlist.append(profile["name"])
        for piece, count in profile["freq"].items():
            total = profile["n_words"][len(piece) - 1]
            factory.word_lang_prob_map.add(piece, language, count / total)
    factory.set_seed(0)
    return factory


@cache
def _model(languages: frozenset[str]) -> Any:
    """py3langid's model, only the columns asked for: all 139 languages take 28 MB more.

    Imported here, since numpy is slow to import for processes that never detect anything.
    """
    from py3langid.langid import MODEL_DIR, MODEL_FILE, LanguageIdentifier
    from py3langid.modelio import load_model

    table, priors, classes, moves, rows, output = load_model(MODEL_DIR / MODEL_FILE)
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
