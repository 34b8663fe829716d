"""What happened that concerns one."""

from rest_framework import serializers

from reasoning.api.shapes.fields import Shape, Text
from reasoning.services.notices import Kind


class NoticePageShape(Shape):
    """Which page of them."""

    cursor = Text(limit=200, required=False)
    page_size = serializers.IntegerField(required=False, min_value=1, max_value=100)


class NoticeShape(Shape):
    """One happening; ``excerpt`` begins the question."""

    kind = serializers.ChoiceField([(str(kind), str(kind)) for kind in Kind])
    at = serializers.DateTimeField(source="moment")
    by = serializers.CharField(
        source="actor_name", allow_blank=True, help_text="Empty: the service."
    )
    question_id = serializers.UUIDField(source="question.id")
    trace_id = serializers.UUIDField(
        allow_null=True, help_text="Of reviews, notes and withdrawn decisions."
    )
    workspace = serializers.CharField(source="question.workspace.slug")
    case_reference = serializers.CharField(
        source="question.case_reference", allow_blank=True, allow_null=True
    )
    language = serializers.CharField(source="question.language")
    excerpt = serializers.CharField(allow_blank=True)
