"""Training on record: who may decide where a workspace asks for it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime
from uuid import UUID

from django.db import transaction

from reasoning.core.errors import FieldError, InvalidInput, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import text_problem
from reasoning.models import Role, TrainingRecord, User, Workspace
from reasoning.services import access, clock
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record

COURSE_LIMIT = 200


def is_current(*, user: User, workspace: Workspace) -> bool:
    """Whether the person's newest record in the workspace counts today (UTC)."""
    newest = workspace.training_records.filter(person=user).order_by("-recorded_at", "-id").first()
    return newest is not None and counts_on(newest, today())


def counts_on(row: TrainingRecord, day: date) -> bool:
    """Whether a record counts on a day."""
    return row.completed_on <= day and (row.expires_on is None or day <= row.expires_on)


def today() -> date:
    """The database's day, in UTC."""
    return clock.now().astimezone(UTC).date()


def in_force(workspace: Workspace) -> dict[UUID, TrainingRecord]:
    """The newest record of each person who has any, by the person's id."""
    rows: Iterable[TrainingRecord] = workspace.training_records.order_by("recorded_at", "id")
    return {row.person_id: row for row in rows}


def people_to_train(workspace: Workspace) -> list[User]:
    """The reviewers of a workspace, by name."""
    found = User.objects.filter(
        memberships__workspace=workspace, memberships__role=Role.REVIEWER, is_service=False
    )
    return list(found.distinct().order_by("display_name", "username"))


@transaction.atomic
def remember(
    *,
    user: User,
    workspace: Workspace,
    person: User | None,
    course: str,
    completed_on: date | None,
    expires_on: date | None = None,
) -> TrainingRecord:
    """Record a person's training, for administrators of the workspace, and never one's own.

    The newest record counts: one that has expired ends an earlier one. Raises Refused, and
    InvalidInput naming every wrong field.
    """
    access.require_role(user, workspace, Role.ADMINISTRATOR)
    problems = [text_problem("course", course, limit=COURSE_LIMIT)]
    if person is None or person not in people_to_train(workspace):
        sentence = _("Choose a reviewer of this workspace.")
        problems.append(FieldError("person", "unknown", sentence))
    problems += _date_problems(completed_on, expires_on)
    found = [problem for problem in problems if problem]
    if found or person is None or completed_on is None:
        raise InvalidInput(fields=found)
    if person.pk == user.pk:
        raise Refused(_("Nobody records their own training."))
    row = TrainingRecord(
        workspace=workspace,
        person=person,
        course=course.strip(),
        completed_on=completed_on,
        expires_on=expires_on,
    )
    record(actor_of(user), row)
    return row


def _date_problems(completed: date | None, expires: date | None) -> list[FieldError]:
    if not _is_day(completed):
        return [FieldError("completed_on", "required", _("Say when it was completed."))]
    if completed > today():  # type: ignore[operator]  # it is a day
        return [FieldError("completed_on", "future", _("This day has not come yet."))]
    if expires is not None and (not _is_day(expires) or expires < completed):  # type: ignore[operator]
        sentence = _("It cannot expire before it was completed.")
        return [FieldError("expires_on", "too_early", sentence)]
    return []


def _is_day(value: object) -> bool:
    return isinstance(value, date) and not isinstance(value, datetime)
