"""Signing a decision on a trace."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from reasoning.core.errors import (
    CannotBeApproved,
    Conflict,
    IntegrityMismatch,
    InvalidInput,
)
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import (
    Decision,
    Entry,
    Evidence,
    Finding,
    Meaning,
    Question,
    QuestionState,
    QuestionStatus,
    ReviewClaim,
    Role,
    Severity,
    Trace,
    User,
)
from reasoning.services import clock, credentials, finding_words, integrity, policies
from reasoning.services.audit import actor_of
from reasoning.services.claims import require_independent_reviewer
from reasoning.services.evidence import record

RATIONALE_LIMIT = 10_000


def statement_for(*, user: User, trace: Trace, meaning: str, document_sha256: str) -> str:
    """The sentence a signer signs, in the reader's language, shown in full before signing."""
    return gettext(
        "I, %(name)s, have read the record %(trace)s (SHA-256 %(digest)s) and sign it as: "
        "%(meaning)s. This signature is the equivalent of my handwritten signature."
    ) % {
        "name": user.get_full_name(),
        "trace": trace.pk,
        "digest": document_sha256,
        "meaning": Meaning(meaning).label,
    }


def document_sha256(trace: Trace) -> str:
    """The hash of the trace's recorded document: what a signature is bound to."""
    return bytes(Entry.objects.get(subject_id=trace.pk).document_sha256).hex()


def sign(
    *,
    user: User,
    trace: Trace,
    meaning: str,
    rationale: str,
    password: str,
    document_sha256_shown: str,
    code: str = "",
) -> Decision:
    """Sign a decision on a trace, with the password entered anew, and with a one-time code where
    the workspace's policy demands one.

    Raises Refused (wrong role, submitter, locked, wrong password, defective trace),
    IntegrityMismatch when the record is not the one shown, Conflict when it is already decided.
    """
    require_independent_reviewer(user, trace)
    _check_form(meaning, rationale)
    with_code = code_is_required(trace)
    credentials.require(user=user, password=password, code=code, with_code=with_code)
    with transaction.atomic():
        require_signable(user, trace, meaning, rationale, document_sha256_shown)
        method = "password and code" if with_code else "password"
        return conclude(user, draft(user, trace, meaning, rationale, method))


def code_is_required(trace: Trace) -> bool:
    """Whether signing with a password needs a one-time code too in this workspace."""
    return policies.policy_of(trace.run.question.workspace).second_factor


def _check_form(meaning: str, rationale: str) -> None:
    if meaning not in Meaning.values:
        raise InvalidInput.of("meaning", "required", _("Choose what your signature means."))
    require_text("rationale", rationale, limit=RATIONALE_LIMIT)


def require_signable(user: User, trace: Trace, meaning: str, rationale: str, shown: str) -> None:
    """Raise what stands against this decision now; holds the question for the transaction.

    ``shown`` is the hash of the trace's document as the signer has seen it.
    """
    require_independent_reviewer(user, trace)
    _check_form(meaning, rationale)
    state = QuestionState.objects.select_for_update().get(pk=trace.question_id)
    _require_decidable(user, trace, state)
    if meaning == Meaning.APPROVED:
        _require_approvable(trace)
    integrity.require_intact(_record_of(trace))
    if document_sha256(trace) != shown:
        raise IntegrityMismatch(_("The record changed since it was shown. Nothing was signed."))


def draft(user: User, trace: Trace, meaning: str, rationale: str, method: str) -> Decision:
    """A decision that is not stored yet; ``method`` says how the signer proves who they are."""
    digest = document_sha256(trace)
    return Decision(
        trace=trace,
        question_id=trace.question_id,
        meaning=meaning,
        rationale=rationale,
        statement=statement_for(user=user, trace=trace, meaning=meaning, document_sha256=digest),
        signer_role=Role.REVIEWER,
        authentication_method=method,
        trace_document_sha256=digest,
    )


def conclude(user: User, decision: Decision) -> Decision:
    """Store the decision and what follows from it, within the caller's transaction."""
    record(actor_of(user), decision)
    QuestionState.objects.filter(pk=decision.question_id).update(
        status=QuestionStatus(decision.meaning), updated_at=decision.recorded_at
    )
    ReviewClaim.objects.filter(trace=decision.trace_id).delete()
    return decision


def _require_decidable(user: User, trace: Trace, state: QuestionState) -> None:
    if state.status != QuestionStatus.IN_REVIEW or trace.decisions.exists():
        raise Conflict(_("This question is not waiting for a decision."))
    if trace.pk != latest_trace_id(trace.run.question):
        raise Conflict(_("There is a newer trace for this question. Decide on that one."))
    held = ReviewClaim.objects.select_related("reviewer").filter(trace=trace).first()
    if held and held.reviewer_id != user.pk and held.expires_at > clock.now():
        raise Conflict(_("%(name)s is reviewing this now."), name=held.reviewer.get_full_name())


def _require_approvable(trace: Trace) -> None:
    blocking = trace.findings.filter(severity=Severity.BLOCKING).first()
    if blocking:
        raise CannotBeApproved(reason=finding_words.sentence_of(blocking))
    if not trace.complete:
        raise CannotBeApproved(reason=gettext("it is not complete."))


def _record_of(trace: Trace) -> list[Evidence]:
    findings: list[Finding] = list(trace.findings.all())
    return [trace.run.question, trace.run, trace.attempt, trace, *findings]


def latest_trace_id(question: Question) -> UUID | None:
    """The trace under decision: of the question's last run, its last attempt."""
    return (
        Trace.objects.filter(run__question=question)
        .order_by("-run__number", "-attempt__number")
        .values_list("pk", flat=True)
        .first()
    )
