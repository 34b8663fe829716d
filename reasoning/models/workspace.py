"""A department's room, its members and what may be used in it."""

from typing import Any

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.core.identifiers import uuid7


class Workspace(models.Model):
    """Members with roles, and the policy for what is asked and signed here.

    Of its runs ``run_limit`` may be in flight at once (None: the setting; 0: any number). Free
    workers go to the workspace with the fewest runs in flight for its ``weight``, then to the one
    that was served longest ago. ``highest_priority`` is what its analysts may ask for.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    slug = models.SlugField(max_length=50, unique=True)
    name = models.CharField(max_length=100)
    default_prompt = models.CharField(max_length=80)
    default_profile = models.CharField(max_length=80)
    default_deployment = models.CharField(max_length=80)
    allowed_prompts: "models.ManyToManyField[Any, Any]" = models.ManyToManyField(
        "PromptVersion", related_name="+"
    )
    allowed_profiles: "models.ManyToManyField[Any, Any]" = models.ManyToManyField(
        "SamplingProfile", related_name="+"
    )
    allowed_deployments: "models.ManyToManyField[Any, Any]" = models.ManyToManyField(
        "Deployment", related_name="+"
    )
    run_limit = models.PositiveIntegerField(null=True)
    weight = models.PositiveSmallIntegerField(default=1)
    highest_priority = models.PositiveSmallIntegerField(default=5)
    served_at = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.name


class Role(models.TextChoices):
    ANALYST = "analyst", _("analyst")
    REVIEWER = "reviewer", _("reviewer")
    AUDITOR = "auditor", _("auditor")
    PROMPT_AUTHOR = "prompt_author", _("prompt author")
    PROMPT_APPROVER = "prompt_approver", _("prompt approver")
    ADMINISTRATOR = "administrator", _("administrator")


READING_ROLES = (Role.ANALYST, Role.REVIEWER, Role.AUDITOR)


class Membership(models.Model):
    """One role of one user in one workspace."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="memberships")
    workspace = models.ForeignKey(Workspace, models.CASCADE, related_name="memberships")
    role = models.CharField(max_length=20, choices=Role.choices)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "workspace", "role"], name="one_role_once")
        ]
