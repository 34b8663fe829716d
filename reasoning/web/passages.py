"""Long texts as readers need them: numbered paragraphs, notes marked, hidden characters shown."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Protocol

from django.utils.html import escape, format_html
from django.utils.safestring import SafeString, mark_safe

GAP = re.compile(r"\n(?:[^\S\n]*\n)+")

# Characters that change the order of what is read, or hide something in it, without being seen
# themselves. Joiners inside words (Farsi, Hindi, Bengali) are not among them: they are spelling.
HIDDEN_CHARACTER = re.compile(
    "["
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # Bidi_Control
    "\u200b\u2060-\u2064\ufeff\u180e\u034f\u115f\u1160\u3164\uffa0"  # without width
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef"  # tags and selectors, which can carry text
    "\ufff9-\ufffb\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # annotations and controls
    "]"
)
# The short names of UAX #9; the others are shown by code point.
SHORT_NAMES = {
    "\u061c": "ALM",
    "\u200e": "LRM",
    "\u200f": "RLM",
    "\u202a": "LRE",
    "\u202b": "RLE",
    "\u202c": "PDF",
    "\u202d": "LRO",
    "\u202e": "RLO",
    "\u2066": "LRI",
    "\u2067": "RLI",
    "\u2068": "FSI",
    "\u2069": "PDI",
}


class Span(Protocol):
    """A stretch of a text: code points, end exclusive."""

    @property
    def start(self) -> int: ...

    @property
    def end(self) -> int: ...


@dataclass(frozen=True)
class Paragraph:
    """One paragraph of a text and where in it it stands, in code points, end exclusive."""

    number: int
    start: int
    end: int
    text: str


def paragraphs(text: str) -> Iterator[Paragraph]:
    """The paragraphs of a text: what lies between blank lines, numbered from 1."""
    ends = [(match.start(), match.end()) for match in GAP.finditer(text)]
    starts = [0, *(end for _, end in ends)]
    stops = [*(start for start, _ in ends), len(text)]
    first = len(text) - len(text.lstrip("\n"))
    stretches = [
        (max(a, first), b) for a, b in zip(starts, stops, strict=True) if text[a:b].strip()
    ]
    for number, (start, end) in enumerate(stretches, start=1):
        yield Paragraph(number, start, end, text[start:end])


def visible(text: str) -> SafeString:
    """The text escaped for HTML, hidden characters replaced by labels that name them.

    A right-to-left override can make a reviewer read the opposite of what is stored; so it is
    shown and does not act.
    """
    return mark_safe(HIDDEN_CHARACTER.sub(_label, escape(text)))  # noqa: S308 - escaped here


def _label(match: re.Match[str]) -> str:
    point = f"U+{ord(match.group()):04X}"
    return format_html(
        '<span class="control" title="{}">{}</span>', point, SHORT_NAMES.get(match.group(), point)
    )


@dataclass(frozen=True)
class Marking:
    """A stretch of a text, and what it is about: ids of elements such as ``note-01a2…``."""

    start: int
    end: int
    about: str


def marked(paragraph: Paragraph, spans: Iterable[Span]) -> SafeString:
    """The paragraph's text, made visible, with the stretches that the spans cover marked.

    Overlapping spans share one mark, which alone is isolated from the text around it: isolating
    each piece would put the pieces of a phrase into another order where writing directions meet.
    """
    inside = _relative(paragraph, spans)
    pieces: list[str] = []
    position = 0
    for start, end in _covered(inside):
        pieces.append(visible(paragraph.text[position:start]))
        pieces.append(_mark(paragraph.text, start, end, inside))
        position = end
    pieces.append(visible(paragraph.text[position:]))
    return mark_safe("".join(pieces))  # noqa: S308 - each piece is escaped


def _mark(text: str, start: int, end: int, inside: list[Marking]) -> str:
    """One mark; where several spans overlap in it, a layer for each piece between their ends."""
    mine = [one for one in inside if one.start < end and one.end > start]
    edges = sorted({start, end, *(edge for one in mine for edge in (one.start, one.end))})
    layers = [
        (a, b, [one.about for one in mine if one.start <= a and b <= one.end and one.about])
        for a, b in pairwise(edges)
    ]
    if len(layers) == 1:
        return format_html("<mark{}>{}</mark>", _about(layers[0][2]), visible(text[start:end]))
    shown = "".join(
        format_html("<span{}>{}</span>", _about(names), visible(text[a:b]))
        for a, b, names in layers
    )
    return format_html("<mark>{}</mark>", mark_safe(shown))  # noqa: S308 - escaped above


def _about(names: list[str]) -> SafeString:
    """What a mark is about, for scripts and style sheets: ``mark-note``, ``mark-finding``."""
    if not names:
        return mark_safe("")
    kinds = sorted({f"mark-{name.partition('-')[0]}" for name in names})
    return format_html(' class="{}" data-about="{}"', " ".join(kinds), " ".join(names))


def _relative(paragraph: Paragraph, spans: Iterable[Span]) -> list[Marking]:
    """The spans as far as they lie in the paragraph, from its beginning, in order."""
    length = len(paragraph.text)
    relative = [
        Marking(
            max(span.start - paragraph.start, 0),
            min(span.end - paragraph.start, length),
            getattr(span, "about", ""),
        )
        for span in spans
    ]
    kept = [one for one in relative if one.start < one.end]
    return sorted(kept, key=lambda one: (one.start, one.end))


def _covered(inside: list[Marking]) -> list[tuple[int, int]]:
    """What the spans cover, joined where they overlap."""
    joined: list[tuple[int, int]] = []
    for one in inside:
        if joined and one.start < joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], one.end))
        else:
            joined.append((one.start, one.end))
    return joined
