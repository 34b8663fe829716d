"""Notices: each kind for whom it concerns, not for who did it, nor for who may not read it."""

from datetime import timedelta
from importlib import import_module

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test.utils import CaptureQueriesContext

from reasoning.core.errors import InvalidInput
from reasoning.models import (
    Ending,
    Membership,
    Place,
    Preference,
    QuestionState,
    Role,
    RunState,
    Workspace,
)
from reasoning.services import (
    annotating,
    claims,
    clock,
    leases,
    notices,
    policies,
    questions,
    recovery,
    recusals,
    review,
    runs,
    traces,
)
from reasoning.services.traces import Arrived, Outcome
from tests.conftest import PASSWORD, whole
from tests.services.test_listing import multiply
from tests.services.test_review import sign

EVERYBODY = ("analyst", "analyst2", "reviewer", "reviewer2", "auditor", "admin")


@pytest.fixture
def told(people, pass_time):
    """The kinds of notices of a person, newest first; time passes first."""

    def kinds(name):
        pass_time()
        return [str(one.kind) for one in notices.find(user=people[name]).notices]

    return kinds


@pytest.fixture
def ask_again(people, submitted, pass_time):
    def again(name):
        pass_time()
        Membership.objects.get_or_create(
            user=people[name], workspace=submitted.question.workspace, role=Role.ANALYST
        )
        return questions.ask_again(user=people[name], question=submitted.question, pins={})

    return again


def withdraw(people, name, decision):
    return review.withdraw(
        user=people[name],
        decision=decision,
        reason="I was wrong.",
        password=PASSWORD,
        shown=review.document_sha256(decision.trace),
    )


def nobody_else_is_told(told, *concerned):
    assert {name: told(name) for name in EVERYBODY if name not in concerned} == {
        name: [] for name in EVERYBODY if name not in concerned
    }


# To who asked -----------------------------------------------------------------------------------


def test_nothing_is_said_of_what_one_did_oneself(people, told, submitted):
    nobody_else_is_told(told)
    runs.cancel(user=people["analyst"], run=submitted.run, place=Place.PAGE)
    nobody_else_is_told(told)


def test_an_answer_is_told_to_who_asked(people, told, trace):
    [notice] = notices.find(user=people["analyst"]).notices
    assert notice.kind == "answered"
    assert notice.moment == trace.recorded_at
    assert notice.actor_name == ""
    assert notice.question.pk == trace.question_id
    assert notice.excerpt.startswith("Combien font deux")
    nobody_else_is_told(told, "analyst")


def test_a_failure_is_told(people, told, submitted):
    claim = leases.claim(run_id=submitted.run.pk, worker="test:1")
    assert traces.store(Outcome(claim, Ending.REFUSED, None, whole("")), Arrived("", ()))
    assert told("analyst") == ["failed"]
    nobody_else_is_told(told, "analyst")


def test_giving_up_is_a_failure(people, told, submitted):
    RunState.objects.update(deadline=clock.now() - timedelta(seconds=1))
    assert recovery.give_up() == [submitted.run.pk]
    assert told("analyst") == ["failed"]


@pytest.mark.parametrize("meaning", ["approved", "rejected", "sent_back"])
def test_a_decision_is_told_with_its_signer(people, told, trace, pass_time, meaning):
    pass_time()
    sign(people, trace, meaning=meaning, asked_anew="More?" if meaning == "sent_back" else "")
    [notice] = notices.find(user=people["analyst"]).notices
    assert (notice.kind, notice.actor_name) == (meaning, "Claire Fontaine")
    nobody_else_is_told(told, "analyst")


def test_an_approval_of_several_is_not_told_as_the_decision(people, workspace, told, trace):
    policies.change(user=people["admin"], workspace=workspace, reason="Audit.", approvals=2)
    sign(people, trace)
    assert told("analyst") == ["approved_once"]
    sign(people, trace, user="reviewer2")
    assert told("analyst") == ["approved"]


def test_another_run_is_told_to_who_asked_until_it_is_over(people, told, trace, ask_again):
    run = ask_again("analyst2")
    [notice] = notices.find(user=people["analyst"]).notices
    assert (notice.kind, notice.moment) == ("asked_again", run.recorded_at)
    assert notice.actor_name == people["analyst2"].get_full_name()
    leases.claim(run_id=run.pk, worker="test:1")
    assert told("analyst") == ["asked_again"]
    nobody_else_is_told(told, "analyst")


def test_a_run_of_ones_own_is_no_news(told, trace, ask_again):
    assert told("analyst") == ["answered"]
    ask_again("analyst")
    assert told("analyst") == []


