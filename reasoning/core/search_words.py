"""What is looked for: words and phrases, told apart by script; and where a text has them.

PostgreSQL finds the stems of words (``services.search_index``). Chinese, Japanese and Korean are
looked for by pairs of neighbouring characters, since there are no spaces, or too few, to part words
by.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

CONFIGURATIONS = {
    "en": "english",
    "fr": "french",
    "de": "german",
    "el": "greek",
    "hi": "hindi",
    "id": "indonesian",
    "it": "italian",
    "ne": "nepali",
    "pt": "portuguese",
    "ro": "romanian",
    "ru": "russian",
    "sr": "serbian",
    "es": "spanish",
    "sv": "swedish",
    "tr": "turkish",
    "ar": "arabic",
}
"""PostgreSQL's configuration for a language; ``simple``, which knows no stems, for all others."""

WITHOUT_STEMS = ("pl", "uk", "vi", "ms", "bn", "fa")
"""Languages whose words bend, but by rules that PostgreSQL lacks: beginnings are compared."""

PAIRED = "\u3005\u3007\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff"
"""Han characters, kana and Hangul, as the inside of a character class; the same in PostgreSQL."""

_RUN = re.compile(f"[{PAIRED}]+")
_TERM = re.compile(r'"([^"]*)"?|(\S+)')
_ARABIC = re.compile("[\u0620-\u06ff]")
_LEXEME = re.compile(r"'((?:[^']|'')+)'")
_PREFIX = re.compile(_LEXEME.pattern + r"(?::\*)?")
_INSIDE_WORD = r"[^\s.,;:!?()\[\]{}\"'«»“”‘’、。，；：！？،؛؟।/]"

SHORTEST_STEM = 4
BEGINNINGS = (4, 6)
"""How long the beginnings of words are that an index knows (``reasoning_beginnings`` in the
database): many rows have a word that begins somehow, and gathering all such words would read them
all."""
AROUND = 110
"""Characters of an excerpt on either side of the first match."""


@dataclass(frozen=True)
class Wish:
    """A search as typed: words and phrases with spaces, and runs of characters without."""

    terms: tuple[str, ...]
    runs: tuple[str, ...]


@dataclass(frozen=True)
class Span:
    """A stretch of an excerpt: code points, end exclusive."""

    start: int
    end: int


@dataclass(frozen=True)
class Excerpt:
    """A piece of a text with the places that match; ``begins`` and ``ends`` where the text does."""

    text: str
    spans: tuple[Span, ...]
    begins: bool
    ends: bool


def parse(text: str) -> Wish:
    """What somebody typed, in normal form: words, "several words in this order", 文字."""
    normal = unicodedata.normalize("NFKC", text)
    terms, runs = [], []
    for match in _TERM.finditer(normal):
        found = match.group(1) if match.group(1) is not None else match.group(2)
        runs += _RUN.findall(found)
        rest = _RUN.sub(" ", found).strip()
        terms += [rest] if rest else []
    return Wish(tuple(terms), tuple(runs))


def pairs(run: str) -> list[str]:
    """Neighbouring characters of a run as they are indexed; of a single one, itself."""
    return [run[at : at + 2] for at in range(len(run) - 1)] or [run]


def run_query(run: str) -> str:
    """A run as a part of a tsquery; a single character is the beginning of a pair."""
    return f"'{run}':*" if len(run) == 1 else " & ".join(f"'{pair}'" for pair in pairs(run))


def by_beginning(query: str) -> str:
    """A tsquery of one plain word as one for words whose first two thirds are alike; any other as
    it is."""
    match = re.fullmatch(r"'([^'\\]+)'", query)
    if not match or len(match.group(1)) < SHORTEST_STEM:
        return query
    word = match.group(1)
    return f"'{word[: max(SHORTEST_STEM, len(word) * 2 // 3)]}':*"


def indexed(query: str) -> str:
    """A tsquery by beginnings as the index of beginnings knows them: at least the same rows."""
    return _PREFIX.sub(_indexed, query)


def _indexed(match: re.Match[str]) -> str:
    word = re.sub(r"(['\\])\1", r"\1", match.group(1))
    size = max((size for size in BEGINNINGS if size <= len(word)), default=None)
    return "'" + re.sub(r"(['\\])", r"\1\1", word[:size]) + "'" if size else match.group()


def pattern(queries: Iterable[str], runs: Iterable[str]) -> re.Pattern[str] | None:
    """What to mark in a text, given the queries that found it; None when there is nothing to.

    Stems are beginnings of words but for their last letter (``polici`` of ``policy``).
    """
    lexemes = {found.replace("''", "'") for query in queries for found in _LEXEME.findall(query)}
    words = {one for one in lexemes if not _RUN.search(one)}
    parts = sorted([_word_pattern(word) for word in words], key=len, reverse=True)
    parts = [re.escape(run) for run in runs] + parts
    return re.compile("|".join(parts), re.IGNORECASE) if parts else None


def _word_pattern(word: str) -> str:
    """Arabic stems lose an article or a conjunction before them, too."""
    if _ARABIC.search(word):
        return rf"{_INSIDE_WORD}{{0,3}}{re.escape(word)}{_INSIDE_WORD}*"
    if len(word) < SHORTEST_STEM:
        return rf"(?<!\w){re.escape(word)}(?!{_INSIDE_WORD})"
    stem = word if len(word) == SHORTEST_STEM else word[:-1]
    return rf"(?<!\w){re.escape(stem)}{_INSIDE_WORD}*"


def excerpt(text: str, wanted: re.Pattern[str] | None) -> Excerpt | None:
    """The text around the first match, every match in it told; None when nothing matches."""
    first = wanted.search(text) if wanted else None
    if wanted is None or first is None:
        return None
    start, end = max(first.start() - AROUND, 0), min(first.end() + AROUND, len(text))
    start = _word_border(text, start)
    piece = text[start:end]
    spans = [Span(*one.span()) for one in wanted.finditer(piece) if one.group()]
    return Excerpt(piece, tuple(spans), start == 0, end == len(text))


def beginning(text: str) -> Excerpt:
    """The first words of a text, nothing marked."""
    return Excerpt(text[: 2 * AROUND], (), True, len(text) <= 2 * AROUND)


def _word_border(text: str, start: int) -> int:
    """A little later, after a space, where there is one."""
    space = text.find(" ", start, start + 20) if start else -1
    return space + 1 if space >= 0 else start
