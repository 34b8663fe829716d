"""Deciding by the workspace's policy: who may, with what, how often; and taking it back."""

from datetime import timedelta

import pytest

from reasoning.core import canonical
from reasoning.core.errors import (
    AlreadySigned,
    AnswerWithheld,
    Conflict,
    IntegrityMismatch,
    InvalidInput,
    NotFound,
    Recused,
    Refused,
    SubmitterCannotDecide,
    TrainingMissing,
)
from reasoning.models import (
    Decision,
    Entry,
    Membership,
    PreliminaryView,
    Recusal,
    ReviewClaim,
    Role,
    TrainingRecord,
)
from reasoning.services import (
    access,
    claims,
    decisions,
    export_requests,
    exports,
    follow_ups,
    integrity,
    policies,
    preliminary,
    questions,
    queue,
    recusals,
    review,
    searching,
    training,
    withholding,
)
from reasoning.services.decisions import Progress
from reasoning.services.evidence import record
from tests.conftest import PASSWORD


@pytest.fixture
def policy(people, workspace):
    """Change finance's policy."""

    def change(**wanted):
        policies.change(user=people["admin"], workspace=workspace, reason="Audit.", **wanted)

    return change


@pytest.fixture
def sign(people, trace):
    """Sign as somebody, who has seen the record as it is now."""

    def act(name="reviewer", meaning="approved", **more):
        return review.sign(
            user=people[name],
            trace=access.trace_to_review(people[name], trace.pk),
            meaning=meaning,
            rationale="The sum is right.",
            password=PASSWORD,
            document_sha256_shown=review.document_sha256(trace),
            **more,
        )

    return act


@pytest.fixture
def withdraw(people):
    def act(name, decision, **changes):
        seen = Decision.objects.get(pk=decision.pk)
        seen.trace = access.trace_to_review(people[name], decision.trace_id)
        shown = review.document_sha256(seen.trace)
        wish = {"reason": "I had misread it.", "password": PASSWORD, "shown": shown, **changes}
        return review.withdraw(user=people[name], decision=seen, **wish)

    return act


def status(trace):
    trace.run.question.state.refresh_from_db()
    return trace.run.question.state.status


def facts_of(row):
    return canonical.decode(bytes(Entry.objects.get(subject_id=row.pk).document))["facts"]


def fields_of(caught):
    return [problem.field for problem in caught.value.fields]


# Several approvals ------------------------------------------------------------------------------


def test_so_many_different_people_must_approve(policy, sign, trace, people):
    policy(approvals=2)
    first = sign()
    assert (status(trace), decisions.progress_of(trace)) == ("in_review", Progress(1, 2))
    assert facts_of(first)["approvals_required"] == 2
    assert not decisions.is_approved(trace)
    with pytest.raises(AlreadySigned):
        sign()
    assert queue.take_next(user=people["reviewer"], wanted=queue.Wanted()) is None
    assert queue.take_next(user=people["reviewer2"], wanted=queue.Wanted()) == trace
    sign("reviewer2")
    assert (status(trace), decisions.progress_of(trace)) == ("approved", Progress(2, 2))
    assert decisions.is_approved(trace)
    assert integrity.mismatches(trace.decisions.all()) == []


@pytest.mark.parametrize("meaning", ["rejected", "sent_back"])
def test_one_other_verdict_decides_at_once(policy, sign, withdraw, trace, meaning):
    policy(approvals=3)
    sign()
    other = sign("reviewer2", meaning, asked_anew="Why?" if meaning == "sent_back" else "")
    assert status(trace) == meaning
    withdraw("reviewer2", other)
    assert (status(trace), decisions.progress_of(trace)) == ("in_review", Progress(1, 3))


def test_a_milder_policy_does_not_lessen_what_was_signed_under(policy, sign, trace):
    policy(approvals=2)
    sign()
    policy(approvals=1)
    assert decisions.progress_of(trace) == Progress(1, 2)
    sign("reviewer2")
    assert status(trace) == "approved"


