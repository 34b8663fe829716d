"""Reading and annotating traces. Every reading is remembered; signing is for people."""

from typing import Any, NoReturn

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from reasoning.api.base import ApiView
from reasoning.api.schema import BODY, operation
from reasoning.api.shapes import trace as shapes
from reasoning.api.shapes.annotation import AnnotateShape, AnnotationShape
from reasoning.api.shapes.decision import DecisionShape
from reasoning.api.shapes.evidence import list_of, usernames
from reasoning.core.errors import NotFound, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Action, Entry, Place, Trace
from reasoning.services import access, annotating, audit, decisions, integrity, log_state


class SigningIsForPeople(Refused):
    """A decision is signed by a person with fresh credentials, never by a program."""

    code = "signing_is_for_people"
    sentence = _("Decisions are signed by people in the web portal. The API cannot sign.")


class TraceView(ApiView):
    """A view of one trace, or of something about it."""

    def readable(self, identifier: Any) -> Trace:
        """The trace. Raises NotFound when the user may not read it."""
        trace = access.readable_trace(self.user, identifier)
        self.question = trace.run.question
        return trace

    def viewed(self, identifier: Any) -> Trace:
        """The trace, and the memory of its having been read."""
        trace = self.readable(identifier)
        audit.remember(
            action=Action.VIEWED,
            place=Place.API,
            user=self.user,
            question=self.question,
            subject_id=trace.pk,
        )
        return trace


class TraceDetail(TraceView):
    """One trace."""

    @operation(
        "traces_read",
        "Read a trace",
        answers={200: shapes.TraceShape},
        refusals=[403, 404],
    )
    def get(self, request: Request, pk: Any) -> Response:
        """What came back, complete or not, and how it came about. The reading is remembered."""
        trace = self.viewed(pk)
        findings = list(trace.findings.all())
        rows = [trace.run.question, trace.run, trace.attempt, trace, *findings]
        log = log_state.state_of(trace.pk)
        return Response(shapes.shape_of(trace, log, integrity.mismatches(rows)))


class TraceDocument(TraceView):
    """The trace's canonical document."""

    @operation(
        "traces_document",
        "Read a trace's canonical document",
        answers={(200, "application/json"): OpenApiTypes.OBJECT},
        refusals=[403, 404],
    )
    def get(self, request: Request, pk: Any) -> HttpResponse:
        """The exact bytes that the log hashes (RFC 8785); texts stand in it as commitments."""
        trace = self.viewed(pk)
        entry = Entry.objects.filter(subject_id=trace.pk).first()
        if entry is None:
            raise NotFound
        return HttpResponse(bytes(entry.document), content_type="application/json")


class Annotations(TraceView):
    """Notes on one trace."""

    @operation(
        "traces_annotations_list",
        "Read the notes on a trace",
        answers={200: list_of(AnnotationShape)},
        refusals=[403, 404],
    )
    def get(self, request: Request, pk: Any) -> Response:
        """Oldest first."""
        rows = list(self.viewed(pk).annotations.order_by("recorded_at", "id"))
        shape = AnnotationShape(rows, many=True, context=usernames(rows))
        return Response({"results": shape.data, "next": None})

    @operation(
        "traces_annotate",
        "Put a note on a trace",
        request=AnnotateShape,
        answers={201: AnnotationShape},
        refusals=[*BODY, 403, 404],
    )
    def post(self, request: Request, pk: Any) -> Response:
        """A note is never edited: a reply says more. For analysts and reviewers."""
        trace = self.readable(pk)
        note = annotating.annotate(user=self.user, trace=trace, **self.body(AnnotateShape))
        return Response(AnnotationShape(note, context=usernames([note])).data, status=201)


class Decisions(TraceView):
    """Signed decisions on one trace."""

    @operation(
        "traces_decisions_list",
        "Read the decisions on a trace",
        answers={200: list_of(DecisionShape)},
        refusals=[403, 404],
    )
    def get(self, request: Request, pk: Any) -> Response:
        """Oldest first, withdrawn ones and withdrawals too. Decisions are signed in the web
        portal."""
        rows = decisions.of_trace(self.viewed(pk))
        shape = DecisionShape(rows, many=True, context=usernames(rows))
        return Response({"results": shape.data, "next": None})

    @operation(
        "traces_decisions_refused",
        "Signing is refused here",
        request=None,
        answers={},
        refusals=[403, 404],
    )
    def post(self, request: Request, pk: Any) -> NoReturn:
        """Always refused: a token cannot sign. The attempt is remembered."""
        self.question = access.trace_to_review(self.user, pk).run.question
        raise SigningIsForPeople
