"""Asking and finding questions."""

from typing import Any

from django.urls import reverse
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from reasoning import tasks
from reasoning.api import problems
from reasoning.api.base import ApiView, read
from reasoning.api.schema import BODY, IDEMPOTENCY_KEY, operation
from reasoning.api.shapes.evidence import list_of
from reasoning.api.shapes.question import (
    AskShape,
    BatchResultsShape,
    BatchShape,
    FilterShape,
    QuestionShape,
    shapes_of,
)
from reasoning.core.errors import AuditError, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Place
from reasoning.services import access, exports, listing, questions
from reasoning.services.questions import Asked, Submitted


class Questions(ApiView):
    """The questions one may read, and asking new ones."""

    @operation(
        "questions_list",
        "Find questions, newest first",
        parameters=[FilterShape],
        answers={200: list_of(QuestionShape)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        """Those of the workspaces in which you are analyst, reviewer or auditor.

        `created_after` is included, `created_before` is not. Follow `next` until it is null.
        """
        wanted = self.query(FilterShape)
        cursor, size = wanted.pop("cursor", ""), wanted.pop("page_size", listing.PAGE_SIZE)
        self._require_known(wanted.get("workspace"))
        page = listing.find_questions(
            user=self.user, filters=listing.Filters(**wanted), cursor=cursor, size=size
        )
        return Response({"results": shapes_of(page.questions), "next": self.next_page(page.cursor)})

    @operation(
        "questions_submit",
        "Ask",
        request=AskShape,
        parameters=[IDEMPOTENCY_KEY],
        answers={202: QuestionShape},
        refusals=[*BODY, 403, 422],
    )
    def post(self, request: Request) -> Response:
        """Stores the question and queues its first run. Watch it at `runs/{id}/events/`.

        With an `Idempotency-Key` that was used before, the same body returns the first question
        with the header `Idempotent-Replayed: true`; another body is refused (422).
        """
        key = request.headers.get("Idempotency-Key")
        submitted = _submit(self, request.data, key)
        [shape] = shapes_of([submitted.question])
        return Response(shape, status=202, headers=_headers(submitted))

    def _require_known(self, slug: str | None) -> None:
        if slug and slug not in {workspace.slug for workspace in access.workspaces_of(self.user)}:
            sentence = _("There is no such workspace for you.")
            raise InvalidInput.of("workspace", "unknown", sentence)


class QuestionBatch(ApiView):
    """Asking many questions at once."""

    @operation(
        "questions_submit_batch",
        "Ask up to 100 questions",
        request=BatchShape,
        parameters=[IDEMPOTENCY_KEY],
        answers={202: BatchResultsShape, 207: BatchResultsShape},
        refusals=BODY,
    )
    def post(self, request: Request) -> Response:
        """Each question stands alone: it is stored whole, or refused with its problem.

        202 when every one was accepted, 207 when some or all were refused. An `Idempotency-Key`
        counts for each place in the list (`key#0`, `key#1`, ...): a batch can be sent again.
        """
        key = request.headers.get("Idempotency-Key")
        items = self.body(BatchShape)["questions"]
        results = [self._ask(item, f"{key}#{i}" if key else None) for i, item in enumerate(items)]
        accepted = [result for result in results if isinstance(result, Submitted)]
        shapes = iter(shapes_of([submitted.question for submitted in accepted]))
        body = [_result(i, result, shapes) for i, result in enumerate(results)]
        status = 202 if len(accepted) == len(items) else 207
        return Response({"results": body}, status=status)

    def _ask(self, item: Any, key: str | None) -> Submitted | problems.Problem:
        try:
            return _submit(self, item, key)
        except (AuditError, ValidationError) as error:
            problems.remember(error, self)
            return problems.problem_of(error)


class QuestionDetail(ApiView):
    """One question."""

    @operation(
        "questions_read",
        "Read a question, its runs and its decision",
        answers={200: QuestionShape},
        refusals=[404],
    )
    def get(self, request: Request, pk: Any) -> Response:
        """The traces are read at `traces/{id}/`."""
        question = access.readable_question(self.user, pk)
        return Response(shapes_of([question])[0])


class QuestionEvidence(ApiView):
    """Everything of one question's record."""

    @operation(
        "questions_evidence",
        "Download the evidence",
        answers={200: {"type": "object", "additionalProperties": True}},
        refusals=[403, 404, 409],
    )
    def get(self, request: Request, pk: Any) -> Response:
        """The canonical document of every act, with each text and its salt, to be checked offline.

        Refused (409) when a stored row is not what was recorded. The download is remembered.
        """
        self.question = access.readable_question(self.user, pk)
        evidence = exports.evidence_of(user=self.user, question=self.question, place=Place.API)
        name = f'attachment; filename="evidence-{pk}.json"'
        return Response(evidence, headers={"Content-Disposition": name})


def _submit(view: ApiView, body: Any, key: str | None) -> Submitted:
    asked = Asked(**read(AskShape, body))
    submitted = questions.submit(user=view.user, asked=asked, idempotency_key=key)
    if submitted.created:
        tasks.dispatch(submitted.run.pk)
    return submitted


def _headers(submitted: Submitted) -> dict[str, str]:
    address = reverse("api:question", args=[submitted.question.pk])
    replayed = {} if submitted.created else {"Idempotent-Replayed": "true"}
    return {"Location": address, **replayed}


def _result(index: int, result: Submitted | problems.Problem, shapes: Any) -> dict[str, Any]:
    if isinstance(result, problems.Problem):
        status, question, problem = result.status, None, result.body()
    else:
        status, question, problem = 202, next(shapes), None
    return {"index": index, "status": status, "question": question, "problem": problem}
