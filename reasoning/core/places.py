"""Where in a trace's thinking or summary something stands, so that a page can mark it."""

import re
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, Literal, NamedTuple

from reasoning.core.think import Split, ThinkForm

Part = Literal["thinking", "summary"]

LIMIT: Final = 20
"""Places kept of one finding: a runaway text can have thousands."""


class Place(NamedTuple):
    """Characters ``start`` up to (not with) ``end`` of a part."""

    part: Part
    start: int
    end: int


def as_data(places: Iterable[Place]) -> dict[str, Any]:
    """The first places as a finding's data; nothing if there are none."""
    kept = [place._asdict() for place in islice(places, LIMIT)]
    return {"places": kept} if kept else {}


def text_of(split: Split, part: Part) -> str:
    """One part, whole."""
    return split.thinking if part == "thinking" else split.summary


def blocks(split: Split, part: Part) -> list[Place]:
    """The runs of raw text that a part was joined from; all of it as one if that is not known."""
    places, start = [], 0
    texts = [segment.text for segment in split.segments if segment.channel == part]
    for text in texts or [text_of(split, part)]:
        places.append(Place(part, start, start + len(text)))
        start += len(text)
    return places


def tags(split: Split, part: Part, form: ThinkForm) -> list[Place]:
    """The form's own tags inside a part. What only two joined runs spell is none."""
    tag = re.compile(f"{re.escape(form.opening)}|{re.escape(form.closing)}")
    text = text_of(split, part)
    return [
        Place(part, found.start(), found.end())
        for block in blocks(split, part)
        for found in tag.finditer(text, block.start, block.end)
    ]


def matched(part: Part, matches: Iterable[re.Match[str]]) -> Iterable[Place]:
    """The places of matches in a part."""
    return (Place(part, found.start(), found.end()) for found in matches)
