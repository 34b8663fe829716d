"""Replaying and re-scoring stored traces."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from reasoning import tasks
from reasoning.api.schema import operation
from reasoning.api.shapes.comparison import ComparisonShape, shapes_of
from reasoning.api.shapes.evidence import list_of
from reasoning.api.traces import TraceView
from reasoning.models import ComparisonKind, Trace
from reasoning.services import access, comparisons


class TraceComparisons(TraceView):
    """What came of replaying and re-scoring one trace."""

    @operation(
        "traces_comparisons_list",
        "Read a trace's replays and re-scores",
        answers={200: list_of(ComparisonShape)},
        refusals=[403, 404],
    )
    def get(self, request: Request, pk: Any) -> Response:
        """Oldest first. The reading is remembered."""
        found = comparisons.of_trace(self.viewed(pk))
        return Response({"results": shapes_of(found), "next": None})


class Compare(TraceView):
    """Asking for a comparison."""

    def asked(self, trace: Trace, what: ComparisonKind) -> Response:
        """Record the wish and queue it."""
        self.question = trace.run.question
        wish = comparisons.ask(user=self.user, trace=trace, what=what)
        tasks.dispatch_comparison(wish.pk)
        return Response(shapes_of([wish])[0], status=202)


class ReplayRun(Compare):
    """Replaying a run."""

    @operation(
        "runs_replay",
        "Replay a run",
        request=None,
        answers={202: ComparisonShape},
        refusals=[403, 404, 409],
    )
    def post(self, request: Request, pk: Any) -> Response:
        """Sends the last trace's prompt, parameters and seed again, and records how many tokens
        match; they need not. For analysts and reviewers. Look at `traces/{id}/comparisons/`."""
        run = access.readable_run(self.user, pk)
        self.question = run.question
        last = comparisons.last_trace(run)
        return self.asked(self.readable(last.pk), ComparisonKind.REPLAY)


class RescoreTrace(Compare):
    """Re-scoring a trace."""

    @operation(
        "traces_rescore",
        "Re-score a trace",
        request=None,
        answers={202: ComparisonShape},
        refusals=[403, 404, 409],
    )
    def post(self, request: Request, pk: Any) -> Response:
        """Has the engine say how likely each stored token was, so that a trace of another model
        shows. For analysts and reviewers; needs vLLM. Look at `traces/{id}/comparisons/`."""
        return self.asked(self.readable(pk), ComparisonKind.RESCORE)
