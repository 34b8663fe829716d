"""Claims: one reviewer at a time, for a while."""

from datetime import timedelta

import pytest

from reasoning.core.errors import Conflict, InvalidInput, Refused
from reasoning.models import AuditEvent, Membership, Role
from reasoning.services import claims, clock, questions, review
from tests.services.test_review import sign


def test_a_claim_keeps_others_out(people, trace):
    claims.claim(user=people["reviewer"], trace=trace)
    with pytest.raises(Conflict, match="Claire Fontaine"):
        claims.claim(user=people["reviewer2"], trace=trace)
    with pytest.raises(Conflict, match="Claire Fontaine"):
        sign(people, trace, user="reviewer2")


def test_an_expired_claim_is_taken_over(people, trace, settings):
    settings.REVIEW_CLAIM_MINUTES = -1
    claims.claim(user=people["reviewer"], trace=trace)
    settings.REVIEW_CLAIM_MINUTES = 30
    assert claims.claim(user=people["reviewer2"], trace=trace).reviewer == people["reviewer2"]


def test_a_claim_is_prolonged_and_recorded_once(people, trace, settings):
    first = claims.claim(user=people["reviewer"], trace=trace).expires_at
    settings.REVIEW_CLAIM_MINUTES = 60
    assert claims.claim(user=people["reviewer"], trace=trace).expires_at > first
    assert AuditEvent.objects.filter(action="claimed").count() == 1


def test_an_older_trace_is_not_claimed(people, trace, submitted, answered):
    questions.ask_again(user=people["analyst"], question=submitted.question, pins={})
    with pytest.raises(Conflict):
        claims.claim(user=people["reviewer"], trace=trace)
    trace.run.question.state.refresh_from_db()
    assert claims.obstacle(user=people["reviewer"], trace=trace).status == 409


def test_only_the_holder_hands_over(people, trace):
    with pytest.raises(Conflict):
        hand_over(people, trace)
    claims.claim(user=people["reviewer"], trace=trace)
    held = hand_over(people, trace)
    assert (held.reviewer, held.handed_by) == (people["reviewer2"], people["reviewer"])
    assert held.expires_at > clock.now() + timedelta(hours=1)
    with pytest.raises(Conflict):
        hand_over(people, trace)


def test_nobody_hands_over_to_one_who_cannot_decide(people, trace):
    room = trace.run.question.workspace
    Membership.objects.create(user=people["analyst"], workspace=room, role=Role.REVIEWER)
    claims.claim(user=people["reviewer"], trace=trace)
    for name in ("analyst", "auditor", "reviewer"):
        with pytest.raises(InvalidInput):
            hand_over(people, trace, to=name)
    assert claims.holder(trace).reviewer == people["reviewer"]


def test_a_decided_question_is_not_claimed(people, trace):
    sign(people, trace)
    with pytest.raises(Conflict):
        claims.claim(user=people["reviewer2"], trace=trace)


def test_analysts_claim_nothing(people, trace):
    with pytest.raises(Refused):
        claims.claim(user=people["analyst2"], trace=trace)
    assert review.latest_trace_id(trace.run.question) == trace.run.question.state.trace_id


def hand_over(people, trace, to="reviewer2"):
    return claims.hand_over(
        user=people["reviewer"], trace=trace, to=people[to], reason="I know the client."
    )
