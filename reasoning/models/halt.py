"""Work that an administrator has stopped."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.core.identifiers import uuid7
from reasoning.models.deployment import Deployment
from reasoning.models.workspace import Workspace


class Scope(models.TextChoices):
    EVERYTHING = "everything", _("everything")
    WORKSPACE = "workspace", _("one workspace")
    DEPLOYMENT = "deployment", _("one deployment")


class Halt(models.Model):
    """Nothing is answered within its scope while it stands: of a workspace, of a deployment, or at
    all. Not evidence: the audit events of stopping and resuming are. ``by`` is None where an
    operator stopped it on the command line."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    workspace = models.ForeignKey(Workspace, models.PROTECT, null=True, related_name="+")
    deployment = models.ForeignKey(Deployment, models.PROTECT, null=True, related_name="+")
    reason = models.TextField()
    since = models.DateTimeField()
    by = models.ForeignKey(settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["workspace", "deployment"], name="one_halt", nulls_distinct=False
            ),
            models.CheckConstraint(
                condition=models.Q(workspace=None) | models.Q(deployment=None), name="one_scope"
            ),
        ]

    @property
    def scope(self) -> Scope:
        """What is stopped."""
        if self.workspace_id:
            return Scope.WORKSPACE
        return Scope.DEPLOYMENT if self.deployment_id else Scope.EVERYTHING

    @property
    def named(self) -> str:
        """What is stopped, for operators."""
        if self.workspace:
            return f"workspace {self.workspace.slug}"
        return f"deployment {self.deployment.label}" if self.deployment else "everything"
