"""The text asked."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from reasoning.models.evidence import Evidence, committed_text, reference, said, salt
from reasoning.models.workspace import Workspace


class LanguageSource(models.TextChoices):
    DETECTED = "detected", _("detected")
    STATED = "stated", _("stated by the submitter")


class QuestionQuerySet(models.QuerySet["Question"]):
    """Scopes of questions."""

    def visible_to(self, user: Any, roles: tuple[str, ...]) -> "QuestionQuerySet":
        """Questions of the workspaces in which the user has one of the roles, but for those from
        which the user keeps out for a conflict of interest."""
        rooms = Workspace.objects.filter(memberships__user=user, memberships__role__in=roles)
        return self.filter(workspace__in=rooms).exclude(recusals__actor_id=user.pk)


class Question(Evidence):
    """What was asked, by whom, about which case. Unchanging; its status is in QuestionState.

    ``follows`` is the question of the same case that this one goes on from, if it does.
    """

    KIND = "question.submitted"
    TEXTS = ("text", "case_reference", "metadata")

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="questions")
    text = committed_text()
    text_salt = salt()
    case_reference = committed_text()
    case_reference_salt = salt()
    metadata = committed_text()
    metadata_salt = salt()
    language = models.CharField(max_length=8)
    language_source = models.CharField(max_length=10, choices=LanguageSource.choices)
    detected_language = models.CharField(max_length=8)
    detected_probability = models.CharField(max_length=8)
    language_detector = models.CharField(max_length=100)
    priority = models.PositiveSmallIntegerField()
    idempotency_key = models.CharField(max_length=255, null=True)
    request_sha256 = models.BinaryField(max_length=32, null=True)
    follows = models.ForeignKey("self", models.PROTECT, null=True, related_name="followed_by")

    objects = QuestionQuerySet.as_manager()

    class Meta(Evidence.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["actor_id", "idempotency_key"], name="idempotency_key_once"
            )
        ]
        indexes = [
            models.Index(fields=["workspace", "case_reference"], name="question_case"),
        ]

    def facts(self) -> dict[str, Any]:
        return {
            "workspace_id": reference(self.workspace_id),
            "language": self.language,
            "language_source": self.language_source,
            "detected_language": self.detected_language,
            "priority": self.priority,
            **said(follows_id=reference(self.follows_id)),
            **said(
                "",
                detected_probability=self.detected_probability,
                language_detector=self.language_detector,
            ),
        }

    def record_id(self) -> Any:
        return self.id


class QuestionStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", pgettext_lazy("status", "thinking")
    IN_REVIEW = "in_review", _("in review")
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    SENT_BACK = "sent_back", _("sent back")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class QuestionState(models.Model):
    """Where a question stands. Not evidence: it follows from runs and decisions.

    ``trace`` is the newest one; ``findings`` are the codes of its findings and ``gravest`` the
    severity of the gravest ("" without any). ``news_at`` is when something last happened to it that
    its asker did not do (NULL: nothing did since they asked). Other columns repeat the question's.
    So the queue, lists and notices are read from short indexes however many questions there are.
    """

    question = models.OneToOneField(
        Question, models.PROTECT, primary_key=True, related_name="state"
    )
    status = models.CharField(max_length=10, choices=QuestionStatus.choices)
    updated_at = models.DateTimeField()
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+", db_index=False)
    asked_at = models.DateTimeField()
    asked_by = models.UUIDField(null=True)
    language = models.CharField(max_length=8)
    trace = models.ForeignKey("Trace", models.PROTECT, null=True, related_name="+", db_index=False)
    findings = ArrayField(models.CharField(max_length=60), default=list)
    gravest = models.CharField(max_length=10, default="")
    news_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["asked_by", "news_at", "question"],
                name="news_of_asker",
                condition=models.Q(news_at__isnull=False),
            ),
            models.Index(fields=["workspace", "asked_at", "question"], name="asked_in_room"),
            models.Index(
                fields=["workspace", "status", "asked_at", "question"], name="asked_by_status"
            ),
            models.Index(
                fields=["workspace", "language", "asked_at", "question"], name="asked_by_language"
            ),
            models.Index(
                fields=["workspace", "asked_at", "question"],
                name="review_queue",
                condition=models.Q(status="in_review"),
            ),
            models.Index(
                fields=["workspace", "gravest", "asked_at", "question"],
                name="review_gravest",
                condition=models.Q(status="in_review"),
            ),
            GinIndex(
                fields=["findings"],
                name="review_findings",
                condition=models.Q(status="in_review"),
            ),
        ]
