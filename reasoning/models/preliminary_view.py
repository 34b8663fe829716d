"""What a reviewer thought of a question before the answer was shown."""

from typing import Any

from django.db import models

from reasoning.models.evidence import Evidence, committed_text, reference, salt
from reasoning.models.question import Question
from reasoning.models.trace import Trace


class PreliminaryView(Evidence):
    """A reviewer's own view of a question; ``trace`` is the answer that was hidden meanwhile.

    Once for each question: who has seen an answer to it cannot have a view before it any more.
    """

    KIND = "preliminary.recorded"
    TEXTS = ("view",)

    trace = models.ForeignKey(Trace, models.PROTECT, related_name="preliminary_views")
    question = models.ForeignKey(Question, models.PROTECT, related_name="preliminary_views")
    view = committed_text()
    view_salt = salt()

    class Meta(Evidence.Meta):
        constraints = [
            models.UniqueConstraint(fields=["question", "actor_id"], name="one_view_each")
        ]

    def facts(self) -> dict[str, Any]:
        return {
            "trace_id": reference(self.trace_id),
            "question_id": reference(self.question_id),
        }

    def record_id(self) -> Any:
        return self.question_id
