"""Drafts: what people have typed and not sent, kept with the person and not in a browser.

A browser's own store would outlast the session on a shared machine. Here a draft is its author's
alone, goes when its text is sent or emptied, when a text of the record it is about is erased, and
in any case after ``KEPT``. No password and no choice is ever part of it: what a signature means is
chosen anew.
"""

from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from django.db import transaction

from reasoning.core.errors import InvalidInput, NotFound
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import storable
from reasoning.models import Annotation, Decision, Draft, Drafted, Question, Trace, User
from reasoning.services import access, clock

KEPT = timedelta(days=30)
LIMIT = 400_000
"""Characters of one text."""

FIELDS = {
    Drafted.QUESTION: ("text", "case_reference"),
    Drafted.NOTE: ("note",),
    Drafted.REPLY: ("note",),
    Drafted.VIEW: ("view",),
    Drafted.DECISION: ("rationale", "asked_anew"),
    Drafted.WITHDRAWAL: ("rationale",),
    Drafted.RECUSAL: ("reason",),
    Drafted.HAND_OVER: ("reason",),
}
PARTS_OF_TRACES: dict[Drafted, type[Annotation | Decision]] = {
    Drafted.REPLY: Annotation,
    Drafted.WITHDRAWAL: Decision,
}
"""What drafts are about that is no trace but belongs to one."""


@transaction.atomic
def keep(*, user: User, drafted: Drafted, subject: UUID | None, texts: Mapping[str, str]) -> None:
    """Keep what one has typed in place of what was kept before; nothing, if it is empty.

    Raises NotFound when it is about something the user may not read, InvalidInput when too long.
    """
    question = _question(user, drafted, subject)
    typed = {name: storable(texts.get(name, ""))[0] for name in FIELDS[drafted]}
    if any(len(text) > LIMIT for text in typed.values()):
        raise InvalidInput.of("texts", "too_long", _("This is too long to be kept."))
    now = clock.now()
    Draft.objects.filter(kept_at__lt=now - KEPT).delete()
    if any(text.strip() for text in typed.values()):
        values = {"question": question, "texts": typed, "kept_at": now}
        Draft.objects.update_or_create(
            user=user, drafted=drafted, subject_id=subject, defaults=values
        )
    else:
        forget(user=user, drafted=drafted, subject=subject)


def texts_of(*, user: User, drafted: Drafted, subject: UUID | None = None) -> dict[str, str]:
    """What the user had typed, by field; empty where nothing is kept."""
    kept = Draft.objects.filter(user=user, drafted=drafted, subject_id=subject).first()
    return dict(kept.texts) if kept else {}


def replies_of(*, user: User, trace: Trace) -> dict[UUID | None, str]:
    """What the user had typed in answer to notes on a trace, by note."""
    notes = trace.annotations.values("pk")
    kept = Draft.objects.filter(user=user, drafted=Drafted.REPLY, subject_id__in=notes)
    return {note: texts["note"] for note, texts in kept.values_list("subject_id", "texts")}


def forget(*, user: User, drafted: Drafted, subject: UUID | None = None) -> None:
    """It was sent, or given up."""
    Draft.objects.filter(user=user, drafted=drafted, subject_id=subject).delete()


def _question(user: User, drafted: Drafted, subject: UUID | None) -> Question | None:
    """The record that a draft is about; None for a question that follows no other."""
    if drafted == Drafted.QUESTION:
        return access.readable_question(user, subject) if subject else None
    if subject is None:
        raise NotFound
    if drafted in PARTS_OF_TRACES:
        traces = (
            PARTS_OF_TRACES[drafted].objects.filter(pk=subject).values_list("trace_id", flat=True)
        )
        subject = traces.first()
        if subject is None:
            raise NotFound
    return access.trace_to_review(user, subject).run.question
