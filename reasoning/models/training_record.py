"""Who was trained for a workspace, and until when that counts."""

from typing import Any

from django.conf import settings
from django.db import models

from reasoning.models.evidence import Evidence, committed_text, reference, salt
from reasoning.models.workspace import Workspace


class TrainingRecord(Evidence):
    """A person's training for a workspace, as an administrator recorded it.

    It counts from the day ``completed_on`` to the day ``expires_on`` (None: for ever), both
    included, in UTC. Of a person's records in a workspace the newest is in force.
    """

    KIND = "training.recorded"
    TEXTS = ("course",)

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="training_records")
    person = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, related_name="training_records"
    )
    course = committed_text()
    course_salt = salt()
    completed_on = models.DateField()
    expires_on = models.DateField(null=True)

    class Meta(Evidence.Meta):
        indexes = [
            models.Index(fields=["workspace", "person", "-recorded_at"], name="training_newest")
        ]

    def facts(self) -> dict[str, Any]:
        return {
            "workspace_id": reference(self.workspace_id),
            "person_id": reference(self.person_id),
            "completed_on": str(self.completed_on),
            "expires_on": reference(self.expires_on),
        }
