"""Filters of a page that a person keeps under a name. Not evidence."""

from django.conf import settings
from django.db import models

from reasoning.core.identifiers import uuid7


class ViewedPage(models.TextChoices):
    QUEUE = "queue"
    SEARCH = "search"


class SavedView(models.Model):
    """A name for the query part of a page's address, for one person."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="saved_views")
    page = models.CharField(max_length=10, choices=ViewedPage.choices, default=ViewedPage.QUEUE)
    name = models.CharField(max_length=60)
    query = models.CharField(max_length=1000)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "page", "name"], name="saved_view_name")
        ]
