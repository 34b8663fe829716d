"""Follow-up questions: what they may go on from, and the conversation that they carry.

A run pins the trace that it goes on from, and that trace's run the one before it, so that what is
carried can be found again for ever.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from reasoning.core.errors import FieldError, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.prompts import EarlierTurns, Exchange
from reasoning.models import (
    READING_ROLES,
    Ending,
    Meaning,
    PromptVersion,
    Question,
    Run,
    Trace,
    User,
    Workspace,
)
from reasoning.services import decisions


def followed(
    user: User, named: object, workspace: Workspace | None, case: object, problems: list[FieldError]
) -> Question | None:
    """The question that is named as followed, if this person may go on from it in this case."""
    if named is None:
        return None
    identifier = _identifier(named)
    if identifier is None:
        problems.append(FieldError("follows", "malformed", _("Must be the id of a question.")))
        return None
    found = Question.objects.visible_to(user, READING_ROLES).filter(pk=identifier).first()
    if found is None:
        sentence = _("There is no such question for you.")
        problems.append(FieldError("follows", "unknown", sentence))
        return None
    if workspace is not None and found.workspace_id != workspace.pk:
        sentence = _("A follow-up is asked in the workspace of the question that it follows.")
        problems.append(FieldError("workspace", "other_workspace", sentence))
    if isinstance(case, str) and case.strip() != (found.case_reference or ""):
        sentence = _("A follow-up belongs to the case of the question that it follows.")
        problems.append(FieldError("case_reference", "other_case", sentence))
    return found


@dataclass(frozen=True)
class Chain:
    """Where a question stands in its conversation: what it follows, from which answer, and what
    follows it. ``answer_id`` is a trace's."""

    previous: Question | None
    answer_id: UUID | None
    following: list[Question]


def chain_of(run: Run) -> Chain:
    """The questions before and after that of a run, and the answer that the run goes on from."""
    question = run.question
    following = question.followed_by.select_related("state").order_by("recorded_at", "id")
    return Chain(question.follows, run.follows_trace_id, list(following))


def has_answer(question: Question) -> bool:
    """Whether there is a finished answer to go on from."""
    return Trace.objects.filter(run__question=question, ending=Ending.FINISHED).exists()


def require_answer(question: Question) -> Trace:
    """The answer to go on from: the approved one if there is any, else the latest finished.

    Raises InvalidInput about ``follows`` while there is none.
    """
    finished = Trace.objects.filter(run__question=question, ending=Ending.FINISHED)
    newest = ("-run__number", "-attempt__number")
    signed = finished.filter(decisions__meaning=Meaning.APPROVED).distinct().order_by(*newest)
    approved = next((trace for trace in signed if decisions.is_approved(trace)), None)
    found = approved or finished.order_by(*newest).first()
    if found is None:
        sentence = _("This question has no finished answer to go on from.")
        raise InvalidInput.of("follows", "unanswered", sentence)
    return found


def followers(questions: Iterable[UUID]) -> dict[UUID, list[UUID]]:
    """The follow-up questions to each of these, in the order in which they were asked."""
    found: dict[UUID, list[UUID]] = defaultdict(list)
    rows = Question.objects.filter(follows__in=list(questions)).order_by("recorded_at", "id")
    for followed_id, identifier in rows.values_list("follows_id", "id"):
        found[followed_id].append(identifier)
    return found


def carried(trace_id: UUID | None, prompt: PromptVersion) -> list[Exchange]:
    """The conversation up to a trace, oldest first, as far as the prompt version carries it.

    Raises InvalidInput about ``follows`` when a text of it was erased or says nothing.
    """
    found: list[Exchange] = []
    if prompt.earlier_turns == EarlierTurns.NONE:
        return found
    while trace_id is not None:
        trace = _parts().get(pk=trace_id)
        found.append(_exchange(trace))
        trace_id = trace.run.follows_trace_id
    return found[::-1]


def carried_by(run: Run) -> list[Exchange]:
    """What a run carries of the conversation before it."""
    return carried(run.follows_trace_id, run.prompt_version)


def _parts() -> QuerySet[Trace]:
    return Trace.objects.select_related("run__question").only(
        "thinking", "summary", "run__follows_trace", "run__question__text"
    )


def _exchange(trace: Trace) -> Exchange:
    question, thinking, summary = trace.run.question.text, trace.thinking, trace.summary
    if question is None or thinking is None or summary is None:
        sentence = _("A text of the earlier conversation was erased.")
        raise InvalidInput.of("follows", "erased", sentence)
    if not summary.strip():
        sentence = _("An answer of the earlier conversation has no summary to go on from.")
        raise InvalidInput.of("follows", "no_summary", sentence)
    return Exchange(question, thinking, summary)


def _identifier(named: object) -> UUID | None:
    """An id as the API gives it: a UUID, or its text."""
    if isinstance(named, UUID):
        return named
    try:
        found = UUID(named) if isinstance(named, str) else None
    except ValueError:
        return None
    return found if found is not None and str(found) == named else None
