"""What is wrong with the service is said, each thing when it is so and only then."""

from collections import namedtuple
from dataclasses import replace
from datetime import timedelta
from types import SimpleNamespace
from uuid import uuid4

import pytest

from reasoning.core.errors import EngineBusy, EngineUnavailable
from reasoning.core.reports import Verdict
from reasoning.models import (
    Action,
    Checkpoint,
    Place,
    Probe,
    ProbeOccasion,
    RunState,
    SearchPending,
    TimestampToken,
    Workspace,
)
from reasoning.services import (
    audit,
    clock,
    credentials,
    gates,
    halts,
    heartbeats,
    log_checks,
    probes,
    storage,
)
from reasoning.services.condition import condition
from reasoning.services.evidence import record
from reasoning.services.heartbeats import Kind
from reasoning.services.log_health import Witnessing
from reasoning.services.redis import redis_client
from reasoning.services.troubles import troubles
from reasoning.tasks import be_heard


@pytest.fixture
def present(people, workspace):
    """The present state; what is given stands in for parts that a test cannot bring about."""

    def look():
        return condition(user=people["admin"], rooms=[workspace])

    return look


@pytest.fixture
def codes(present):
    return lambda: {trouble.code for trouble in troubles(present())}


@pytest.fixture(autouse=True)
def nobody_heard(valkey, db, monkeypatch):
    """Under a key of its own: a service that runs for other tests beats in the same Valkey."""
    monkeypatch.setattr(heartbeats, "KEY", "heartbeats of a test")
    redis_client().delete(heartbeats.KEY)


@pytest.fixture
def well(submitted, as_role, settings, monkeypatch):
    """Everything runs: processes are heard of, the sequencer is connected; demonstrations need no
    witness. A question waits."""
    monkeypatch.setattr(heartbeats, "QUIET_SECONDS", 300)  # on a busy machine
    be_heard()
    heartbeats.beat(Kind.REAPER, "here:2")
    as_role("magistral_sequencer")
    settings.DEMONSTRATION = True
    settings.QUEUE_ALARM_SECONDS, settings.SEQUENCER_ALARM_SECONDS = 60, 3600


def test_nothing_needs_attention(well, codes, submitted):
    assert codes() == set()


def test_every_sentence_can_be_filled_in(present, registered, people, settings):
    gates.shut(base_url=registered.deployment.base_url, error=EngineUnavailable(), probe=False)
    found = troubles(present())
    assert len(found) > 3
    assert [one.grave for one in found] == sorted((one.grave for one in found), reverse=True)
    for one in found:
        assert "%(" not in (one.sentence + one.remedy) % one.data


def test_processes_that_are_not_heard_of(codes, registered, settings, well):
    redis_client().delete(heartbeats.KEY)
    assert codes() == {"no_worker", "no_reaper"}
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert codes() == {"no_broker"}


def test_a_process_that_has_been_quiet_for_long(well, present, codes):
    redis_client().zincrby(heartbeats.KEY, -heartbeats.QUIET_SECONDS, "reaper here:2")
    assert codes() == {"no_reaper"}
    assert [(one.kind, one.is_fresh) for one in present().heartbeats] == [
        (Kind.WORKER, True),
        (Kind.REAPER, False),
    ]


def test_a_run_that_nobody_takes_up(well, codes, submitted):
    late = clock.now() - timedelta(minutes=2)
    RunState.objects.update(status="running", lease_until=late)
    assert codes() == {"no_reaper"}


def test_no_sequencer(well, codes, present, as_role, monkeypatch):
    monkeypatch.setattr("reasoning.services.condition.SEQUENCER", "magistral_nobody")
    assert codes() == {"no_sequencer"}


def test_evidence_that_waits_for_the_log(well, codes, monkeypatch):
    lag = SimpleNamespace(seconds=61.0, holder="process 5", is_alarming=True)
    monkeypatch.setattr("reasoning.services.log_health.lag", lambda: lag)
    assert codes() == {"log_lag"}


def test_queue_and_its_oldest_run(well, codes, present, submitted):
    [depth] = present().depths
    assert (depth.waiting.value, depth.waiting.more, depth.running) == (1, False, 0)
    RunState.objects.update(queued_at=clock.now() - timedelta(minutes=2))
    assert codes() == {"queue_old"}
    RunState.objects.update(status="running")
    [depth] = present().depths
    assert (depth.waiting.value, depth.since, depth.running) == (0, None, 1)


def test_counting_the_queue_stops(well, present, submitted, monkeypatch):
    monkeypatch.setattr("reasoning.services.depths.MOST", 0)
    assert present().depths[0].waiting.more


def test_engines_that_are_away_or_full(well, codes, present, registered):
    address = registered.deployment.base_url
    gates.shut(base_url=address, error=EngineBusy(), probe=False)
    assert codes() == set()
    assert present().engines[0].addresses[0].gate.trouble == "engine_busy"
    gates.open_again(address)
    gates.shut(base_url=address, error=EngineUnavailable(), probe=False)
    assert codes() == {"engine_away"}


def test_an_engine_that_is_another(well, codes, registered):
    identity = SimpleNamespace(engine="", version="", model="other", window=None, fingerprint="")
    probes.note(deployment=registered.deployment, identity=identity, differing=["model"])
    assert codes() == {"engine_differs"}


