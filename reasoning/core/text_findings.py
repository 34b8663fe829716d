"""Findings about what thinking and summary say: loops, languages, characters, lengths."""

import re
from collections.abc import Callable, Iterator
from typing import Any, Final

from reasoning.core.errors import gettext_noop as _
from reasoning.core.hidden_characters import find_hidden, hidden_characters
from reasoning.core.languages import LANGUAGES, UNDETERMINED, differ, tellable
from reasoning.core.observations import Observation, Observed
from reasoning.core.places import Part, Place, as_data, matched
from reasoning.core.repetition import repeated_ending
from reasoning.core.think import control_tokens, find_control_tokens

LONG_SUMMARY: Final = 4_000
"""Characters beyond which a summary is long."""
SHORT_SUMMARY: Final = 1_000
"""Characters up to which a summary may be longer than the thinking it sums up."""

_BOX = re.compile(r"\\boxed\{")
_REPLACEMENT = re.compile("\ufffd+")


def _parts(observed: Observed) -> tuple[tuple[Part, str], ...]:
    return ("thinking", observed.split.thinking), ("summary", observed.split.summary)


def _repetition(observed: Observed) -> Iterator[Observation]:
    sentences: dict[Part, str] = {
        "thinking": _("The thinking ends in a passage repeated %(times)s times."),
        "summary": _("The summary ends in a passage repeated %(times)s times."),
    }
    found = False
    for part, text in _parts(observed):
        repetition = repeated_ending(text)
        if repetition:
            found = True
            end = len(text.rstrip())
            place = Place(part, end - repetition.characters, end)
            data = {"times": repetition.times, "characters": repetition.characters}
            yield Observation("repetition", "warning", sentences[part], data | as_data([place]))
    if observed.finish_reason == "repetition" and not found:
        sentence = _("The engine ended the answer because it was repeating itself.")
        yield Observation("repetition", "warning", sentence)


def _boxed(observed: Observed) -> Iterator[Observation]:
    summary = as_data(matched("summary", _BOX.finditer(observed.split.summary)))
    thinking = as_data(matched("thinking", _BOX.finditer(observed.split.thinking)))
    if summary:
        sentence = _("The summary uses \\boxed{}, which the model card's prompt forbids.")
        yield Observation("boxed", "warning", sentence, summary)
    elif thinking:
        yield Observation("boxed", "info", _("The thinking uses \\boxed{}."), thinking)


def _long_summary(observed: Observed) -> Iterator[Observation]:
    length, thinking = len(observed.split.summary), len(observed.split.thinking)
    data = {"length": length, "thinking": thinking}
    if length > LONG_SUMMARY:
        yield Observation(
            "long_summary", "info", _("The summary is long: %(length)s characters."), data
        )
    elif length > max(SHORT_SUMMARY, thinking):
        sentence = _("The summary is longer than the thinking it sums up.")
        yield Observation("long_summary", "info", sentence, data)


def _languages(observed: Observed) -> Iterator[Observation]:
    question = observed.language_of_question
    for code, sentence, found in (
        (
            "language_of_thinking_differs",
            _("The question is in %(question)s, the thinking in %(found)s."),
            observed.language_of_thinking,
        ),
        (
            "language_of_summary_differs",
            _("The question is in %(question)s, the summary in %(found)s."),
            observed.language_of_summary,
        ),
    ):
        if differ(question, found):
            codes = {"question_code": question, "found_code": found}
            names = {"question": _language(question), "found": _language(found)}
            yield Observation(code, "warning", sentence, names | codes)


def _language(code: str) -> str:
    return LANGUAGES[code].english if code in LANGUAGES else code


def _unknown_languages(observed: Observed) -> Iterator[Observation]:
    sentences: dict[str, str] = {
        "question": _("The question's language is not known: nothing was compared with it."),
        "thinking": _("The language of the thinking is not known."),
        "summary": _("The language of the summary is not known."),
    }
    unknown = {
        "question": observed.language_of_question == UNDETERMINED,
        "thinking": observed.language_of_thinking == UNDETERMINED
        and tellable(observed.split.thinking),
        "summary": observed.language_of_summary == UNDETERMINED
        and tellable(observed.split.summary),
    }
    for part, sentence in sentences.items():
        if unknown[part]:
            yield Observation("language_unknown", "info", sentence, {"of": part})


def _control_tokens(observed: Observed) -> Iterator[Observation]:
    parts = _parts(observed)
    tokens = dict.fromkeys(t for _part, text in parts for t in control_tokens(text, observed.form))
    if tokens:
        places = as_data(
            place
            for part, text in parts
            for place in matched(part, find_control_tokens(text, observed.form))
        )
        sentence = _("Control tokens of the model stand in the text: %(tokens)s.")
        data = {"tokens": ", ".join(tokens)} | places
        yield Observation("control_tokens_in_text", "warning", sentence, data)


def _hidden(observed: Observed) -> Iterator[Observation]:
    sentences: dict[Part, str] = {
        "thinking": _("The thinking has characters that can hide or reorder text: %(characters)s."),
        "summary": _("The summary has characters that can hide or reorder text: %(characters)s."),
    }
    for part, text in _parts(observed):
        hidden = hidden_characters(text)
        if hidden:
            data: dict[str, Any] = {
                "characters": ", ".join(sorted(hidden)),
                "count": hidden.total(),
            }
            data |= as_data(matched(part, find_hidden(text)))
            yield Observation("hidden_characters", "warning", sentences[part], data)


def _replaced(observed: Observed) -> Iterator[Observation]:
    """What is read is not quite what came: the reviewer should know, and can look at the bytes."""
    if not observed.replaced:
        return
    places = as_data(
        place
        for part, text in _parts(observed)
        for place in matched(part, _REPLACEMENT.finditer(text))
    )
    sentence = _("Characters that no text can hold came as well; U+FFFD stands in their place.")
    yield Observation("nul_replaced", "warning", sentence, places)


CHECKS: tuple[Callable[[Observed], Iterator[Observation]], ...] = (
    _repetition,
    _languages,
    _unknown_languages,
    _control_tokens,
    _hidden,
    _replaced,
    _boxed,
    _long_summary,
)
