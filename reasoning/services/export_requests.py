"""Asking for evidence as a bundle, and handing it out. The asking and the taking are evidence."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from reasoning.core.errors import (
    AuditError,
    ExportFailed,
    ExportNotReady,
    IntegrityMismatch,
    InvalidInput,
    NotFound,
)
from reasoning.core.errors import gettext_noop as _
from reasoning.models import (
    Action,
    Decision,
    ExportJob,
    ExportRequest,
    ExportStatus,
    Place,
    Question,
    Recusal,
    User,
    Workspace,
)
from reasoning.services import access, audit, withholding
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record

QUESTION_LIMIT = 10_000
NAMED_LIMIT = 1_000


@dataclass(frozen=True)
class Scope:
    """Which questions: of a workspace (by slug; None: all that one may read), these, asked from
    one moment on and before another, decided ones only. What is not set does not narrow."""

    workspace: str | None = None
    questions: tuple[UUID, ...] = ()
    asked_from: datetime | None = None
    asked_before: datetime | None = None
    decided: bool = False


@transaction.atomic
def ask(*, user: User, scope: Scope) -> ExportJob:
    """Record the wish, and queue the work. Tell the broker after the commit.

    Raises InvalidInput for a workspace or questions that the user may not read, and for a scope
    without questions or with too many; AnswerWithheld when an answer in it is withheld from them.
    """
    request = ExportRequest(
        actor_id=user.pk,
        workspace_ids=[workspace.pk for workspace in _workspaces(user, scope.workspace)],
        question_ids=list(dict.fromkeys(scope.questions)),
        asked_from=scope.asked_from,
        asked_before=scope.asked_before,
        decided=scope.decided,
    )
    count = _checked_count(request)
    withholding.require_all_revealed(user, questions_of(request).values_list("pk", flat=True))
    record(actor_of(user), request)
    return ExportJob.objects.create(
        request=request,
        status=ExportStatus.WAITING,
        questions=count,
        updated_at=request.recorded_at,
    )


def questions_of(request: ExportRequest) -> QuerySet[Question]:
    """The questions in a request's scope, as it was when it was recorded, in a fixed order; without
    those from which who asked keeps out."""
    conditions = Q(workspace__in=request.workspace_ids)
    if request.question_ids:
        conditions &= Q(pk__in=request.question_ids)
    if request.asked_from:
        conditions &= Q(recorded_at__gte=request.asked_from)
    if request.asked_before:
        conditions &= Q(recorded_at__lt=request.asked_before)
    recorded = Q(recorded_at__lte=request.recorded_at) if request.recorded_at else Q()
    if request.decided:
        conditions &= Q(Exists(Decision.objects.filter(recorded, question_id=OuterRef("pk"))))
    out = Recusal.objects.filter(recorded, question=OuterRef("pk"), actor_id=request.actor_id)
    return Question.objects.filter(conditions, recorded, ~Exists(out)).order_by("pk")


def mine(*, user: User) -> QuerySet[ExportJob]:
    """The user's exports, the newest first."""
    jobs = ExportJob.objects.select_related("request").filter(request__actor_id=user.pk)
    return jobs.order_by("-request__recorded_at", "-pk")


def readable(*, user: User, identifier: UUID) -> ExportJob:
    """One of the user's exports. NotFound too when they may no longer read all that is in it."""
    job = mine(user=user).filter(pk=identifier).first()
    readable_now = {workspace.pk for workspace in access.workspaces_of(user)}
    if job is None or not set(job.request.workspace_ids) <= readable_now:
        raise NotFound
    return job


@transaction.atomic
def take(*, user: User, job: ExportJob, place: Place) -> Path:
    """The bundle's file; that it was taken is recorded.

    Raises ExportNotReady, or what became of it: IntegrityMismatch, ExportFailed.
    """
    if job.status == ExportStatus.FAILED:
        raise failure_of(job)
    if job.status != ExportStatus.READY:
        raise ExportNotReady
    path = file_of(job)
    if not path.exists():
        raise ExportFailed(_("The bundle is not kept any more. Ask for it again."))
    audit.remember(
        action=Action.DOWNLOADED, place=place, user=user, subject_id=job.pk, detail=job.sha256
    )
    return path


def failure_of(job: ExportJob) -> AuditError:
    """Why an export failed, as the error that it was."""
    known = {error.code: error for error in (IntegrityMismatch, ExportFailed)}
    return known[job.failure_code](job.failure_sentence, **job.failure)


def file_of(job: ExportJob) -> Path:
    """Where a finished bundle lies."""
    return Path(settings.EXPORT_DIR) / f"{job.pk}.zip"


def _workspaces(user: User, slug: str | None) -> Collection[Workspace]:
    found = [one for one in access.workspaces_of(user) if slug is None or one.slug == slug]
    if not found:
        raise InvalidInput.of("workspace", "unknown", _("There is no such workspace for you."))
    return found


def _checked_count(request: ExportRequest) -> int:
    """How many questions there are; raises InvalidInput."""
    if len(request.question_ids) > NAMED_LIMIT:
        sentence = _("At most %(limit)s questions can be named at once.")
        raise InvalidInput.of("questions", "too_many", sentence, limit=NAMED_LIMIT)
    named = Question.objects.filter(
        workspace__in=request.workspace_ids, pk__in=request.question_ids
    )
    if named.count() != len(request.question_ids):
        sentence = _("Some of these questions are not there, or not yours to see.")
        raise InvalidInput.of("questions", "unknown", sentence)
    count = questions_of(request).count()
    if not count:
        raise InvalidInput.of("questions", "empty", _("There is no question in this scope."))
    if count > QUESTION_LIMIT:
        sentence = _("There are %(count)s questions in this scope; %(limit)s are possible.")
        raise InvalidInput.of("questions", "too_many", sentence, count=count, limit=QUESTION_LIMIT)
    return count
