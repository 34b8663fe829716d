"""The 25 languages of the Magistral-Small model card, and telling which of them a text is in.

Two detectors are asked (``detectors``): py3langid, restricted to the 25, and langdetect, which
knows others too. What both say counts when either is sure. Where they differ,

- a text in Han characters alone is left to py3langid, since langdetect takes it for Korean;
- Malay and Serbian, which langdetect lacks, are told by words from the languages that it answers
  instead, and so are Nepali and Hindi (``telling_words``);
- everything else is unknown: ``und``. So is a text in another language than the 25, among them
  Croatian and Bosnian, as far as words tell them from Serbian.

The same text has the same answer everywhere. What remains wrong: a Croatian or Bosnian sentence
that is good Serbian as well is called Serbian; a Japanese title without kana may be called Chinese;
a short sentence that is both good Malay and good Indonesian is unknown.
"""

import re
import unicodedata
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice
from typing import Literal

from reasoning.core.detectors import Opinion, detectors, restricted, unrestricted
from reasoning.core.errors import gettext_noop as _
from reasoning.core.prose import prose
from reasoning.core.telling_words import told

UNDETERMINED = "und"
"""ISO 639-2 for a language that is not known."""

SURE = Decimal("0.90")
"""Below this probability an answer counts as unknown."""


@dataclass(frozen=True, slots=True)
class Language:
    """A language: ISO 639-1 code, names, writing direction and usual script (ISO 15924)."""

    code: str
    english: str
    native: str
    direction: Literal["ltr", "rtl"]
    script: str


LANGUAGES: dict[str, Language] = {
    language.code: language
    for language in (
        Language("en", _("English"), "English", "ltr", "Latn"),
        Language("fr", _("French"), "Français", "ltr", "Latn"),
        Language("de", _("German"), "Deutsch", "ltr", "Latn"),
        Language("el", _("Greek"), "Ελληνικά", "ltr", "Grek"),
        Language("hi", _("Hindi"), "हिन्दी", "ltr", "Deva"),
        Language("id", _("Indonesian"), "Bahasa Indonesia", "ltr", "Latn"),
        Language("it", _("Italian"), "Italiano", "ltr", "Latn"),
        Language("ja", _("Japanese"), "日本語", "ltr", "Jpan"),
        Language("ko", _("Korean"), "한국어", "ltr", "Kore"),
        Language("ms", _("Malay"), "Bahasa Melayu", "ltr", "Latn"),
        Language("ne", _("Nepali"), "नेपाली", "ltr", "Deva"),
        Language("pl", _("Polish"), "Polski", "ltr", "Latn"),
        Language("pt", _("Portuguese"), "Português", "ltr", "Latn"),
        Language("ro", _("Romanian"), "Română", "ltr", "Latn"),
        Language("ru", _("Russian"), "Русский", "ltr", "Cyrl"),
        Language("sr", _("Serbian"), "Српски", "ltr", "Cyrl"),
        Language("es", _("Spanish"), "Español", "ltr", "Latn"),
        Language("sv", _("Swedish"), "Svenska", "ltr", "Latn"),
        Language("tr", _("Turkish"), "Türkçe", "ltr", "Latn"),
        Language("uk", _("Ukrainian"), "Українська", "ltr", "Cyrl"),
        Language("vi", _("Vietnamese"), "Tiếng Việt", "ltr", "Latn"),
        Language("ar", _("Arabic"), "العربية", "rtl", "Arab"),
        Language("bn", _("Bengali"), "বাংলা", "ltr", "Beng"),
        Language("zh", _("Chinese"), "中文", "ltr", "Hani"),
        Language("fa", _("Farsi"), "فارسی", "rtl", "Arab"),
    )
}
"""By code, in the order of the model card's list (English, and 24 others)."""

LOOK_ALIKES = frozenset({"id", "ms"})
"""Languages between which a difference proves nothing: too many sentences are good in both."""

NEIGHBOURS = {"ms": frozenset({"id"}), "sr": frozenset({"bg", "hr", "mk", "sl"})}
"""Languages langdetect lacks, and what it answers instead."""

FOREIGN_TWINS = {"sr": "hr"}
"""Languages of ours, and one that is not and that only words tell from it."""

Reason = Literal["", "empty", "no_letters", "too_short", "uncertain", "not_supported"]


@dataclass(frozen=True, slots=True)
class Detection:
    """The language found (a code, or ``und``), how probable (``"0.98"``), by what, or why not.

    The probability is the higher of those that the detectors gave this language, cut to two digits.
    ``und`` is known to be one of: an empty text, one without letters, one too short to tell, one
    about which the detectors are not sure or not of one mind, and one in a language that is not
    among the 25.
    """

    language: str
    probability: str
    detector: str = ""
    reason: Reason = ""


