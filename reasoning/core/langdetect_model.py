"""langdetect's model and its arithmetic, kept small and done by numpy: the numbers are its own.

Its detector multiplies 55 probabilities by one another a hundred times for each text, in Python;
that was most of what storing an answer cost. Here whole rows are multiplied, in the same order.
Imported when a language is first detected, since numpy is slow to import.
"""

import json
from collections.abc import Callable
from functools import cache
from importlib.resources import files
from struct import Struct

import numpy
from langdetect import DetectorFactory
from langdetect.detector import Detector
from langdetect.lang_detect_exception import ErrorCode, LangDetectException
from numpy.typing import NDArray

Row = NDArray[numpy.float64]

_CELL = Struct("<Bd")
"""The number of a language, and a probability."""
_CELLS = numpy.dtype([("language", "u1"), ("probability", "<f8")])


class Model(DetectorFactory):  # type: ignore[misc]  # langdetect has no types
    """langdetect's profiles, with its randomness seeded.

    Its own loader takes them in the directory's order, which is not the same on every machine and
    changes the last digits of its sums.
    """

    seed = 0

    def __init__(self) -> None:
        super().__init__()
        profiles = sorted((files("langdetect") / "profiles").iterdir(), key=lambda file: file.name)
        self.word_lang_prob_map = Probabilities(len(profiles))
        for language, file in enumerate(profiles):
            profile = json.loads(file.read_text("utf-8"))
            self.langlist.append(profile["name"])
            for piece, count in profile["freq"].items():
                total = profile["n_words"][len(piece) - 1]
                self.word_lang_prob_map.add(piece, language, count / total)

    def _create_detector(self) -> "QuickDetector":
        return QuickDetector(self)


class Probabilities(dict[str, bytes]):
    """How probable each piece of a word is in each language.

    Most are zero in most languages. Only the others are kept, which takes a fifth of the memory of
    langdetect's own lists.
    """

    def __init__(self, languages: int) -> None:
        super().__init__()
        self._languages = languages

    def add(self, piece: str, language: int, probability: float) -> None:
        self[piece] = self.get(piece, b"") + _CELL.pack(language, probability)

    def row(self, piece: str) -> Row:
        cells = numpy.frombuffer(self[piece], _CELLS)
        row = numpy.zeros(self._languages)
        row[cells["language"]] = cells["probability"]
        return row


STEP = 5
"""After how many pieces langdetect looks whether it is sure; the first time after one."""


class QuickDetector(Detector):  # type: ignore[misc]  # langdetect has no types
    """langdetect's detector, its inner loop done in rows: the same draws, products and sums."""

    def _detect_block(self) -> None:
        self.cleaning_text()
        pieces = self._extract_ngrams()
        if not pieces:
            raise LangDetectException(ErrorCode.CantDetectError, "No features in text.")
        row_of = cache(self.word_lang_prob_map.row)  # some pieces are drawn often
        self.random.seed(self.seed)
        self.langprob = [0.0] * len(self.langlist)
        for _trial in range(self.n_trial):
            found = self._tried(pieces, row_of).tolist()
            self.langprob = [
                sum_ + one / self.n_trial for sum_, one in zip(self.langprob, found, strict=True)
            ]

    def _tried(self, pieces: list[str], row_of: Callable[[str], Row]) -> Row:
        """One trial: the languages' probabilities once one of them is as good as certain."""
        chances: Row = numpy.array(self._init_probability())
        alpha = self.alpha + self.random.gauss(0.0, 1.0) * self.ALPHA_WIDTH
        weight, draw = alpha / self.BASE_FREQ, self.random.choice
        for drawings in range(0, self.ITERATION_LIMIT + 1, STEP):
            for _time in range(STEP if drawings else 1):
                chances *= row_of(draw(pieces)) + weight
            chances /= sum(chances.tolist())  # numpy would add in another order
            if chances.max() > self.CONV_THRESHOLD:
                break
        return chances
