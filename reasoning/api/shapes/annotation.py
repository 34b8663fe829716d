"""An annotation: a person's note on a span of a trace."""

from rest_framework import serializers

from reasoning.api.shapes.evidence import Username, erasable
from reasoning.api.shapes.fields import Choice, Reference, Shape, Text, Whole
from reasoning.models import AnnotatedPart
from reasoning.services.annotating import LABEL_LIMIT, NOTE_LIMIT

FARTHEST = 2**31 - 1
"""Positions are a database integer."""


class AnnotateShape(Shape):
    """A note to be put on a span: code points, the end excluded; 0 and 0 for the whole trace."""

    part = Choice(AnnotatedPart.choices)
    start = Whole(low=0, high=FARTHEST, default=0)
    end = Whole(low=0, high=FARTHEST, default=0)
    note = Text(limit=NOTE_LIMIT)
    label = Text(limit=LABEL_LIMIT, blank=True, default="")  # type: ignore[assignment]
    reply_to = Reference(required=False, allow_null=True)


class AnnotationShape(Shape):
    """A note as it was recorded; never edited."""

    id = serializers.UUIDField()
    trace_id = serializers.UUIDField()
    part = serializers.ChoiceField(AnnotatedPart.choices)
    start = serializers.IntegerField()
    end = serializers.IntegerField()
    quote = erasable()
    note = erasable()
    label = serializers.CharField()  # type: ignore[assignment]
    reply_to = serializers.UUIDField(source="reply_to_id", allow_null=True)
    created_by = Username()
    created_by_name = erasable(source="actor_name", help_text="The printed name, as recorded.")
    created_at = serializers.DateTimeField(source="recorded_at")