def test_an_engine_that_could_not_be_looked_at(well, codes, registered):
    unseen = probes._unseen(EngineUnavailable())
    row = Probe(deployment=registered.deployment, occasion=ProbeOccasion.ASKED, **unseen)
    record(audit.actor_of(None), row)
    assert codes() == {"engine_unseen"}


def test_nothing_to_answer_with(codes, well):
    for room in Workspace.objects.all():
        room.allowed_deployments.clear()
    assert codes() == {"no_deployment"}


def test_stopped_work(well, codes, people):
    halts.stop(user=people["admin"], place=Place.PAGE)
    assert codes() == {"stopped"}


def test_a_locked_account(well, codes, people):
    for _try in range(5):
        credentials.attempt(user=people["reviewer"], check=lambda _user: False)
    assert codes() == {"accounts_locked"}


# The log, and who vouches for it ----------------------------------------------------------------


@pytest.fixture
def with_log(well, present):
    """The codes of what is wrong when the log stands as given."""

    def look(**log):
        found = present()
        return {one.code for one in troubles(replace(found, log=replace(found.log, **log)))}

    return look


@pytest.fixture
def checked(people):
    """A check of the whole log that came out so."""

    def carry_out(verdict):
        asked = log_checks.ask(user=people["auditor"], place=Place.PAGE)
        audit.remember(
            action=Action.CHECKED,
            place=Place.SYSTEM,
            subject_id=asked.pk,
            code=verdict,
            detail="{}",
        )

    return carry_out


def test_no_witness(with_log, settings):
    settings.DEMONSTRATION = False
    assert with_log(witnesses=[]) == {"no_witness"}
    witness = Witnessing("witness.example.net", 5, clock.now())
    assert with_log(witnesses=[witness]) == set()


def test_a_witness_that_does_not_sign(with_log):
    checkpoint = Checkpoint(size=5, signed_at=clock.now())
    for at, wrong in (
        (clock.now(), set()),
        (clock.now() - timedelta(hours=3), {"witness_silent"}),
        (None, {"witness_silent"}),
    ):
        witness = Witnessing("witness.example.net", 5 if at else None, at)
        assert with_log(checkpoint=checkpoint, witnesses=[witness]) == wrong


def test_time_stamps_that_do_not_come(with_log, settings):
    settings.LOG_TSA_URL, old = "https://tsa.example.com", clock.now() - timedelta(hours=3)
    newest, earlier = Checkpoint(size=5, signed_at=old), Checkpoint(size=4, signed_at=old)
    stamp = TimestampToken(checkpoint=earlier, authority="tsa", received_at=old)
    assert with_log(checkpoint=newest, timestamp=None) == {"no_time_stamp"}
    assert with_log(checkpoint=newest, timestamp=stamp) == {"no_time_stamp"}
    stamp.checkpoint = newest
    assert with_log(checkpoint=newest, timestamp=stamp) == set()


def test_a_log_that_was_not_checked_for_long(with_log, checked):
    old = clock.now() - timedelta(days=8)
    log = {"checkpoint": Checkpoint(size=5, signed_at=old)}
    assert with_log(**log, began_at=clock.now()) == set()
    assert with_log(**log, began_at=old) == {"check_old"}
    checked(Verdict.VERIFIED)
    assert with_log(**log, began_at=old) == set()


def test_a_check_that_found_something(well, codes, checked):
    checked(Verdict.TAMPERED)
    assert codes() == {"check_failed"}


def test_a_damaged_record_until_the_log_is_checked_and_good(well, codes, checked, monkeypatch):
    audit.remember(action=Action.INTEGRITY_ALARM, place=Place.SYSTEM)
    assert codes() == {"record_damaged"}
    later = clock.now() + timedelta(seconds=1)
    monkeypatch.setattr("reasoning.services.evidence.clock.now", lambda: later)
    checked(Verdict.VERIFIED)
    assert codes() == set()


# Storage ----------------------------------------------------------------------------------------


def test_a_disk_that_fills_up(well, codes, settings, tmp_path, monkeypatch):
    settings.EXPORT_DIR, settings.LOG_DIR = tmp_path, tmp_path / "closed to us"
    usage = namedtuple("usage", "total used free")(100, 91, 9)
    disks = {tmp_path: usage}

    def disk_usage(directory):
        if directory not in disks:
            raise PermissionError
        return disks[directory]

    monkeypatch.setattr(storage.shutil, "disk_usage", disk_usage)
    assert codes() == {"disk_full"}
    disks[tmp_path] = usage._replace(free=10)
    assert codes() == set()


def test_sizes(present, registered):
    found = present().storage
    assert found.database > sum(table.size for table in found.tables) > 0
    assert len(found.tables) == storage.LARGEST
    assert [disk.directory for disk in found.disks] != []


def test_traces_that_searches_do_not_find(well, codes, monkeypatch):
    monkeypatch.setattr(storage, "PENDING", 1)
    SearchPending.objects.create(subject_id=uuid4())
    assert codes() == set()
    SearchPending.objects.create(subject_id=uuid4())
    assert codes() == {"search_behind"}
