"""What a person has typed and not sent yet. Not evidence, and content all the same."""

from django.conf import settings
from django.db import models

from reasoning.core.identifiers import uuid7
from reasoning.models.question import Question


class Drafted(models.TextChoices):
    """What it is to become."""

    QUESTION = "question"
    NOTE = "note"
    REPLY = "reply"
    VIEW = "view"
    DECISION = "decision"
    WITHDRAWAL = "withdrawal"
    RECUSAL = "recusal"
    HAND_OVER = "hand_over"


class Draft(models.Model):
    """One person's texts of one form, by the names of its fields.

    ``subject_id`` is the trace, the note that is answered, the decision that is withdrawn, or the
    question that is followed; ``question`` the record that all this is about, whose erasures take
    the draft along.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.CASCADE, related_name="+", db_index=False
    )
    drafted = models.CharField(max_length=10, choices=Drafted.choices)
    subject_id = models.UUIDField(null=True)
    question = models.ForeignKey(Question, models.PROTECT, null=True, related_name="+")
    texts = models.JSONField()
    kept_at = models.DateTimeField(db_index=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "drafted", "subject_id"], name="one_draft", nulls_distinct=False
            )
        ]
