"""The reaper: lost attempts become labelled traces, and their runs go back to the queue."""

from datetime import timedelta

import psycopg
import pytest
from django.conf import settings

from reasoning.core.token_ids import unpack
from reasoning.models import (
    Action,
    AuditEvent,
    Ending,
    PartialOutput,
    Place,
    QuestionState,
    QuestionStatus,
    RunState,
    RunStatus,
    Trace,
)
from reasoning.services import clock, halts, leases, questions, recovery, scheduling, traces
from reasoning.services.leases import Fragment
from reasoning.services.traces import Arrived, Outcome
from tests.conftest import whole


@pytest.fixture(scope="module", autouse=True)
def up_for_long(postgres):
    """PostgreSQL has been up for the time of a lease: before that none counts as lost."""
    left = "EXTRACT(epoch FROM pg_postmaster_start_time() - now()) + %s"
    with psycopg.connect(postgres.url("postgres", "postgres")) as server:
        server.execute(f"SELECT pg_sleep(greatest(0, {left}))", [settings.LEASE_SECONDS])


@pytest.fixture
def lost(submitted):
    """A claimed run whose worker has died after a few words."""
    mine = leases.claim(run_id=submitted.run.pk, worker="dead:1")
    key = (mine.run.pk, 1)
    leases.renew({key: (mine.attempt, Fragment(0, "<think>\nTwo ", (1, 2)))})
    leases.renew({key: (mine.attempt, Fragment(1, "and two", (3,)))})
    expire(submitted.run)
    return mine


def expire(run):
    RunState.objects.filter(pk=run.pk).update(lease_until=clock.now() - timedelta(seconds=1))


def test_the_partial_text_is_evidence_and_the_run_is_queued_again(lost):
    (stored,) = recovery.recover_lost()
    trace = Trace.objects.get(pk=stored.trace.pk)
    assert trace.ending == Ending.WORKER_LOST
    assert trace.raw_text == "<think>\nTwo and two"
    assert trace.thinking == "\nTwo and two"
    assert unpack(bytes(trace.output_token_ids)) == [1, 2, 3]
    assert trace.fidelity == "raw_ids"
    assert trace.findings.filter(severity="blocking").exists()
    assert RunState.objects.get(pk=lost.run.pk).status == RunStatus.QUEUED
    assert not PartialOutput.objects.exists()


def test_ids_that_may_have_gaps_are_not_kept(lost):
    lost.run.deployment.engine = "llama_cpp"
    outcome = Outcome(lost, Ending.WORKER_LOST, None, None)
    trace = traces.store(outcome, Arrived("<think>a", (1, 2))).trace
    assert (trace.fidelity, bytes(trace.output_token_ids)) == ("raw_text", b"")


def test_it_is_recovered_once(lost):
    assert len(recovery.recover_lost()) == 1
    assert recovery.recover_lost() == []
    assert Trace.objects.filter(run=lost.run).count() == 1


def test_nothing_is_lost_before_leases_could_be_renewed_after_a_restart(lost, monkeypatch):
    monkeypatch.setattr(settings, "LEASE_SECONDS", 10_000_000)
    assert recovery.recover_lost() == []
    assert RunState.objects.get(pk=lost.run.pk).status == RunStatus.RUNNING


def test_the_dead_worker_coming_back_stores_nothing(lost):
    recovery.recover_lost()
    outcome = Outcome(lost, Ending.FINISHED, None, whole("late"))
    assert traces.store(outcome, Arrived("late", ())) is None
    assert Trace.objects.filter(run=lost.run).count() == 1


def test_the_next_attempt_answers_it(lost):
    recovery.recover_lost()
    again = leases.claim(run_id=lost.run.pk, worker="alive:2")
    assert again.attempt.number == 2
    stored = traces.store(
        Outcome(again, Ending.FINISHED, None, whole("<think>a</think>b")), Arrived("", ())
    )
    assert stored.status == RunStatus.FINISHED
    assert [t.ending for t in Trace.objects.order_by("attempt__number")] == [
        Ending.WORKER_LOST,
        Ending.FINISHED,
    ]


def test_a_live_lease_is_left_alone(submitted):
    leases.claim(run_id=submitted.run.pk, worker="alive:1")
    assert recovery.recover_lost() == []


def test_the_last_attempt_fails_the_run(lost, settings):
    settings.MAX_ATTEMPTS = 1
    (stored,) = recovery.recover_lost()
    assert stored.status == RunStatus.FAILED
    assert RunState.objects.get(pk=lost.run.pk).run.question.state.status == "failed"


def test_a_cancelled_run_whose_worker_died_is_cancelled(lost):
    RunState.objects.filter(pk=lost.run.pk).update(cancel_requested_at=clock.now())
    (stored,) = recovery.recover_lost()
    assert stored.status == RunStatus.CANCELLED


def test_a_recovered_run_is_next_before_what_was_asked_later(lost, people):
    recovery.recover_lost()
    later = questions.Asked(workspace="finance", text="And then?")
    questions.submit(user=people["analyst"], asked=later)
    assert scheduling.take_next(worker="alive:2").run == lost.run


def test_a_run_is_given_up_at_its_deadline(submitted):
    RunState.objects.update(deadline=clock.now() - timedelta(seconds=1))
    assert scheduling.take_next(worker="alive:1") is None
    assert recovery.give_up() == [submitted.run.pk]
    assert recovery.give_up() == []
    assert RunState.objects.get(pk=submitted.run.pk).status == RunStatus.FAILED
    state = QuestionState.objects.get(pk=submitted.question.pk)
    assert state.status == QuestionStatus.FAILED
    event = AuditEvent.objects.get(action=Action.GAVE_UP)
    assert (event.subject_id, event.question_id) == (submitted.run.pk, submitted.question.pk)


def test_stopped_work_has_no_deadline(submitted, people):
    RunState.objects.update(deadline=clock.now() - timedelta(seconds=1))
    halts.stop(user=people["admin"], reason="Looking into it.", place=Place.PAGE)
    assert recovery.give_up() == []