def test_a_newer_run_starts_unsigned(sign, trace, submitted, answered, people):
    sign(meaning="rejected")
    questions.ask_again(user=people["analyst"], question=submitted.question, pins={})
    assert trace.decisions.count() == 1
    assert status(trace) == "queued"
    assert decisions.latest(submitted.question).trace_id == trace.pk


# Independence -----------------------------------------------------------------------------------


def test_whoever_asked_for_a_run_does_not_decide(sign, people, submitted, trace):
    room = submitted.question.workspace
    Membership.objects.create(user=people["analyst2"], workspace=room, role=Role.REVIEWER)
    questions.ask_again(user=people["analyst2"], question=submitted.question, pins={})
    with pytest.raises(SubmitterCannotDecide, match="asked for a run"):
        sign("analyst2")
    assert not Decision.objects.exists()


def test_who_has_a_conflict_keeps_out_of_the_whole_record(sign, people, trace):
    reviewer = people["reviewer"]
    claims.claim(user=reviewer, trace=trace)
    row = recusals.recuse(user=reviewer, trace=trace, reason="My brother's account.")
    assert integrity.mismatches([row]) == []
    assert not ReviewClaim.objects.exists()
    with pytest.raises(NotFound):
        access.readable_trace(reviewer, trace.pk)
    assert queue.find(user=reviewer, wanted=queue.Wanted(scope=queue.ALL)).reviews == []
    assert searching.find(user=reviewer, facets=searching.Facets()).found == []
    with pytest.raises(Recused):
        claims.claim(user=reviewer, trace=trace)
    with pytest.raises(InvalidInput):
        export_requests.ask(user=reviewer, scope=export_requests.Scope(workspace="finance"))
    assert reviewer not in claims.successors(user=people["reviewer2"], question=trace.run.question)
    assert sign_as_other(people, trace).meaning == "approved"


def sign_as_other(people, trace):
    return review.sign(
        user=people["reviewer2"],
        trace=access.readable_trace(people["reviewer2"], trace.pk),
        meaning="approved",
        rationale="Right.",
        password=PASSWORD,
        document_sha256_shown=review.document_sha256(trace),
    )


def test_keeping_out_needs_a_reason_and_is_not_for_who_has_signed(policy, sign, people, trace):
    policy(approvals=2)
    with pytest.raises(InvalidInput):
        recusals.recuse(user=people["reviewer"], trace=trace, reason=" ")
    sign()
    with pytest.raises(Conflict, match="Withdraw your signature"):
        recusals.recuse(user=people["reviewer"], trace=trace, reason="My brother.")
    assert not Recusal.objects.exists()


def test_the_statement_on_conflicts_is_part_of_what_is_signed(policy, sign):
    policy(conflict_statement=True)
    for meaning in ("approved", "rejected"):
        with pytest.raises(InvalidInput) as caught:
            sign(meaning=meaning)
        assert fields_of(caught) == ["no_conflict"]
    assert not Decision.objects.exists()
    decision = sign(no_conflict=True)
    assert "I have no conflict of interest" in decision.statement
    assert facts_of(decision)["no_conflict"] is True


# Checklist, sending back, statements ------------------------------------------------------------


@pytest.mark.parametrize("answers", [(), ("yes", ""), ("yes", "perhaps"), ("yes",), ("yes",) * 3])
def test_nothing_is_approved_before_the_checklist_is_answered(policy, sign, trace, answers):
    policy(checklist=["Figures checked.", "Sources read."])
    with pytest.raises(InvalidInput):
        sign(answers=answers)
    assert not Decision.objects.exists()
    assert status(trace) == "in_review"


def test_the_answers_are_part_of_the_decision(policy, sign):
    policy(checklist=["Figures checked.", "Sources read."])
    decision = sign(answers=("yes", "not_applicable"))
    assert facts_of(decision)["checklist"] == [
        {"statement": "Figures checked.", "answer": "yes"},
        {"statement": "Sources read.", "answer": "not_applicable"},
    ]
    assert facts_of(decision)["policy_version"] == 2


