"""Notes on traces: anchored by quote and position, answered, resolved; never edited."""

from uuid import UUID

from django.db import transaction

from reasoning.core.errors import FieldError, InvalidInput, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import text_problem
from reasoning.models import AnnotatedPart, Annotation, Role, Trace, User
from reasoning.services import access
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record
from reasoning.services.labels import labels_of

NOTE_LIMIT = 10_000
LABEL_LIMIT = 40
AROUND = 32
"""Characters kept on either side of a quote, by which it is found again in another text."""


@transaction.atomic
def annotate(
    *,
    user: User,
    trace: Trace,
    part: str,
    start: int = 0,
    end: int = 0,
    note: str,
    label: str = "",
    reply_to: UUID | None = None,
    resolves: bool = False,
) -> Annotation:
    """Put a note on a span (code points, end exclusive) of the thinking or the summary.

    ``label`` is one of the workspace's; ``resolves`` closes the thread of the note replied to.
    """
    roles = access.roles_of(user, trace.run.question.workspace_id)
    if not roles & {Role.REVIEWER, Role.ANALYST}:
        raise Refused(_("Auditors read; they do not annotate."))
    problems = [
        problem
        for problem in (
            text_problem("note", note, limit=NOTE_LIMIT),
            _label_problem(trace, label),
            _span_problem(trace, part, start, end),
            _reply_problem(trace, reply_to, resolves),
        )
        if problem
    ]
    if problems:
        raise InvalidInput(fields=problems)
    text = _part_text(trace, part)
    annotation = Annotation(
        trace=trace,
        question_id=trace.question_id,
        part=part,
        start=start,
        end=end,
        quote=text[start:end],
        prefix=text[max(start - AROUND, 0) : start],
        suffix=text[end : end + AROUND],
        note=note,
        label=label,
        reply_to_id=reply_to,
        resolves=resolves,
    )
    record(actor_of(user), annotation)
    return annotation


def _part_text(trace: Trace, part: str) -> str:
    texts = {AnnotatedPart.THINKING: trace.thinking, AnnotatedPart.SUMMARY: trace.summary}
    return next((text or "" for name, text in texts.items() if name == part), "")


def _label_problem(trace: Trace, label: str) -> FieldError | None:
    problem = text_problem("label", label, limit=LABEL_LIMIT, blank=True)
    if problem or not label or label in labels_of(trace.run.question.workspace):
        return problem
    return FieldError("label", "unknown", _("This is not one of the workspace's labels."))


def _span_problem(trace: Trace, part: str, start: int, end: int) -> FieldError | None:
    if part not in AnnotatedPart.values:
        return FieldError("part", "unknown", _("Must be thinking, summary or whole."))
    length = len(_part_text(trace, part))
    whole = part == AnnotatedPart.WHOLE and start == end == 0
    if whole or 0 <= start < end <= length:
        return None
    sentence = _("The span must lie within the %(length)s characters of this part.")
    return FieldError("start", "out_of_range", sentence, {"length": length})


def _reply_problem(trace: Trace, reply_to: UUID | None, resolves: bool) -> FieldError | None:
    if reply_to is None:
        sentence = _("Only a reply to a note can resolve it.")
        return FieldError("resolves", "no_reply", sentence) if resolves else None
    if trace.annotations.filter(pk=reply_to).exists():
        return None
    return FieldError("reply_to", "unknown", _("There is no such note on this trace."))
