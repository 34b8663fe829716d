"""Reviewing and signing: who may, with what, bound to which record."""

import pytest

from reasoning.core.errors import (
    AccountLocked,
    CannotBeApproved,
    Conflict,
    IntegrityMismatch,
    InvalidInput,
    Refused,
    SubmitterCannotDecide,
    WrongCredentials,
)
from reasoning.models import (
    AuditEvent,
    Decision,
    Entry,
    Membership,
    ReviewClaim,
    Role,
)
from reasoning.services import access, claims, questions, review
from tests.conftest import PASSWORD


def sign(people, trace, user="reviewer", **changes):
    fields = {
        "meaning": "approved",
        "rationale": "The sum is right.",
        "password": PASSWORD,
        "document_sha256_shown": review.document_sha256(trace),
    }
    seen = access.readable_trace(people[user], trace.pk)
    return review.sign(user=people[user], trace=seen, **{**fields, **changes})


@pytest.mark.parametrize("meaning", ["approved", "rejected", "sent_back"])
def test_a_decision_is_bound_to_the_record(people, trace, meaning):
    anew = "And by how much?" if meaning == "sent_back" else ""
    decision = sign(people, trace, meaning=meaning, asked_anew=anew)
    stored = Decision.objects.get(pk=decision.pk)
    assert stored.trace_document_sha256 == review.document_sha256(trace)
    assert stored.actor_name == "Claire Fontaine"
    assert str(trace.pk) in stored.statement
    assert stored.trace_document_sha256 in stored.statement
    assert Entry.objects.filter(subject_id=decision.pk, kind="decision.signed").exists()
    assert trace.run.question.state.status == meaning


def test_the_submitter_cannot_decide(people, trace):
    Membership.objects.create(
        user=people["analyst"], workspace=trace.run.question.workspace, role=Role.REVIEWER
    )
    with pytest.raises(SubmitterCannotDecide, match="independent reviewer must decide"):
        sign(people, trace, user="analyst")
    assert not Decision.objects.exists()


@pytest.mark.parametrize("user", ["analyst2", "auditor"])
def test_other_roles_cannot_decide(people, trace, user):
    with pytest.raises(Refused):
        sign(people, trace, user=user)
    assert not Decision.objects.exists()


def test_a_wrong_password_signs_nothing(people, trace):
    with pytest.raises(WrongCredentials):
        sign(people, trace, password="wrong")
    assert not Decision.objects.exists()


def test_five_wrong_passwords_lock_the_account(people, trace):
    for _ in range(5):
        with pytest.raises(WrongCredentials):
            sign(people, trace, password="wrong")
    with pytest.raises(AccountLocked):
        sign(people, trace)
    assert AuditEvent.objects.filter(action="account_locked").count() == 1
    assert not Decision.objects.exists()


def test_a_right_password_forgets_the_wrong_ones(people, trace):
    with pytest.raises(WrongCredentials):
        sign(people, trace, password="wrong")
    sign(people, trace)
    people["reviewer"].refresh_from_db()
    assert people["reviewer"].failed_credentials == 0


@pytest.mark.parametrize("meaning", ["", "maybe", None])
def test_a_meaning_must_be_chosen(people, trace, meaning):
    with pytest.raises(InvalidInput) as caught:
        sign(people, trace, meaning=meaning)
    assert caught.value.fields[0].field == "meaning"


@pytest.mark.parametrize("rationale", ["", "  ", "a\x00b"])
def test_a_rationale_is_needed(people, trace, rationale):
    with pytest.raises(InvalidInput) as caught:
        sign(people, trace, rationale=rationale)
    assert caught.value.fields[0].field == "rationale"


def test_a_defective_trace_can_be_rejected_and_not_approved(people, answered):
    trace = answered("<think>\nno end")
    with pytest.raises(CannotBeApproved):
        sign(people, trace)
    assert sign(people, trace, meaning="rejected").meaning == "rejected"


def test_another_hash_than_the_one_shown_aborts(people, trace):
    with pytest.raises(IntegrityMismatch):
        sign(people, trace, document_sha256_shown="0" * 64)
    assert not Decision.objects.exists()


def test_a_second_decision_is_refused(people, trace):
    sign(people, trace)
    with pytest.raises(Conflict):
        sign(people, trace, user="reviewer2")
    assert Decision.objects.count() == 1


def test_an_older_trace_cannot_be_decided(people, trace, submitted, answered):
    questions.ask_again(user=people["analyst"], question=submitted.question, pins={})
    with pytest.raises(Conflict):
        sign(people, trace)


def test_signing_ends_the_claim(people, trace):
    claims.claim(user=people["reviewer"], trace=trace)
    sign(people, trace)
    assert not ReviewClaim.objects.exists()