def test_a_run_that_another_cancelled_is_told(people, told, submitted, pass_time):
    pass_time()
    runs.cancel(user=people["analyst2"], run=submitted.run, place=Place.API)
    [notice] = notices.find(user=people["analyst"]).notices
    assert notice.kind == "cancelled"
    assert notice.actor_name == people["analyst2"].get_full_name()


# To who reviews ---------------------------------------------------------------------------------


def test_a_withdrawal_is_told_to_who_asked_and_to_who_had_signed(people, told, trace, pass_time):
    decision = sign(people, trace)
    pass_time()
    withdraw(people, "reviewer2", decision)
    assert told("analyst") == ["withdrawn"]
    assert told("reviewer") == ["decision_withdrawn"]
    nobody_else_is_told(told, "analyst", "reviewer")


def test_who_withdraws_their_own_is_not_told(people, told, trace, pass_time):
    decision = sign(people, trace)
    pass_time()
    withdraw(people, "reviewer", decision)
    assert told("analyst") == ["withdrawn"]
    nobody_else_is_told(told, "analyst")


def test_a_run_after_a_decision_is_told_to_who_decided(people, told, trace, ask_again):
    sign(people, trace)
    ask_again("analyst")
    [notice] = notices.find(user=people["reviewer"]).notices
    assert notice.kind == "decided_asked_again"
    assert notice.actor_name == people["analyst"].get_full_name()
    nobody_else_is_told(told, "reviewer")


def test_a_review_handed_over_is_told_while_it_is_held(people, told, trace, pass_time):
    claims.claim(user=people["reviewer"], trace=trace)
    assert told("reviewer") == []
    claims.hand_over(
        user=people["reviewer"], trace=trace, to=people["reviewer2"], reason="On leave."
    )
    handed_at = clock.now()
    pass_time()
    [notice] = notices.find(user=people["reviewer2"]).notices
    assert (notice.kind, notice.moment, notice.trace_id) == ("handed_over", handed_at, trace.pk)
    assert notice.actor_name == "Claire Fontaine"
    nobody_else_is_told(told, "analyst", "reviewer2")
    claims.release(user=people["reviewer2"], trace=trace)
    assert told("reviewer2") == []


@pytest.mark.parametrize(("resolves", "kind"), [(False, "replied"), (True, "resolved")])
def test_a_reply_is_told_to_whose_note_it_answers(people, told, trace, pass_time, resolves, kind):
    note = annotating.annotate(user=people["reviewer"], trace=trace, part="whole", note="Hm.")
    pass_time()
    for name in ("analyst2", "reviewer"):
        answer = {"part": "whole", "note": "Well.", "reply_to": note.pk, "resolves": resolves}
        annotating.annotate(user=people[name], trace=trace, **answer)
    [notice] = notices.find(user=people["reviewer"]).notices
    assert (notice.kind, notice.trace_id) == (kind, trace.pk)
    assert notice.actor_name == people["analyst2"].get_full_name()
    nobody_else_is_told(told, "analyst", "reviewer")


# What they may still see ------------------------------------------------------------------------


@pytest.fixture
def all_told(people, trace, pass_time, ask_again, told):
    """Somebody is told of each of these: who asked, who signed and noted, who was handed over."""
    note = annotating.annotate(user=people["reviewer"], trace=trace, part="whole", note="Hm.")
    decision = sign(people, trace)
    pass_time()
    withdraw(people, "reviewer2", decision)
    annotating.annotate(
        user=people["analyst2"], trace=trace, part="whole", note="Well.", reply_to=note.pk
    )
    ask_again("analyst2")
    assert told("analyst") == ["asked_again"]
    assert told("reviewer") == ["decided_asked_again", "replied", "decision_withdrawn"]


def test_who_has_left_the_workspace_is_told_nothing(people, told, all_told):
    left = Membership.objects.filter(workspace__slug="finance")
    for name in ("analyst", "reviewer"):
        left.filter(user=people[name]).delete()
        assert told(name) == []


def test_a_role_without_reading_is_not_enough(people, told, all_told):
    finance = Membership.objects.filter(workspace__slug="finance")
    for name in ("analyst", "reviewer"):
        finance.filter(user=people[name]).delete()
        room = Workspace.objects.get(slug="finance")
        Membership.objects.create(user=people[name], workspace=room, role=Role.ADMINISTRATOR)
        assert told(name) == []