def test_who_rejects_answers_what_they_want_to(policy, sign):
    policy(checklist=["Figures checked.", "Sources read."])
    decision = sign(meaning="rejected", answers=("no", ""))
    assert [line["answer"] for line in facts_of(decision)["checklist"]] == ["no", ""]


@pytest.mark.parametrize(("meaning", "anew"), [("sent_back", " "), ("approved", "And why?")])
def test_a_new_question_belongs_to_sending_back(sign, meaning, anew):
    with pytest.raises(InvalidInput) as caught:
        sign(meaning=meaning, asked_anew=anew)
    assert fields_of(caught) == ["asked_anew"]
    assert not Decision.objects.exists()


def test_a_statement_is_signed_in_the_language_of_the_policy(policy, sign, settings):
    settings.LANGUAGES = [("en", "English"), ("fr", "French")]
    with pytest.raises(InvalidInput):
        policy(statement_language="xx")
    policy(statement_language="fr")
    decision = sign(meaning="sent_back", asked_anew="Et pourquoi ?")
    assert facts_of(decision)["statement_language"] == decision.statement_language == "fr"
    assert decision.trace_document_sha256 in decision.statement
    assert integrity.mismatches([decision]) == []


def test_decisions_of_the_first_form_stay_as_they_were(people, trace):
    """As migration 0016 leaves them; and nothing can be filled in beside their documents."""
    old = Decision(
        form=1,
        trace=trace,
        question_id=trace.question_id,
        meaning="approved",
        rationale="Right.",
        statement="I sign.",
        signer_role="reviewer",
        authentication_method="password",
        trace_document_sha256=review.document_sha256(trace),
        asked_anew=None,
    )
    record(people["reviewer"].actor(), old)
    assert set(facts_of(old)) == {
        "trace_id",
        "question_id",
        "meaning",
        "signer_role",
        "authentication_method",
        "trace_document_sha256",
    }
    assert integrity.mismatches([old]) == []
    for name, value in {"no_conflict": True, "asked_anew": "Why?", "checklist": ["x"]}.items():
        seen = Decision.objects.get(pk=old.pk)
        setattr(seen, name, value)
        seen.answers = ["yes"] * len(seen.checklist)
        assert [found.where for found in integrity.differences([seen])] == [name]


# Withdrawing ------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["reviewer", "reviewer2"])
def test_a_decision_is_withdrawn_by_a_new_signature(sign, withdraw, trace, who):
    decision = sign()
    taken_back = withdraw(who, decision)
    assert status(trace) == "in_review"
    assert str(decision.pk) in taken_back.statement
    assert facts_of(taken_back)["withdraws_id"] == str(decision.pk)
    assert integrity.mismatches(trace.decisions.all()) == []
    assert decisions.latest(trace.run.question) is None
    assert follow_ups.require_answer(trace.run.question) == trace
    assert [one.meaning for one in decisions.of_trace(trace)] == ["approved", "withdrawn"]
    with pytest.raises(Conflict, match="withdrawn before"):
        withdraw(who, decision)
    with pytest.raises(Conflict):
        withdraw(who, taken_back)
    sign()
    assert status(trace) == "approved"


@pytest.mark.parametrize(
    ("name", "changes", "error"),
    [
        ("reviewer", {"reason": " "}, InvalidInput),
        ("reviewer", {"password": "guess"}, Refused),
        ("reviewer", {"shown": "0" * 64}, IntegrityMismatch),
        ("analyst", {}, Refused),
    ],
    ids=["reason", "password", "record", "submitter"],
)
def test_what_stands_against_a_withdrawal(sign, withdraw, trace, name, changes, error):
    decision = sign()
    with pytest.raises(error):
        withdraw(name, decision, **changes)
    assert Decision.objects.count() == 1
    assert status(trace) == "approved"


# Training ---------------------------------------------------------------------------------------


