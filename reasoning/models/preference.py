"""How a person likes the pages, and how far they have seen them. Not evidence."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class Layout(models.TextChoices):
    STACKED = "stacked", _("One below the other")
    BESIDE = "beside", _("Side by side")


class Preference(models.Model):
    """One row for each person who has chosen something; others have the defaults."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="preference"
    )
    single_keys = models.BooleanField(default=True)
    layout = models.CharField(max_length=10, choices=Layout.choices, default=Layout.STACKED)
    # Of the interface; empty: what the browser asks for.
    language = models.CharField(max_length=10, blank=True, default="")
    # When they last opened their notices; NULL: never.
    notices_seen_at = models.DateTimeField(null=True)