def test_a_review_is_told_to_reviewers_only(people, told, trace):
    claims.claim(user=people["reviewer"], trace=trace)
    claims.hand_over(user=people["reviewer"], trace=trace, to=people["reviewer2"], reason="Leave.")
    assert told("reviewer2") == ["handed_over"]
    Membership.objects.filter(user=people["reviewer2"], role=Role.REVIEWER).delete()
    assert told("reviewer2") == []


def test_who_keeps_out_is_told_nothing_more(people, told, trace, pass_time):
    note = annotating.annotate(user=people["reviewer"], trace=trace, part="whole", note="Hm.")
    pass_time()
    annotating.annotate(
        user=people["analyst2"], trace=trace, part="whole", note="Well.", reply_to=note.pk
    )
    assert told("reviewer") == ["replied"]
    recusals.recuse(user=people["reviewer"], trace=trace, reason="A relative.")
    assert told("reviewer") == []


# New, pages and cost ----------------------------------------------------------------------------


def new(people, name="analyst", limit=10):
    preference = Preference.objects.filter(user=people[name]).first()
    since = preference.notices_seen_at if preference else None
    return notices.count_new(user=people[name], since=since or notices.NEVER, limit=limit)


def test_what_was_seen_is_not_new(people, trace, pass_time):
    assert new(people) == 1
    assert notices.look(user=people["analyst"]) == notices.NEVER
    assert new(people) == 0
    looked = clock.now()
    pass_time()
    sign(people, trace)
    assert new(people) == 1
    assert notices.look(user=people["analyst"]) == looked
    assert new(people) == 0
    assert len(notices.find(user=people["analyst"]).notices) == 1


def test_looking_leaves_other_preferences_alone(people, trace):
    Preference.objects.create(user=people["analyst"], single_keys=False, language="fr")
    notices.look(user=people["analyst"])
    kept = Preference.objects.get(user=people["analyst"])
    assert (kept.single_keys, kept.language, kept.notices_seen_at) == (False, "fr", clock.now())


def test_what_was_before_there_were_notices_is_new_to_nobody(people, trace):
    migration = import_module("reasoning.migrations.0033_notices_from_the_start")
    came = MigrationRecorder.Migration.objects.get(app="reasoning", name="0031_notices").applied
    Preference.objects.create(user=people["analyst"], single_keys=False)
    looked = Preference.objects.create(user=people["reviewer"], notices_seen_at=clock.now())
    with connection.cursor() as cursor:
        cursor.execute(migration.SEEN)
    assert new(people) == 1
    QuestionState.objects.update(news_at=came)
    assert len(notices.find(user=people["analyst"]).notices) == 1
    assert new(people) == 0
    kept = {one.user_id: one for one in Preference.objects.all()}
    assert kept.keys() == {person.pk for person in people.values()}
    assert not kept[people["analyst"].pk].single_keys
    assert kept[looked.user_id].notices_seen_at == looked.notices_seen_at


def test_pages_follow_each_other_without_gaps(people, trace, pass_time):
    """Also where several happened at the same time."""
    multiply(trace.run.question, 6)
    note = annotating.annotate(user=people["analyst"], trace=trace, part="whole", note="Hm.")
    for _number in range(3):
        pass_time()
        annotating.annotate(
            user=people["reviewer"], trace=trace, part="whole", note="Well.", reply_to=note.pk
        )
    whole_list = notices.find(user=people["analyst"])
    found, cursor = [], ""
    for _page in range(4):
        page = notices.find(user=people["analyst"], cursor=cursor, size=3)
        found += page.notices
        cursor = page.cursor
    assert cursor == ""
    assert whole_list.cursor == ""
    key = [(one.moment, one.kind, one.question.pk) for one in found]
    assert key == [(one.moment, one.kind, one.question.pk) for one in whole_list.notices]
    assert len(key) == 10
    assert new(people, limit=4) == 4


def test_a_cursor_of_elsewhere_is_refused(people):
    with pytest.raises(InvalidInput):
        notices.find(user=people["analyst"], cursor="elsewhere")


def test_a_page_reads_as_much_as_it_shows(people, trace):
    """Of thousands of own questions it reads the beginning of an index, whatever there is."""
    multiply(trace.run.question, 3000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE reasoning_questionstate")
    with CaptureQueriesContext(connection) as queries:
        assert new(people) == 10
        assert len(notices.find(user=people["analyst"], size=5).notices) == 5
    statements = [one["sql"] for one in queries if "WITH signed" in one["sql"]]
    assert len(statements) == 2
    for statement in statements:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, BUFFERS) {statement}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "news_of_asker" in plan, plan
        assert "Seq Scan on reasoning_questionstate" not in plan, plan