def test_only_who_is_trained_decides(policy, sign, people, workspace):
    policy(training=True)
    with pytest.raises(TrainingMissing):
        sign()

    def trained(ends):
        return training.remember(
            user=people["admin"],
            workspace=workspace,
            person=people["reviewer"],
            course="Reviewing",
            completed_on=training.today() - timedelta(days=9),
            expires_on=ends,
        )

    today = training.today()
    row = trained(today - timedelta(days=1))
    assert integrity.mismatches([row]) == []
    with pytest.raises(TrainingMissing):
        sign()
    trained(today)
    assert training.is_current(user=people["reviewer"], workspace=workspace)
    trained(today - timedelta(days=2))
    assert not training.is_current(user=people["reviewer"], workspace=workspace)
    assert not Decision.objects.exists()
    trained(None)
    assert sign().meaning == "approved"


def test_training_is_recorded_by_administrators_and_never_for_oneself(people, workspace):
    day = training.today()
    wish = {"workspace": workspace, "course": "Reviewing", "completed_on": day}
    with pytest.raises(Refused):
        training.remember(user=people["reviewer"], person=people["reviewer2"], **wish)
    Membership.objects.create(user=people["admin"], workspace=workspace, role=Role.REVIEWER)
    with pytest.raises(Refused, match="their own"):
        training.remember(user=people["admin"], person=people["admin"], **wish)
    early = day - timedelta(days=1)
    for wrong, name in (
        ({"person": people["auditor"]}, "person"),
        ({"course": " "}, "course"),
        ({"completed_on": None}, "completed_on"),
        ({"completed_on": day + timedelta(days=1)}, "completed_on"),
        ({"expires_on": early}, "expires_on"),
    ):
        with pytest.raises(InvalidInput) as caught:
            training.remember(
                user=people["admin"], **{**wish, "person": people["reviewer"], **wrong}
            )
        assert fields_of(caught) == [name]
    assert not TrainingRecord.objects.exists()


# A view of one's own first ----------------------------------------------------------------------


def test_the_answer_is_withheld_until_the_reviewer_has_said_what_they_think(
    policy, sign, people, trace
):
    policy(preliminary_view=True)
    reviewer, question = people["reviewer"], trace.run.question
    for look in (
        lambda: access.readable_trace(reviewer, trace.pk),
        lambda: exports.evidence_of(user=reviewer, question=question, place="page"),
        lambda: export_requests.ask(user=reviewer, scope=export_requests.Scope()),
        sign,
    ):
        with pytest.raises(AnswerWithheld):
            look()
    found = searching.find(user=reviewer, facets=searching.Facets()).found
    assert {one.kind for one in found} == {"question"}
    for name in ("analyst", "auditor"):
        assert access.readable_trace(people[name], trace.pk) == trace
    seen = access.trace_to_review(reviewer, trace.pk)
    with pytest.raises(InvalidInput):
        preliminary.say(user=reviewer, trace=seen, view=" ")
    with pytest.raises(Refused):
        preliminary.say(user=people["auditor"], trace=seen, view="Four.")
    view = preliminary.say(user=reviewer, trace=seen, view="It must be four.")
    with pytest.raises(Conflict):
        preliminary.say(user=reviewer, trace=seen, view="Or five.")
    assert PreliminaryView.objects.get().view == "It must be four."
    assert integrity.mismatches([view]) == []
    assert access.readable_trace(reviewer, trace.pk) == trace
    assert withholding.awaited(user=people["reviewer2"], question=question) == question
    assert facts_of(sign())["preliminary_view_id"] == str(view.pk)
    assert access.readable_trace(people["reviewer2"], trace.pk) == trace


def test_an_answer_that_a_follow_up_carries_is_withheld_with_it(policy, people, trace):
    asked = questions.Asked(workspace="finance", text="Why?", case_reference="AML-7")
    policy(preliminary_view=True)
    later = questions.submit(
        user=people["analyst"],
        asked=questions.Asked(**{**vars(asked), "follows": trace.question_id}),
    ).question
    record(
        people["reviewer"].actor(), PreliminaryView(trace=trace, question=later, view="Because.")
    )
    assert withholding.awaited(user=people["reviewer"], question=later) == trace.run.question
    with pytest.raises(AnswerWithheld):
        withholding.require_all_revealed(people["reviewer"], [later.pk])
