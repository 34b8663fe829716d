"""Who keeps out of a decision, and why."""

from typing import Any

from django.db import models

from reasoning.models.evidence import Evidence, committed_text, reference, salt
from reasoning.models.question import Question
from reasoning.models.trace import Trace


class Recusal(Evidence):
    """A reviewer said to have a conflict of interest; they decide nothing on this question again.

    ``trace`` is what they were to review.
    """

    KIND = "review.recused"
    TEXTS = ("reason",)

    trace = models.ForeignKey(Trace, models.PROTECT, related_name="recusals")
    question = models.ForeignKey(Question, models.PROTECT, related_name="recusals")
    reason = committed_text()
    reason_salt = salt()

    class Meta(Evidence.Meta):
        constraints = [
            models.UniqueConstraint(fields=["question", "actor_id"], name="one_recusal_each")
        ]

    def facts(self) -> dict[str, Any]:
        return {
            "trace_id": reference(self.trace_id),
            "question_id": reference(self.question_id),
        }

    def record_id(self) -> Any:
        return self.question_id
