"""Everything else worth remembering: who looked, who was refused, what was taken away."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.models.evidence import Evidence, committed_text, reference, salt
from reasoning.models.workspace import Workspace


class Action(models.TextChoices):
    SIGNED_IN = "signed_in", _("signed in")
    SIGN_IN_FAILED = "sign_in_failed", _("failed to sign in")
    SIGNED_OUT = "signed_out", _("signed out")
    JOINED = "joined", _("accepted the invitation")
    PASSWORD_CHANGED = "password_changed", _("changed the password")
    FACTOR_ADDED = "factor_added", _("added a way to sign in")
    FACTOR_REMOVED = "factor_removed", _("removed a way to sign in")
    TOKEN_ISSUED = "token_issued", _("made an API token")
    TOKEN_REVOKED = "token_revoked", _("revoked an API token")
    SESSION_ENDED = "session_ended", _("ended a session")
    ACCOUNT_LOCKED = "account_locked", _("account locked")
    VIEWED = "viewed", _("viewed")
    DOWNLOADED = "downloaded", _("downloaded the evidence")
    REFUSED = "refused", _("was refused")
    CLAIMED = "claimed", _("took the review")
    RELEASED = "released", _("gave the review back")
    HANDED_OVER = "handed_over", _("handed the review over")
    CANCELLED = "cancelled", _("cancelled the run")
    STOPPED = "stopped", _("stopped the work")
    RESUMED = "resumed", _("resumed the work")
    GAVE_UP = "gave_up", _("gave a run up at its deadline")
    SEARCHED = "searched", _("searched")
    DREW_SAMPLE = "drew_sample", _("drew a sample of decisions")
    CHECK_ASKED = "check_asked", _("asked for a check of the log")
    CHECKED = "checked", _("checked the log")
    INTEGRITY_ALARM = "integrity_alarm", _("found a damaged record")


class Place(models.TextChoices):
    PAGE = "page", _("page")
    API = "api", _("API")
    SYSTEM = "system", _("system")


class AuditEvent(Evidence):
    """One act. ``code`` is the refusal's error code, where it is one."""

    KIND = "audit.recorded"
    TEXTS = ("detail",)

    action = models.CharField(max_length=20, choices=Action.choices)
    place = models.CharField(max_length=10, choices=Place.choices)
    workspace = models.ForeignKey(Workspace, models.PROTECT, null=True, related_name="+")
    question_id = models.UUIDField(null=True)
    subject_id = models.UUIDField(null=True)
    code = models.CharField(max_length=60)
    detail = committed_text()
    detail_salt = salt()

    class Meta(Evidence.Meta):
        indexes = [
            models.Index(
                fields=["question_id", "actor_id", "recorded_at"],
                name="audit_event_question",
                condition=models.Q(question_id__isnull=False),
            ),
            models.Index(
                fields=["actor_id", "-recorded_at", "-id"],
                name="audit_event_person",
                condition=models.Q(actor_id__isnull=False),
            ),
            models.Index(
                fields=["actor_id", "-recorded_at", "-id"],
                name="audit_event_searches",
                condition=models.Q(action="searched"),
            ),
            models.Index(
                fields=["action", "-recorded_at"],
                name="audit_event_oversight",
                condition=models.Q(action__in=["drew_sample", "check_asked", "checked"]),
            ),
            models.Index(
                fields=["-recorded_at"],
                name="audit_event_damage",
                condition=models.Q(action="integrity_alarm"),
            ),
            models.Index(
                fields=["subject_id", "-recorded_at"],
                name="audit_event_taken",
                condition=models.Q(action="downloaded"),
            ),
        ]

    def facts(self) -> dict[str, Any]:
        return {
            "action": self.action,
            "place": self.place,
            "workspace_id": reference(self.workspace_id),
            "question_id": reference(self.question_id),
            "subject_id": reference(self.subject_id),
            "code": self.code,
        }

    def record_id(self) -> Any:
        return self.question_id
