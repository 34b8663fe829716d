"""Searches and what they find."""

from typing import Any

from rest_framework import serializers

from reasoning.api.shapes.fields import Choice, Shape, Text
from reasoning.api.shapes.question import LANGUAGE_CODES
from reasoning.models import QuestionStatus, RecordKind
from reasoning.services import searching


class SearchFilterShape(Shape):
    """What to look for."""

    q = Text(
        limit=searching.WORDS_LIMIT,
        required=False,
        help_text='Words in any of the 25 languages; `"several words"` in this order.',
    )
    workspace = Text(limit=50, required=False)
    kind = Choice(RecordKind.choices, required=False)
    language = Choice([(code, code) for code in LANGUAGE_CODES], required=False)
    person = serializers.UUIDField(required=False, help_text="Who asked, noted or decided.")
    status = Choice(QuestionStatus.choices, required=False)
    finding = Text(limit=60, required=False)
    after = serializers.DateTimeField(required=False)
    before = serializers.DateTimeField(required=False)
    cursor = Text(limit=200, required=False)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=100)


class MatchShape(Shape):
    """A stretch of the excerpt: code points, end exclusive."""

    start = serializers.IntegerField()
    end = serializers.IntegerField()


class ExcerptShape(Shape):
    """The piece of the text that matches, or its beginning."""

    text = serializers.CharField(allow_blank=True)
    matches = MatchShape(many=True, source="spans")


class HitShape(Shape):
    """One record that was found."""

    kind = serializers.ChoiceField(RecordKind.choices, source="found.kind")
    id = serializers.UUIDField(source="found.subject_id")
    question_id = serializers.UUIDField(source="found.question_id")
    trace_id = serializers.UUIDField(source="found.trace_id", allow_null=True)
    workspace = serializers.CharField(source="question.workspace.slug")
    case_reference = serializers.CharField(
        source="question.case_reference", allow_blank=True, allow_null=True
    )
    status = serializers.ChoiceField(QuestionStatus.choices, source="question.state.status")
    part = serializers.CharField(
        allow_blank=True,
        help_text="Which text: `question`, `thinking`, `summary`, `note`, `rationale`.",
    )
    language = serializers.CharField(help_text="Of that text; `und` where it is not known.")
    recorded_at = serializers.DateTimeField(source="found.recorded_at")
    erased = serializers.BooleanField()
    excerpt = ExcerptShape()


def looked_back_to() -> serializers.DateTimeField:
    """A field of lists in which words are looked for."""
    return serializers.DateTimeField(
        allow_null=True,
        help_text="Set where a page ends because so many records have the words, before it is "
        "full: no older ones have been looked at yet. The next page goes on from there.",
    )


def shape_of(hit: Any) -> dict[str, Any]:
    """A hit as the API shows it."""
    return dict(HitShape(hit).data)
