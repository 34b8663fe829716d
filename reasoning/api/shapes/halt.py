"""A halt: work that was stopped, and stopping and resuming it."""

from rest_framework import serializers

from reasoning.api.shapes.fields import Shape, Text
from reasoning.models.halt import Scope
from reasoning.services.halts import REASON_LIMIT


class StopShape(Shape):
    """What is to be stopped: a workspace, a deployment, or (neither named) everything."""

    workspace = Text(limit=50, required=False, help_text="The workspace's slug.")
    deployment = Text(limit=80, required=False, help_text="An id or `name@number`.")
    reason = Text(limit=REASON_LIMIT, required=False, blank=True)


class ResumeShape(Shape):
    """Why the work goes on."""

    reason = Text(limit=REASON_LIMIT)


class HaltShape(Shape):
    """``stopped_by`` is empty where an operator stopped it on the command line."""

    id = serializers.UUIDField()
    scope = serializers.ChoiceField(Scope.choices)
    workspace = serializers.CharField(source="workspace.slug", allow_null=True, default=None)
    deployment = serializers.CharField(source="deployment.label", allow_null=True, default=None)
    reason = serializers.CharField()
    since = serializers.DateTimeField()
    stopped_by = serializers.CharField(source="by.username", default="")