_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003fffd]")
_KANA_OR_HANGUL = re.compile(r"[\u1100-\u11ff\u3040-\u30ff\u3130-\u318f\uac00-\ud7af]")

_ENOUGH = 12
"""Letters (and vowel signs) below which no answer is given; a character of the Far East weighs
three."""
_SAMPLE = 300
"""Characters taken from the beginning, the middle and the end of a long text."""


def detect(text: str) -> Detection:
    """The language ``text`` is written in, leaving out code and LaTeX. Total and deterministic."""
    sample = _sampled(prose(text))
    reason = _too_little(sample)
    if reason:
        return Detection(UNDETERMINED, "0.00", reason=reason)
    sample = sample.lower() if sample.isupper() else sample
    ours = restricted(sample, frozenset(LANGUAGES))
    other = ours if _is_han(sample) else unrestricted(sample)
    language, reason = _decided(sample, ours, other)
    probability = max(opinion.probability for opinion in (ours, other) if _backs(opinion, language))
    return Detection(language, str(probability), detectors(), reason)


def tellable(text: str) -> bool:
    """Whether there is enough in ``text`` to tell its language by."""
    return not _too_little(_sampled(prose(text)))


def differ(one: str, other: str) -> bool:
    """Whether two languages are known to differ: not when either is unknown or they look alike."""
    return UNDETERMINED not in (one, other) and one != other and {one, other} != LOOK_ALIKES


def _too_little(sample: str) -> Reason:
    if not sample.strip():
        return "empty"
    if not any(map(str.isalpha, sample)):
        return "no_letters"
    letters = sum(1 for _letter in islice(filter(_is_letter, sample), _ENOUGH))
    if letters == _ENOUGH:  # as in most texts: the rest need not be looked at
        return ""
    heavy = len(_HAN.findall(sample)) + len(_KANA_OR_HANGUL.findall(sample))
    return "too_short" if letters + 2 * heavy < _ENOUGH else ""


def _is_letter(character: str) -> bool:
    return unicodedata.category(character)[0] in "LM"


def _sampled(text: str) -> str:
    """All of a short text; the beginning, middle and end of one longer than three samples."""
    if len(text) <= 3 * _SAMPLE:
        return text
    middle = (len(text) - _SAMPLE) // 2
    starts = (0, middle, len(text) - _SAMPLE)
    return " ".join(text[start : start + _SAMPLE] for start in starts)


def _decided(sample: str, ours: Opinion, other: Opinion) -> tuple[str, Reason]:
    """The language and why none. ``other`` may be of a language that is not among the 25."""
    language = ours.language
    twin = FOREIGN_TWINS.get(language)
    if twin and told(sample, language, twin) == twin:
        return UNDETERMINED, "not_supported"
    if other.language in NEIGHBOURS.get(language, ()) or language in LOOK_ALIKES:
        return _told(sample, ours, other)
    if other.language == language:
        sure = max(ours.probability, other.probability) >= SURE
        return (language, "") if sure else (UNDETERMINED, "uncertain")
    word = told(sample, language, other.language)
    if word in LANGUAGES:
        return word, ""
    return UNDETERMINED, _doubt(other)


def _told(sample: str, ours: Opinion, other: Opinion) -> tuple[str, Reason]:
    """The answer where only our restricted detector knows both: words confirm or overrule it."""
    neighbour = other.language
    if ours.language in LOOK_ALIKES:
        if neighbour not in LOOK_ALIKES:
            return UNDETERMINED, _doubt(other)
        (neighbour,) = LOOK_ALIKES - {ours.language}
    word = told(sample, ours.language, neighbour)
    sure = ours.probability >= SURE
    if word == ours.language or (not word and sure):
        return ours.language, ""
    if word and word == other.language and not sure:
        return (word, "") if word in LANGUAGES else (UNDETERMINED, "not_supported")
    return UNDETERMINED, "uncertain"


def _doubt(other: Opinion) -> Reason:
    foreign = other.language not in LANGUAGES and other.probability >= SURE
    return "not_supported" if foreign else "uncertain"


def _backs(opinion: Opinion, language: str) -> bool:
    """Whether the opinion's probability is one of this answer; of no answer, either's is."""
    return language in (opinion.language, UNDETERMINED)


def _is_han(sample: str) -> bool:
    """Whether most letters are Han characters, and none are Japanese or Korean ones."""
    han = len(_HAN.findall(sample))
    return 2 * han > sum(map(str.isalpha, sample)) and not _KANA_OR_HANGUL.search(sample)
