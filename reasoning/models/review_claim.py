"""Who is reviewing what just now. Not evidence; expires."""

from django.conf import settings
from django.db import models

from reasoning.models.trace import Trace


class ReviewClaim(models.Model):
    """One reviewer holds a trace until a time of the database.

    After a hand-over ``handed_by`` is who gave it, and ``reason`` why; the lasting record of it is
    an audit event.
    """

    trace = models.OneToOneField(Trace, models.PROTECT, primary_key=True, related_name="claim")
    reviewer = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="claims")
    expires_at = models.DateTimeField(db_index=True)
    handed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.SET_NULL, null=True, related_name="+"
    )
    reason = models.CharField(max_length=1000, default="")
