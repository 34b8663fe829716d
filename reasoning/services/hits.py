"""What a search found, with a piece of its text: read from the evidence, never from the index."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from re import Pattern
from typing import Any
from uuid import UUID

from reasoning.core import search_words
from reasoning.core.search_words import Excerpt
from reasoning.models import Annotation, Decision, Evidence, Question, RecordKind, Trace
from reasoning.services.search_pages import Found

Part = tuple[str, str, str]
"""The name of a text, its language and itself."""


@dataclass(frozen=True)
class Hit:
    """One find: its question (without texts), who did it, and the piece of text that matches.

    ``part`` names the text the piece is of, ``language`` is that text's. ``erased`` says that no
    text is left.
    """

    found: Found
    question: Question
    actor_name: str
    part: str
    language: str
    excerpt: Excerpt
    erased: bool


_TEXTS: dict[RecordKind, tuple[type[Evidence], tuple[str, ...]]] = {
    RecordKind.QUESTION: (Question, ("text", "language")),
    RecordKind.TRACE: (
        Trace,
        ("thinking", "summary", "language_of_thinking", "language_of_summary"),
    ),
    RecordKind.NOTE: (Annotation, ("note",)),
    RecordKind.DECISION: (Decision, ("rationale",)),
}


def read(found: Iterable[Found], pattern: Pattern[str] | None) -> list[Hit]:
    """The finds with their pieces, in their order; one query for each kind, one for questions."""
    found = list(found)
    rows = {row.pk: row for kind in RecordKind for row in _rows(kind, found)}
    questions = _questions({one.question_id for one in found})
    return [
        _hit(one, rows[one.subject_id], questions[one.question_id], pattern)
        for one in found
        if one.subject_id in rows
    ]


def _rows(kind: RecordKind, found: list[Found]) -> Iterable[Evidence]:
    ids = [one.subject_id for one in found if one.kind == kind]
    model, texts = _TEXTS[kind]
    return model._default_manager.filter(pk__in=ids).only(*texts, "actor_name") if ids else ()


def _questions(ids: Iterable[UUID]) -> dict[UUID, Question]:
    rows = Question.objects.filter(pk__in=list(ids)).select_related("workspace", "state")
    return {row.pk: row for row in rows.defer("text", "metadata")}


def _hit(one: Found, row: Any, question: Question, pattern: Pattern[str] | None) -> Hit:
    parts = [part for part in _parts(one.kind, row) if part[2]]
    pieces = ((part, search_words.excerpt(part[2], pattern)) for part in parts)
    matching = next(((part, piece) for part, piece in pieces if piece), None)
    part, piece = matching or _first(parts)
    return Hit(one, question, row.actor_name or "", part[0], part[1], piece, not parts)


def _first(parts: list[Part]) -> tuple[Part, Excerpt]:
    part = parts[-1] if parts else ("", "und", "")
    return part, search_words.beginning(part[2])


def _parts(kind: RecordKind, row: Any) -> Iterator[Part]:
    """The texts of a row; the last is shown where none matches: of a trace its summary."""
    if kind == RecordKind.QUESTION:
        yield "question", row.language, row.text or ""
    elif kind == RecordKind.TRACE:
        yield "thinking", row.language_of_thinking, row.thinking or ""
        yield "summary", row.language_of_summary, row.summary or ""
    elif kind == RecordKind.NOTE:
        yield "note", "und", row.note or ""
    else:
        yield "rationale", "und", row.rationale or ""
