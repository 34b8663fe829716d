"""Filters of the review queue that a person keeps under a name. Not evidence."""

from django.conf import settings
from django.db import models

from reasoning.core.identifiers import uuid7


class SavedView(models.Model):
    """A name for the query part of the queue's address, for one person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "name"], name="saved_view_name")]
