"""A part of a trace as the desk shows it: paragraphs with their language, findings and notes."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.safestring import SafeString

from reasoning.core.languages import LANGUAGES, UNDETERMINED, detect
from reasoning.core.scripts import is_in, main_script
from reasoning.models import Annotation, Finding
from reasoning.web.passages import Marking, Paragraph, marked, paragraphs

FIRST_WORDS = 64
LENGTH_TO_TELL = 2000
"""Characters of each foreign script from which its language is told."""


@dataclass(frozen=True)
class Thread:
    """A note with its replies in order; ``number`` is its place among the trace's threads,
    ``paragraph`` the first that it is about (or None).

    A reply that resolves closes the thread; one after it opens it again. ``fresh``: something was
    said in it since the reader looked last. ``begun``: what the reader had typed in answer.
    """

    number: int
    paragraph: int | None
    root: Annotation
    replies: list[Annotation]
    fresh: bool
    begun: str = ""

    @property
    def resolved(self) -> bool:
        return bool(self.replies) and self.replies[-1].resolves

    @property
    def anchor(self) -> str:
        return f"note-{self.root.pk}"


@dataclass(frozen=True)
class NumberedFinding:
    """A finding and its number on the page, and the first paragraph it is about (or None)."""

    number: int
    finding: Finding
    part: str
    paragraph: int | None

    @property
    def anchor(self) -> str:
        return f"finding-{self.number}"


@dataclass(frozen=True)
class Shown:
    """A paragraph as shown: marked text, its language and direction, and what is about it."""

    number: int
    start: int
    marked: SafeString
    first_words: str
    language: str
    direction: str
    findings: list[NumberedFinding]
    threads: list[Thread]


def threads(
    notes: Iterable[Annotation], texts: dict[str, str], since: Any = None, reader: Any = None
) -> list[Thread]:
    """Notes on texts with their replies, the oldest first. ``since``: when ``reader`` looked
    last."""
    notes = list(notes)
    known = {note.pk: note for note in notes}
    replies: dict[Any, list[Annotation]] = defaultdict(list)
    for note in notes:
        if root := _root(note, known):
            replies[root.pk].append(note)
    roots = [note for note in notes if _root(note, known) is None]
    return [
        Thread(
            number=number,
            paragraph=_paragraph_at(texts.get(root.part, ""), root.start),
            root=root,
            replies=replies[root.pk],
            fresh=since is not None
            and any(
                note.recorded_at > since and note.actor_id != reader
                for note in (root, *replies[root.pk])
            ),
        )
        for number, root in enumerate(roots, start=1)
    ]


def _root(note: Annotation, known: dict[Any, Annotation]) -> Annotation | None:
    """The note at the head of the thread that this one replies in."""
    above = known.get(note.reply_to_id)
    while above is not None and above.reply_to_id in known:
        above = known[above.reply_to_id]
    return above


def numbered(findings: Iterable[Finding], texts: dict[str, str]) -> list[NumberedFinding]:
    """Findings in the order given, each with the first place that it names."""
    found = []
    for number, finding in enumerate(findings, start=1):
        part, start, _end = next(places_of(finding, texts), ("", 0, 0))
        paragraph = _paragraph_at(texts.get(part, ""), start)
        found.append(NumberedFinding(number, finding, part, paragraph))
    return found


def _paragraph_at(text: str, place: int) -> int | None:
    """The number of the paragraph at a place in a text."""
    return next((piece.number for piece in paragraphs(text) if piece.end > place), None)


def places_of(finding: Finding, texts: dict[str, str]) -> Iterator[tuple[str, int, int]]:
    """Where a finding says that it stands: part, start and end; what is no place is left out.

    Checks write a list ``data["places"]``, each with ``part`` (or ``channel``), ``start``, ``end``.
    """
    data = finding.data if isinstance(finding.data, dict) else {}
    named = data.get("places")
    for place in named if isinstance(named, list) else [data]:
        if not isinstance(place, dict):
            continue
        part = place.get("part") or place.get("channel")
        start, end = place.get("start"), place.get("end")
        if not (isinstance(start, int) and isinstance(end, int) and isinstance(part, str)):
            continue
        if 0 <= start < end <= len(texts.get(part, "")):
            yield part, start, end


def read(
    part: str,
    text: str,
    language: str,
    findings: Iterable[NumberedFinding],
    notes: Iterable[Thread],
) -> list[Shown]:
    """The paragraphs of one part."""
    texts = {part: text}
    spans = [
        (Marking(start, end, one.anchor), one)
        for one in findings
        for _part, start, end in places_of(one.finding, texts)
    ]
    about = [
        (Marking(note.root.start, note.root.end, note.anchor), note)
        for note in notes
        if note.root.part == part
    ]
    pieces = list(paragraphs(text))
    languages = _languages(pieces, language)
    return [
        Shown(
            number=piece.number,
            start=piece.start,
            marked=marked(piece, [mark for mark, _one in (*spans, *about) if _in(mark, piece)]),
            first_words=piece.text.strip()[:FIRST_WORDS].partition("\n")[0],
            language=languages[piece.number],
            direction=_direction(piece, languages[piece.number]),
            findings=_once(one for mark, one in spans if _in(mark, piece)),
            threads=[note for mark, note in about if _in(mark, piece)],
        )
        for piece in pieces
    ]


def _once(findings: Iterable[NumberedFinding]) -> list[NumberedFinding]:
    """A finding with several places in a paragraph stands beside it once."""
    return list({one.number: one for one in findings}.values())


def _in(mark: Marking, piece: Paragraph) -> bool:
    return mark.start < piece.end and mark.end > piece.start


def _languages(pieces: list[Paragraph], language: str) -> dict[int, str]:
    """The part's language for each paragraph that can be in it; others by their script.

    What is in another script is told once for all paragraphs of that script: a detector takes
    milliseconds for each text it is given.
    """
    known = LANGUAGES.get(language)
    foreign: dict[str, list[Paragraph]] = defaultdict(list)
    for piece in pieces:
        if known is None or not is_in(piece.text, known.script):
            foreign[main_script(piece.text)].append(piece)
    found = {piece.number: language for piece in pieces}
    for group in foreign.values():
        told = detect("\n\n".join(piece.text for piece in group)[:LENGTH_TO_TELL]).language
        found |= {piece.number: told for piece in group}
    return found


def _direction(piece: Paragraph, language: str) -> str:
    if language != UNDETERMINED and language in LANGUAGES:
        return LANGUAGES[language].direction
    return "rtl" if main_script(piece.text) == "Arab" else "auto"
