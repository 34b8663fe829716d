"""langdetect's model and its arithmetic, kept small and done by numpy: the numbers are its own.

Its detector multiplies 55 probabilities by one another a hundred times for each text, in Python;
that was most of what storing an answer cost. Here whole rows are multiplied, in the same order.
Imported when a language is first detected, since numpy is slow to import.
"""

import json
import re
from functools import cache
from importlib.resources import files
from random import Random
from struct import Struct

import numpy
from langdetect import DetectorFactory
from langdetect.detector import Detector
from langdetect.lang_detect_exception import ErrorCode, LangDetectException
from langdetect.utils.ngram import NGram
from numpy.typing import NDArray

Row = NDArray[numpy.float64]

_CELL = Struct("<Bd")
"""The number of a language, and a probability."""


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
        self.languages = languages

    def add(self, piece: str, language: int, probability: float) -> None:
        self[piece] = self.get(piece, b"") + _CELL.pack(language, probability)

    def fill(self, row: Row, piece: str) -> None:
        """Put the piece's probabilities into a row of zeros."""
        for language, probability in _CELL.iter_unpack(self[piece]):
            row[language] = probability


STEP = 5
"""After how many pieces langdetect looks whether it is sure; the first time after one."""


class _Normal(dict[int, str]):
    """What langdetect takes each character for, worked out once: for ``str.translate``."""

    def __missing__(self, character: int) -> str:
        self[character] = normal = NGram.normalize(chr(character))
        return str(normal)


_NORMAL = _Normal()
_WORD = re.compile("[^ ]+ ?")


class QuickDetector(Detector):  # type: ignore[misc]  # langdetect has no types
    """langdetect's detector, its loops done by words and in rows: the same pieces, draws, products
    and sums."""

    def _extract_ngrams(self) -> list[str]:
        pieces_of = cache(self._pieces_of)
        words = _WORD.findall(self.text.translate(_NORMAL))
        return [piece for word in words for piece in pieces_of(" " + word)]

    def _pieces_of(self, word: str) -> list[str]:
        """The known pieces of a word between its spaces, none that ends in a row of capitals."""
        ends = [
            end
            for end in range(1, len(word))
            if not (word[end].isupper() and word[end - 1].isupper())
        ]
        pieces = [
            word[start : end + 1]
            for end in ends
            for start in range(end, max(end - NGram.N_GRAM, -1), -1)
        ]
        return [piece for piece in pieces if piece != " " and piece in self.word_lang_prob_map]

    def _detect_block(self) -> None:
        self.cleaning_text()
        pieces = self._extract_ngrams()
        if not pieces:
            raise LangDetectException(ErrorCode.CantDetectError, "No features in text.")
        rows = _Rows(pieces, self.word_lang_prob_map)
        self.random.seed(self.seed)
        self.langprob = [0.0] * len(self.langlist)
        for _trial in range(self.n_trial):
            found = self._tried(rows).tolist()
            self.langprob = [
                sum_ + one / self.n_trial for sum_, one in zip(self.langprob, found, strict=True)
            ]

    def _tried(self, rows: "_Rows") -> Row:
        """One trial: the languages' probabilities once one of them is as good as certain."""
        chances: Row = numpy.array(self._init_probability())
        alpha = self.alpha + self.random.gauss(0.0, 1.0) * self.ALPHA_WIDTH
        weight, factors = alpha / self.BASE_FREQ, numpy.empty((STEP + 1, len(chances)))
        for drawings in range(0, self.ITERATION_LIMIT + 1, STEP):
            count = STEP if drawings else 1
            drawn, some = factors[1 : count + 1], factors[: count + 1]
            factors[0] = chances
            rows.draw(self.random, drawn)
            drawn += weight
            numpy.multiply.reduce(some, out=chances)
            values = chances.tolist()
            total = sum(values)  # numpy would add in another order
            chances /= total
            if max(values) / total > self.CONV_THRESHOLD:
                break
        return chances


class _Rows:
    """The rows of a text's pieces, looked up when first drawn."""

    def __init__(self, pieces: list[str], probabilities: Probabilities) -> None:
        self._pieces, self._probabilities = pieces, probabilities
        self._table = numpy.zeros((len(set(pieces)), probabilities.languages))
        self._places: dict[str, int] = {}

    def draw(self, random: Random, rows: Row) -> None:
        """Fill ``rows`` with those of pieces drawn at random, as ``random.choice`` draws them."""
        size = len(self._pieces)
        bits, width = random.getrandbits, size.bit_length()
        drawn = []
        for _row in rows:
            while (number := bits(width)) >= size:
                pass
            drawn.append(self._place(self._pieces[number]))
        self._table.take(drawn, 0, rows, "clip")

    def _place(self, piece: str) -> int:
        place = self._places.get(piece)
        if place is None:
            place = self._places[piece] = len(self._places)
            self._probabilities.fill(self._table[place], piece)
        return place
