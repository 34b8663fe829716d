"""Remembering acts that are not evidence by themselves: views, refusals, downloads, sign-ins."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Model

from reasoning.core.documents import Actor
from reasoning.core.errors import AuditError, Conflict, IntegrityMismatch, NotFound, Refused
from reasoning.models import Action, AuditEvent, Change, Entry, Place, Question, User, Workspace
from reasoning.services.evidence import SYSTEM, record

REFUSALS = (Refused, NotFound, Conflict, IntegrityMismatch)
"""Errors that refuse an act: the attempt itself is evidence."""


def remember(
    *,
    action: Action,
    place: Place,
    user: User | None = None,
    question: Question | None = None,
    workspace: Workspace | None = None,
    subject_id: UUID | None = None,
    code: str = "",
    detail: str = "",
) -> AuditEvent:
    """Store one act with its entry. ``detail`` may name things; it is a committed text."""
    event = AuditEvent(
        action=action,
        place=place,
        workspace_id=question.workspace_id if question else getattr(workspace, "pk", None),
        question_id=question.pk if question else None,
        subject_id=subject_id,
        code=code,
        detail=detail,
    )
    record(actor_of(user), event)
    return event


def remember_change(
    *,
    user: User | None,
    subject: Model,
    field: str,
    old: str,
    new: str,
    reason: str,
    workspace: Workspace | None = None,
) -> Change:
    """Store that somebody changed one value of a thing, and why; within the caller's transaction.

    An empty ``old`` or ``new`` says that there was, or is, nothing.
    """
    change = Change(
        workspace=workspace,
        subject=subject._meta.model_name or "",
        subject_id=subject.pk,
        field=field,
        old=old,
        new=new,
        reason=reason,
    )
    record(actor_of(user), change)
    return change


def remember_refusal(error: AuditError, *, place: Place, user: User | None, **about: Any) -> None:
    """Store that someone was refused, and why; in a transaction of its own.

    The refusal is part of the question's record even when the person was told that there is none.
    """
    with transaction.atomic():
        about["question"] = about.get("question") or _question_behind(about.get("subject_id"))
        remember(
            action=Action.REFUSED,
            place=place,
            user=user,
            code=error.code,
            detail=error.detail,
            **about,
        )


def _question_behind(subject_id: UUID | None) -> Question | None:
    """The question that an id is of, or that the run, trace or decision with that id belongs to."""
    if subject_id is None:
        return None
    record_id = (
        Entry.objects.filter(subject_id=subject_id).values_list("record_id", flat=True).first()
    )
    return Question.objects.filter(pk=record_id).first() if record_id else None


def actor_of(user: User | None) -> Actor:
    """The user as the log records who acted; the system when there is none."""
    return user.actor() if user is not None else SYSTEM
