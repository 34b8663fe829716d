"""Signing: a decision on a trace, or the withdrawal of one."""

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext

from reasoning.core.errors import CannotBeApproved, Conflict, IntegrityMismatch, NotFound
from reasoning.core.errors import gettext_noop as _
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
from reasoning.services import (
    clock,
    credentials,
    decisions,
    finding_words,
    integrity,
    policies,
    preliminary,
    reviewers,
    withholding,
)
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record
from reasoning.services.statements import Statement, statement_for
from reasoning.services.wishes import Wish, require_complete

REVIEWED = (
    QuestionStatus.IN_REVIEW,
    QuestionStatus.APPROVED,
    QuestionStatus.REJECTED,
    QuestionStatus.SENT_BACK,
)
"""Where a question can be while the signatures on its newest trace say where it stands."""


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
    answers: tuple[str, ...] = (),
    no_conflict: bool = False,
    asked_anew: str = "",
) -> Decision:
    """Sign a decision on a trace, with the password entered anew, and with a one-time code where
    the workspace's policy demands one.

    ``answers`` are those to the policy's checklist, ``no_conflict`` the statement that it may ask
    for, ``asked_anew`` the question of who sends back. Raises Refused (not an independent, trained
    reviewer; signed before; no view of one's own yet; locked, wrong credentials, defective trace),
    InvalidInput for what the policy asks for and is missing, IntegrityMismatch when the record is
    not the one shown, Conflict when it is already decided.
    """
    wish = Wish(meaning, rationale, document_sha256_shown, tuple(answers), no_conflict, asked_anew)
    return sign_with_password(user=user, trace=trace, wish=wish, password=password, code=code)


def withdraw(
    *, user: User, decision: Decision, reason: str, password: str, shown: str, code: str = ""
) -> Decision:
    """Sign that a decision counts no more, as its signer or another independent reviewer; the
    question goes back to review. Credentials and errors as in ``sign``."""
    wish = withdrawal_of(decision, reason=reason, shown=shown)
    return sign_with_password(
        user=user, trace=decision.trace, wish=wish, password=password, code=code
    )


def withdrawal_of(decision: Decision, *, reason: str, shown: str) -> Wish:
    """The wish to withdraw a decision."""
    return Wish(Meaning.WITHDRAWN, reason, shown, withdraws=str(decision.pk))


def sign_with_password(
    *, user: User, trace: Trace, wish: Wish, password: str, code: str = ""
) -> Decision:
    """Sign what is wished; see ``sign`` and ``withdraw``."""
    reviewers.require_independent(user, trace.run.question)
    policy = policies.policy_of(trace.run.question.workspace)
    require_complete(wish, policy)
    with_code = policy.second_factor
    credentials.require(user=user, password=password, code=code, with_code=with_code)
    with transaction.atomic():
        require_signable(user, trace, wish)
        method = "password and code" if with_code else "password"
        return conclude(user, draft(user, trace, wish, method))


def code_is_required(trace: Trace) -> bool:
    """Whether signing with a password needs a one-time code too in this workspace."""
    return policies.policy_of(trace.run.question.workspace).second_factor


def require_signable(user: User, trace: Trace, wish: Wish) -> None:
    """Raise what stands against this signature now; holds the question for the transaction."""
    state = QuestionState.objects.select_for_update().get(pk=trace.question_id)
    rows = _record_of(trace)
    if wish.withdraws:
        rows.append(_require_withdrawable(user, trace, wish))
    else:
        reviewers.require_eligible(user, trace)
        _require_decidable(user, trace, state)
        withholding.require_revealed(user, trace.run.question)
    require_complete(wish, policies.policy_of(trace.run.question.workspace))
    if wish.meaning == Meaning.APPROVED:
        _require_approvable(trace)
    integrity.require_intact(rows)
    if document_sha256(trace) != wish.shown:
        raise IntegrityMismatch(_("The record changed since it was shown. Nothing was signed."))


def draft(user: User, trace: Trace, wish: Wish, method: str) -> Decision:
    """A decision that is not stored yet; ``method`` says how the signer proves who they are."""
    policy = policies.policy_of(trace.run.question.workspace)
    statement = statement_of(user, trace, wish)
    view = preliminary.view_of(user=user, question=trace.run.question)
    return Decision(
        trace=trace,
        question_id=trace.question_id,
        meaning=wish.meaning,
        rationale=wish.rationale,
        statement=statement.text,
        statement_language=statement.language,
        signer_role=Role.REVIEWER,
        authentication_method=method,
        trace_document_sha256=wish.shown,
        policy_version=policy.version,
        approvals_required=policy.approvals,
        checklist=list(policy.checklist) if wish.answers else [],
        answers=list(wish.answers),
        no_conflict=wish.no_conflict,
        asked_anew=wish.asked_anew,
        preliminary_view=view,
        withdraws_id=UUID(wish.withdraws) if wish.withdraws else None,
    )


def statement_of(user: User, trace: Trace, wish: Wish) -> Statement:
    """What is signed with this wish, in full."""
    withdrawn = _withdrawn(trace, wish) if wish.withdraws else None
    return statement_for(
        user=user, trace=trace, meaning=wish.meaning, digest=wish.shown, withdrawn=withdrawn
    )


def conclude(user: User, decision: Decision) -> Decision:
    """Store the decision and what follows from it, within the caller's transaction, which holds the
    question."""
    record(actor_of(user), decision)
    trace = decision.trace
    policy = policies.policy_of(trace.run.question.workspace)
    QuestionState.objects.filter(pk=decision.question_id, trace=trace, status__in=REVIEWED).update(
        status=decisions.status_of(trace, policy.approvals),
        updated_at=decision.recorded_at,
        news_at=decision.recorded_at,
    )
    ReviewClaim.objects.filter(trace=trace, reviewer=user).delete()
    return decision


def _require_decidable(user: User, trace: Trace, state: QuestionState) -> None:
    if state.status != QuestionStatus.IN_REVIEW:
        raise Conflict(_("This question is not waiting for a decision."))
    if trace.pk != latest_trace_id(trace.run.question):
        raise Conflict(_("There is a newer trace for this question. Decide on that one."))
    held = ReviewClaim.objects.select_related("reviewer").filter(trace=trace).first()
    if held and held.reviewer_id != user.pk and held.expires_at > clock.now():
        raise Conflict(_("%(name)s is reviewing this now."), name=held.reviewer.get_full_name())


def _require_withdrawable(user: User, trace: Trace, wish: Wish) -> Decision:
    """The decision to be withdrawn, which stands; its signer, or an independent reviewer, may."""
    reviewers.require_independent(user, trace.run.question)
    decision = _withdrawn(trace, wish)
    if not Decision.objects.standing().filter(pk=decision.pk).exists():
        raise Conflict(_("This decision was withdrawn before, or is itself a withdrawal."))
    return decision


def _withdrawn(trace: Trace, wish: Wish) -> Decision:
    decision = trace.decisions.filter(pk=wish.withdraws).first()
    if decision is None:
        raise NotFound
    return decision


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
