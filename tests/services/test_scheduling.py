"""Which run is next: priority, fairness, limits, and places on engines."""

import re
from datetime import timedelta

import pytest
from django.db import connection

from reasoning.core.errors import EngineBusy, EngineUnavailable, InvalidInput
from reasoning.models import Attempt, Deployment, Gate, RunState, StreamLimit, Workspace
from reasoning.services import clock, gates, questions, scheduling, seeding
from tests import approving
from tests.conftest import deployment_columns

FIRST, SECOND = "http://127.0.0.1:9", "http://127.0.0.1:10"


@pytest.fixture
def ask(people, registered):
    """A run that was asked so many seconds ago."""

    def submit(workspace="finance", *, age=0, user="analyst", **fields):
        asked = questions.Asked(workspace=workspace, text="Why?", **fields)
        run = questions.submit(user=people[user], asked=asked).run
        RunState.objects.filter(pk=run.pk).update(queued_at=clock.now() - timedelta(seconds=age))
        return run

    return submit


def take():
    claim = scheduling.take_next(worker="test:1")
    return claim.run if claim else None


def taken():
    """Every run that may be taken, in order; none of them ends."""
    return list(iter(take, None))


def finish(run):
    RunState.objects.filter(pk=run.pk).update(status="finished")


# Order ------------------------------------------------------------------------------------------


def test_an_empty_queue(db):
    assert take() is None
    assert not scheduling.anything()


def test_the_oldest_is_next_whatever_woke_the_worker(ask):
    young, old = ask(age=1), ask(age=9)
    assert scheduling.anything()
    assert taken() == [old, young]


def test_who_takes_a_run_knows_whether_others_wait(ask):
    ask(), ask()
    claims = [scheduling.take_next(worker="test:1") for _run in range(2)]
    assert [claim.others for claim in claims] == [True, False]


def test_a_higher_priority_goes_first(ask):
    usual, urgent = ask("finance", age=99), ask("legal", priority=4)
    low = ask("legal", age=99, priority=1)
    RunState.objects.filter(pk=usual.pk).update(priority=3)
    assert taken() == [urgent, usual, low]


def test_a_long_queue_does_not_hold_up_the_other_workspaces(ask):
    crowd = [ask("finance", age=100 - number) for number in range(4)]
    legal, health = ask("legal", age=2), ask("healthcare", age=1)
    assert taken() == [crowd[0], legal, health, *crowd[1:]]


def test_also_where_there_is_one_worker_only(ask):
    """Nothing is in flight when the next is chosen: workspaces take turns all the same."""
    crowd = [ask("finance", age=100 - number) for number in range(3)]
    legal = [ask("legal", age=2), ask("legal", age=1)]
    found = []
    while run := take():
        Workspace.objects.filter(pk=run.question.workspace_id).update(
            served_at=clock.now() + timedelta(seconds=len(found))
        )
        finish(run)
        found.append(run)
    assert found == [crowd[0], legal[0], crowd[1], legal[1], crowd[2]]


def test_a_workspace_of_twice_the_weight_gets_twice_as_much(ask):
    Workspace.objects.filter(slug="finance").update(weight=2)
    for number in range(4):
        ask("finance", age=100 - number)
        ask("legal", age=50 - number)
    first = [run.question.workspace.slug for run in [take() for _ in range(6)]]
    assert sorted(first) == ["finance"] * 4 + ["legal"] * 2


def test_what_is_not_due_waits_without_holding_up_the_rest(ask):
    later, now = ask(age=9), ask(age=1)
    RunState.objects.filter(pk=later.pk).update(not_before=clock.now() + timedelta(seconds=9))
    assert taken() == [now]


def test_the_choice_reads_no_more_of_a_long_queue(ask):
    """By the plan: every access to the queue goes through an index. Which one, statistics sway."""
    ask()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute("EXPLAIN " + scheduling._NEXT, {"runs": 0, "streams": 0})
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan on reasoning_runstate" not in plan
    through = r"Index (?:Only )?Scan (?:Backward )?using \w+ on reasoning_runstate"
    assert len(re.findall(through, plan)) >= 3, plan


# Limits -----------------------------------------------------------------------------------------


def test_a_workspace_has_no_more_in_flight_than_its_limit(ask):
    Workspace.objects.filter(slug="finance").update(run_limit=2)
    runs = [ask("finance", age=100 - number) for number in range(3)]
    legal = ask("legal")
    assert set(taken()) == {*runs[:2], legal}
    finish(runs[0])
    assert taken() == runs[2:]


def test_a_deployment_has_no_more_streams_than_its_limit(ask, registered):
    StreamLimit.objects.create(deployment=registered.deployment, streams=1)
    first, second = ask("finance", age=9), ask("legal", age=1)
    assert taken() == [first]
    finish(first)
    assert taken() == [second]


def test_limits_where_none_are_set_and_none_at_all(ask, settings):
    settings.RUNS_PER_WORKSPACE = 1
    settings.STREAMS_PER_DEPLOYMENT = 2
    for age in range(3):
        ask("finance", age=age)
        ask("legal", age=age)
    assert len(taken()) == 2
    settings.STREAMS_PER_DEPLOYMENT = 0
    assert taken() == []
    Workspace.objects.update(run_limit=0)
    assert len(taken()) == 4


