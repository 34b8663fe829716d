"""A question: what was asked, where it stands, its runs and its decision."""

import json
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from rest_framework import serializers

from reasoning.api.shapes.decision import ShortDecisionShape
from reasoning.api.shapes.evidence import Username, erasable, usernames
from reasoning.api.shapes.fields import Checked, Choice, Shape, Text
from reasoning.api.shapes.problem import ProblemShape
from reasoning.api.shapes.run import AgainShape, RunShape, shown_runs, waiting
from reasoning.core.languages import LANGUAGES, UNDETERMINED
from reasoning.models import LanguageSource, Question, QuestionStatus
from reasoning.services import decisions
from reasoning.services import questions as service
from reasoning.services.follow_ups import followers
from reasoning.services.question_fields import METADATA_KEYS, METADATA_VALUE_LIMIT

BATCH_LIMIT = 100
LANGUAGE_CODES = (*LANGUAGES, UNDETERMINED)


class AskShape(AgainShape):
    """A question to be asked. The service checks every value, and names each one at fault."""

    workspace = Checked({"type": "string", "description": "The workspace's slug."})
    text = Checked({"type": "string", "minLength": 1, "maxLength": service.TEXT_LIMIT})
    case_reference = Checked(
        {"type": "string", "maxLength": service.CASE_REFERENCE_LIMIT}, required=False
    )
    language = Checked(
        {
            "type": "string",
            "enum": list(LANGUAGE_CODES),
            "description": "Left out: detected.",
        },
        required=False,
        allow_null=True,
    )
    priority = Checked(
        {"type": "integer", "minimum": 0, "maximum": 9, "default": 5}, required=False
    )
    follows = Checked(
        {
            "type": "string",
            "format": "uuid",
            "description": "The answered question of the same case that this one goes on from.",
        },
        required=False,
        allow_null=True,
    )
    metadata = Checked(
        {
            "type": "object",
            "maxProperties": METADATA_KEYS,
            "additionalProperties": {"type": "string", "maxLength": METADATA_VALUE_LIMIT},
        },
        required=False,
        allow_null=True,
    )


class QuestionShape(Shape):
    """Everything but the traces' texts. Texts are null once they were erased."""

    id = serializers.UUIDField()
    workspace = serializers.CharField(source="workspace.slug")
    case_reference = erasable()
    text = erasable()
    language = serializers.CharField(help_text="One of the 25 languages, or `und`.")
    language_source = serializers.ChoiceField(LanguageSource.choices)
    detected_language = serializers.CharField()
    status = serializers.ChoiceField(QuestionStatus.choices, source="state.status")
    submitted_by = Username()
    submitted_by_name = erasable(source="actor_name", help_text="The printed name, as recorded.")
    created_at = serializers.DateTimeField(source="recorded_at")
    priority = serializers.IntegerField()
    metadata = serializers.SerializerMethodField()
    follows = serializers.UUIDField(source="follows_id", allow_null=True)
    followed_by = serializers.SerializerMethodField()
    runs = RunShape(many=True, source="shown_runs")
    latest_trace_id = serializers.SerializerMethodField()
    decision = ShortDecisionShape(source="latest_decision", allow_null=True)

    def get_metadata(self, question: Question) -> dict[str, str] | None:
        found: dict[str, str] | None = json.loads(question.metadata) if question.metadata else None
        return found

    def get_followed_by(self, question: Question) -> list[UUID]:
        """Follow-up questions to this one, in the order in which they were asked."""
        found: list[UUID] = self.context["followed_by"].get(question.pk, [])
        return found

    def get_latest_trace_id(self, question: Question) -> str | None:
        """The trace under decision: of the last run, its last attempt."""
        runs = [RunShape().get_trace_id(run) for run in question.shown_runs]  # type: ignore[attr-defined]
        return next((trace for trace in reversed(runs) if trace), None)


class FilterShape(Shape):
    """How the list of questions is narrowed."""

    workspace = Text(limit=50, required=False)
    status = Choice(QuestionStatus.choices, required=False)
    language = Choice([(code, code) for code in LANGUAGE_CODES], required=False)
    case_reference = Text(limit=service.CASE_REFERENCE_LIMIT, required=False)
    created_after = serializers.DateTimeField(required=False)
    created_before = serializers.DateTimeField(required=False)
    cursor = Text(limit=200, required=False)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=100)


class _Unread(serializers.ListField):
    """A list whose items are read one by one later, so that each has its own result."""

    def run_child_validation(self, data: Any) -> Any:
        return data


class BatchShape(Shape):
    """Questions to be asked together. Each stands alone."""

    questions = _Unread(child=AskShape(), allow_empty=False, max_length=BATCH_LIMIT)


class BatchResultShape(Shape):
    """What became of one item: the question, or the problem."""

    index = serializers.IntegerField()
    status = serializers.IntegerField(help_text="What asking it alone would have answered.")
    question = QuestionShape(allow_null=True)
    problem = ProblemShape(allow_null=True)


class BatchResultsShape(Shape):
    """One result for each item, in the order of the items."""

    results = BatchResultShape(many=True)


def shapes_of(questions: list[Question]) -> list[dict[str, Any]]:
    """The questions as the API shows them; nine queries, however many they are."""
    prefetch_related_objects(
        questions, "state", "workspace", Prefetch("runs", shown_runs(), to_attr="shown_runs")
    )
    identifiers = [question.pk for question in questions]
    latest = decisions.latest_of(identifiers)
    for question in questions:
        question.latest_decision = latest.get(question.pk)  # type: ignore[attr-defined]
    runs = [run for question in questions for run in question.shown_runs]  # type: ignore[attr-defined]
    context = {
        **usernames([*questions, *latest.values()]),
        **waiting(runs),
        "followed_by": followers(identifiers),
    }
    return [dict(shape) for shape in QuestionShape(questions, many=True, context=context).data]
