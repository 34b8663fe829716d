"""Filters for showing evidence: texts, languages, times, numbers, findings."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import template
from django.utils import formats, timezone
from django.utils.html import conditional_escape, format_html
from django.utils.safestring import SafeString, mark_safe
from django.utils.timesince import timesince
from django.utils.translation import gettext, pgettext

from reasoning.core.languages import LANGUAGES
from reasoning.models import Answer, Place, Role
from reasoning.services import finding_words
from reasoning.web import browsers, passages

register = template.Library()

MACHINE_READ = re.compile(
    r"(?:SHA-256 )?\b[0-9a-f]{64}\b"
    r"|\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"
    r"|\b\d{4}-\d\d-\d\dT[\d:.]+Z\b",
    re.ASCII,
)
"""A hash with its algorithm, an identifier, a time."""


@register.filter
def visible(text: str | None) -> SafeString:
    """Escape a text and show its hidden characters; an erased text is empty."""
    return passages.visible(text or "")


@register.filter
def machine_read_apart(shown: str) -> SafeString:
    """A text with whatever machines read in it kept in its direction, so that brackets around a
    hash stay around it from right to left too. Not a letter is changed."""
    marked = MACHINE_READ.sub(r'<bdi dir="ltr">\g<0></bdi>', conditional_escape(shown))
    return mark_safe(marked)  # noqa: S308  escaped above


@register.filter
def browser(user_agent: str) -> str:
    """What a browser is called."""
    return browsers.called(user_agent)


@register.filter
def found_out(answer: str) -> str:
    """What a look at an engine found out, in a word."""
    yes, no = gettext("yes"), gettext("no")
    return {"yes": yes, "agrees": yes, "no": no, "differs": no}.get(answer) or gettext("not known")


@register.filter
def paragraphs(text: str | None) -> Iterator[passages.Paragraph]:
    """The numbered paragraphs of a text."""
    return passages.paragraphs(text or "")


@register.filter
def direction(language: str) -> str:
    """The ``dir`` of content in a language: from the language, ``auto`` where it is unknown."""
    known = LANGUAGES.get(language)
    return known.direction if known else "auto"


@register.filter
def language_name(language: str) -> str:
    """A language's name in the reader's language, with its own name where that differs."""
    known = LANGUAGES.get(language)
    if known is None:
        return gettext("undetermined language")
    name = gettext(known.english)
    same = name.casefold() == known.native.casefold()  # French and Spanish write theirs small
    return name if same else f"{name} · {known.native}"


@register.filter
def language_short(language: str) -> str:
    """A language's name in the reader's language, alone."""
    known = LANGUAGES.get(language)
    return gettext(known.english) if known else gettext("undetermined language")


@register.filter
def utc(moment: datetime | None) -> SafeString | str:
    """A time as evidence prints it: UTC, to the second, the exact value for machines."""
    if moment is None:
        return ""
    moment = moment.astimezone(UTC)
    return format_html(
        '<time datetime="{}" dir="ltr">{} UTC</time>',
        moment.isoformat(),
        moment.strftime("%Y-%m-%d %H:%M:%S"),
    )


@register.filter
def age(moment: datetime | None) -> SafeString | str:
    """How long ago, in one unit, with UTC on hover."""
    if moment is None:
        return ""
    exact = moment.astimezone(UTC)
    recent = (timezone.now() - moment).total_seconds() < 60
    words = pgettext("age", "just now") if recent else timesince(moment, depth=1)
    return format_html(
        '<time datetime="{}" title="{} UTC">{}</time>',
        exact.isoformat(),
        exact.strftime("%Y-%m-%d %H:%M:%S"),
        words,
    )


@register.filter
def number(value: float | None) -> str:
    """A number with the reader's grouping; a dash where it is unknown."""
    if value is None:
        return "–"
    return formats.number_format(value, force_grouping=True)


@register.filter
def seconds(milliseconds: int | None) -> str:
    """Milliseconds as seconds with one decimal; a dash where they are unknown."""
    if milliseconds is None:
        return "–"
    return gettext("%(seconds)s s") % {"seconds": formats.number_format(milliseconds / 1000, 1)}


@register.filter
def percent(share: float) -> str:
    """A share from 0 to 1 in percent, with one decimal."""
    return gettext("%(figure)s %%") % {"figure": formats.number_format(share * 100, 1)}


@register.filter
def duration(seconds: float | None) -> str:
    """Seconds in the largest unit that fits; a dash where they are unknown."""
    if seconds is None:
        return "–"
    if seconds < 60:
        return gettext("%(seconds)s s") % {"seconds": formats.number_format(seconds, 0)}
    if seconds < 5400:
        return gettext("%(minutes)s min") % {"minutes": formats.number_format(seconds / 60, 0)}
    return gettext("%(hours)s h") % {"hours": formats.number_format(seconds / 3600, 1)}


@register.filter
def isolated(words: object, direction: str = "auto") -> SafeString:
    """What has its own direction within a sentence: a name, or (``ltr``) an identifier."""
    return format_html('<bdi dir="{}">{}</bdi>', direction, formats.localize(words))


@register.filter
def translated(sentence: str) -> str:
    """A sentence that the program wrote, in the reader's language."""
    return gettext(sentence)


@register.filter
def normalized(value: Decimal | None) -> str:
    """A sampling value as evidence carries it: 0.7, 0.95, 1; never in the reader's notation."""
    return f"{value.normalize():f}" if value is not None else "–"


@register.filter
def unlocalized(value: object) -> str:
    """A number that is an identifier: digits only, in every language."""
    return str(value)


@register.filter
def role_name(role: str) -> str:
    """A role in the reader's language."""
    return str(dict(Role.choices).get(role, role))


@register.filter
def place_name(place: str) -> str:
    """Where something was done, in the reader's language."""
    return str(dict(Place.choices).get(place, place))


@register.filter
def answer_name(answer: str) -> str:
    """An answer to a statement of a checklist, in the reader's language."""
    return str(dict(Answer.choices).get(answer, gettext("not answered")))


@register.filter
def label_name(label: str) -> str:
    """A note's label in the reader's language; the workspace's own labels as they are."""
    return gettext(label)


@register.filter
def finding_name(code: str) -> str:
    """A finding's code as a short label."""
    return finding_words.name_of(code)


@register.filter
def message(finding: Any) -> str:
    """A finding's sentence in the reader's language, filled in with its data."""
    return finding_words.sentence_of(finding)
