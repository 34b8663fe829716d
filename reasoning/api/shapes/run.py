"""A run: one request to answer a question, and its attempts."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.db.models import Prefetch, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reasoning.api.shapes.fields import Shape, Text
from reasoning.models import Attempt, Ending, Run, RunStatus, Wait
from reasoning.services.waiting import waits

PIN_HELP = "An id, `name@number`, or a name (its newest allowed version)."


class AgainShape(Shape):
    """What a run is pinned to; the workspace's defaults where nothing is named."""

    prompt_version = Text(limit=80, required=False, allow_null=True, help_text=PIN_HELP)
    sampling_profile = Text(limit=80, required=False, allow_null=True, help_text=PIN_HELP)
    deployment = Text(limit=80, required=False, allow_null=True, help_text=PIN_HELP)


class AttemptShape(Shape):
    """One try by a worker. ``trace_id`` is null while it runs."""

    number = serializers.IntegerField()
    trace_id = serializers.UUIDField(source="trace.pk", allow_null=True, default=None)
    ending = serializers.ChoiceField(
        Ending.choices, source="trace.ending", allow_null=True, default=None
    )


class RunShape(Shape):
    """``trace_id`` is the last attempt's trace: null until there is one. ``waiting`` comes from
    ``context["waiting"]`` (see ``waiting``)."""

    id = serializers.UUIDField()
    number = serializers.IntegerField()
    status = serializers.ChoiceField(RunStatus.choices, source="state.status")
    waiting = serializers.SerializerMethodField()
    trace_id = serializers.SerializerMethodField()
    created_at = serializers.DateTimeField(source="recorded_at")
    prompt_version = serializers.CharField(source="prompt_version.label")
    sampling_profile = serializers.CharField(source="sampling_profile.label")
    deployment = serializers.CharField(source="deployment.label")
    follows_trace_id = serializers.UUIDField(
        allow_null=True, help_text="The answer that a follow-up question goes on from."
    )
    seed = serializers.CharField(help_text="A whole number; text, because it is evidence.")
    attempts = AttemptShape(many=True, source="attempts.all")

    @extend_schema_field(serializers.ChoiceField(Wait.choices, allow_null=True))
    def get_waiting(self, run: Run) -> Wait | None:
        """What it waits for while it is queued: the stop switch, the engine, or its turn."""
        known: dict[UUID, Wait] = self.context["waiting"]
        return known.get(run.pk)

    def get_trace_id(self, run: Run) -> str | None:
        traces = [attempt.trace.pk for attempt in run.attempts.all() if hasattr(attempt, "trace")]
        return str(traces[-1]) if traces else None


def shown_runs() -> QuerySet[Run]:
    """Runs with what ``RunShape`` shows, in two queries and without a single large text."""
    attempts = Attempt.objects.select_related("trace").order_by("number")
    return (
        Run.objects.select_related("state", "prompt_version", "sampling_profile", "deployment")
        .only(
            "number",
            "question_id",
            "recorded_at",
            "seed",
            "follows_trace_id",
            "state__status",
            "prompt_version__name",
            "prompt_version__number",
            "sampling_profile__name",
            "sampling_profile__number",
            "deployment__name",
            "deployment__number",
        )
        .prefetch_related(
            Prefetch("attempts", attempts.only("number", "run_id", "trace__ending")),
        )
        .order_by("number")
    )


def shape_of(run: Run) -> dict[str, Any]:
    """One run, as it is in the database now."""
    shown = shown_runs().get(pk=run.pk)
    return dict(RunShape(shown, context=waiting([shown])).data)


def waiting(runs: Iterable[Run]) -> dict[str, Any]:
    """The context in which ``RunShape`` says what these runs wait for."""
    return {"waiting": waits(run.pk for run in runs if run.state.status == RunStatus.QUEUED)}
