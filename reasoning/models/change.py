"""What people change in configuration: roles, accounts, policies."""

from typing import Any

from django.db import models

from reasoning.models.evidence import Evidence, committed_text, reference, salt
from reasoning.models.workspace import Workspace


class Change(Evidence):
    """One value that somebody changed: what it was, what it is, and why.

    ``subject`` names the kind of thing (``user``, ``membership``), ``subject_id`` which one, and
    ``field`` what of it. Values are texts: an empty one stands for nothing.
    """

    KIND = "configuration.changed"
    TEXTS = ("old", "new", "reason")

    workspace = models.ForeignKey(Workspace, models.PROTECT, null=True, related_name="+")
    subject = models.CharField(max_length=30)
    subject_id = models.UUIDField(db_index=True)
    field = models.CharField(max_length=60)
    old = committed_text()
    old_salt = salt()
    new = committed_text()
    new_salt = salt()
    reason = committed_text()
    reason_salt = salt()

    def facts(self) -> dict[str, Any]:
        return {
            "workspace_id": reference(self.workspace_id),
            "subject": self.subject,
            "subject_id": reference(self.subject_id),
            "field": self.field,
        }
