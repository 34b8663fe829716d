"""Leases: one worker at a time, renewed together, fenced off when lost."""

from datetime import timedelta

from reasoning.models import Attempt, Entry, PartialOutput, RunState, RunStatus
from reasoning.services import clock, leases
from reasoning.services.leases import Fragment


def claim(run, worker="host:1"):
    return leases.claim(run_id=run.pk, worker=worker)


def test_a_queued_run_is_claimed_once(submitted):
    assert claim(submitted.run).attempt.number == 1
    assert claim(submitted.run, "host:2") is None


def test_a_claim_records_the_attempt(submitted):
    attempt = claim(submitted.run).attempt
    entry = Entry.objects.get(subject_id=attempt.pk)
    assert (entry.kind, entry.record_id) == ("attempt.started", submitted.question.pk)
    assert Attempt.objects.get(pk=attempt.pk).actor_name == "host:1"


def test_a_run_that_is_not_due_is_left_alone(submitted):
    later = clock.now() + timedelta(minutes=1)
    RunState.objects.filter(pk=submitted.run.pk).update(not_before=later)
    assert claim(submitted.run) is None


def test_an_unknown_run_is_no_run(db, submitted):
    assert leases.claim(run_id=submitted.question.pk, worker="host:1") is None


def test_renewing_keeps_the_lease_and_what_has_arrived(submitted):
    mine = claim(submitted.run)
    key = (mine.run.pk, 1)
    before = RunState.objects.get(pk=mine.run.pk).lease_until
    fragment = Fragment(sequence=0, text="Two and ", token_ids=(7, 8))
    (beat,) = leases.renew({key: (mine.attempt, fragment)})
    assert (beat.run_id, beat.fence) == (mine.run.pk, 1)
    assert (beat.renewed, beat.cancel) == (True, False)
    assert RunState.objects.get(pk=mine.run.pk).lease_until > before
    assert PartialOutput.objects.get(attempt=mine.attempt).text == "Two and "


def test_characters_that_no_text_can_hold_cost_nobody_a_lease(submitted):
    mine = claim(submitted.run)
    fragment = Fragment(sequence=0, text="a\x00b\ud800c", token_ids=())
    (beat,) = leases.renew({(mine.run.pk, 1): (mine.attempt, fragment)})
    assert beat.renewed
    assert PartialOutput.objects.get(attempt=mine.attempt).text == "a\ufffdb\ufffdc"


def test_a_lost_lease_is_not_renewed_and_keeps_nothing(submitted):
    mine = claim(submitted.run)
    RunState.objects.filter(pk=mine.run.pk).update(fence=2)
    fragment = Fragment(sequence=0, text="late", token_ids=())
    assert leases.renew({(mine.run.pk, 1): (mine.attempt, fragment)}) == []
    assert not PartialOutput.objects.exists()


def test_a_cancelled_run_is_told_so_with_the_next_beat(submitted):
    mine = claim(submitted.run)
    RunState.objects.filter(pk=mine.run.pk).update(cancel_requested_at=clock.now())
    (beat,) = leases.renew({(mine.run.pk, 1): (mine.attempt, None)})
    assert beat.cancel


def test_nothing_in_the_air_asks_nothing(db):
    assert leases.renew({}) == []


def test_claiming_marks_the_run_as_running(submitted):
    claim(submitted.run)
    state = RunState.objects.get(pk=submitted.run.pk)
    assert (state.status, state.worker) == (RunStatus.RUNNING, "host:1")
    assert state.lease_until > clock.now()