@pytest.mark.parametrize("user", ["analyst", "admin"])
def test_priority_beyond_the_workspaces_is_for_its_administrators(ask, people, user):
    people["admin"].memberships.create(
        workspace=Workspace.objects.get(slug="finance"), role="analyst"
    )
    if user == "admin":
        assert ask(priority=9, user=user).state.priority == 9
        return
    with pytest.raises(InvalidInput) as caught:
        ask(priority=6, user=user)
    [problem] = caught.value.fields
    assert (problem.field, problem.code) == ("priority", "not_allowed")
    Workspace.objects.filter(slug="finance").update(highest_priority=6)
    assert ask(priority=6, user=user)


# Places -----------------------------------------------------------------------------------------


@pytest.fixture
def replicas(registered):
    """The deployment in a new version with two addresses."""
    columns = deployment_columns(replicas=[SECOND])
    deployment = seeding.seed_deployment(columns)
    approving.allow(deployment)
    return deployment


def place():
    return scheduling.take_next(worker="test:1").attempt.base_url


def test_the_replica_with_the_fewest_streams_is_taken(ask, replicas):
    runs = [ask(age=9 - number) for number in range(4)]
    assert [place(), place()] == [FIRST, SECOND]
    finish(runs[0])
    assert [place(), place()] == [FIRST, FIRST]


def test_the_record_says_which_replica_was_asked(ask, replicas):
    ask(), ask()
    place(), place()
    assert [a.base_url for a in Attempt.objects.order_by("id")] == [FIRST, SECOND]
    assert [a.facts()["base_url"] for a in Attempt.objects.order_by("id")] == [FIRST, SECOND]


def test_documents_of_before_there_were_replicas_stay_the_same(registered):
    assert "replicas" not in registered.deployment.facts()
    assert "base_url" not in Attempt(number=1).facts()
    many = Deployment(**deployment_columns(replicas=[SECOND]))
    assert many.facts()["replicas"] == [SECOND]


def test_documents_of_before_there_were_fingerprints_stay_the_same(registered):
    assert "fingerprints" not in registered.deployment.facts()
    named = Deployment(**deployment_columns(fingerprints=["one"]))
    assert named.facts()["fingerprints"] == ["one"]


def test_a_replica_that_is_away_is_passed_over(ask, replicas):
    gates.shut(base_url=FIRST, error=EngineUnavailable(), probe=False)
    for _ in range(3):
        ask()
    assert [place(), place(), place()] == [SECOND] * 3


# Back-pressure ----------------------------------------------------------------------------------


def full(base_url=FIRST, **options):
    gates.shut(base_url=base_url, error=EngineBusy(**options), probe=False)


def let_time_pass(seconds=gates.LONGEST_PAUSE):
    gate = Gate.objects.get()
    gate.closed_until -= timedelta(seconds=seconds)
    gate.save()


def test_a_full_engine_is_given_what_it_holds_and_no_more(ask):
    runs = [ask(age=9 - number) for number in range(6)]
    assert [take() for _ in range(3)] == runs[:3]
    full()  # said of the third
    RunState.objects.filter(pk=runs[2].pk).update(status="queued")
    assert Gate.objects.get().room == 2
    assert take() is None
    finish(runs[0])
    assert taken() == [runs[2]]


def test_after_the_pause_one_run_is_risked(ask):
    for _ in range(3):
        ask()
    full()
    let_time_pass()
    probe = scheduling.take_next(worker="test:1")
    assert probe.probe
    assert take() is None
    gates.accepted(FIRST)
    assert Gate.objects.get().room == 1
    assert scheduling.take_next(worker="test:1").probe


def test_each_failed_probe_makes_the_pause_longer_up_to_a_limit(ask):
    pauses = []
    for _ in range(6):
        gates.shut(base_url=FIRST, error=EngineBusy(), probe=True)
        pauses.append(Gate.objects.get().pause_seconds)
    assert pauses == [1, 2, 4, 8, 15, 15]
    gates.accepted(FIRST)
    assert Gate.objects.get().pause_seconds == gates.FIRST_PAUSE


def test_many_refusals_at_once_are_one(ask):
    for _ in range(9):
        full()
    assert Gate.objects.get().pause_seconds == gates.FIRST_PAUSE


def test_the_engines_own_word_counts(db):
    full(retry_after=30)
    assert Gate.objects.get().closed_until >= clock.now() + timedelta(seconds=30)


def test_an_old_gate_says_nothing(ask):
    run = ask()
    full()
    let_time_pass(gates.FORGOTTEN_SECONDS + 5)
    claim = scheduling.take_next(worker="test:1")
    assert (claim.run, claim.probe) == (run, False)
    full()
    assert Gate.objects.get().pause_seconds == gates.FIRST_PAUSE


def test_before_an_engine_that_was_away_no_run_is_risked(ask):
    run = ask()
    gates.shut(base_url=FIRST, error=EngineUnavailable(), probe=False)
    let_time_pass()
    choice, claim = scheduling._take("test:1")
    assert (choice.run_id, choice.needs_knock, claim) == (run.pk, True, None)
    assert take() is None
    gates.open_again(FIRST)
    assert take() == run


def test_another_version_at_the_same_address_has_the_same_gate(ask, registered):
    newer = seeding.seed_deployment(deployment_columns(window=100_000))
    approving.allow(newer)
    full()
    ask()
    assert take() is None
