"""People and service accounts."""

from django.contrib.auth.models import AbstractUser
from django.db import models

from reasoning.core.documents import Actor
from reasoning.core.identifiers import uuid7
from reasoning.models.evidence import ActorKind


class User(AbstractUser):
    """One who signs in, or a service account. The id is the pseudonym used in the log."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    display_name = models.CharField(max_length=200)
    is_service = models.BooleanField(default=False)
    failed_credentials = models.PositiveSmallIntegerField(default=0)
    locked_at = models.DateTimeField(null=True)

    def actor(self) -> Actor:
        """This user as the log records who acted."""
        kind = ActorKind.SERVICE if self.is_service else ActorKind.PERSON
        return Actor(kind, self.pk, self.get_full_name())

    def get_full_name(self) -> str:
        return self.display_name or self.get_username()

    def get_short_name(self) -> str:
        return self.get_full_name()
