"""An engine that fails in every way it can: each becomes a labelled trace or a clear failure.

The worker's own code answers, in this process, against a database that commits for real.
"""

from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection

from reasoning.models import (
    Attempt,
    Entry,
    PartialOutput,
    Place,
    QuestionState,
    Run,
    RunState,
    Trace,
    User,
    Verdict,
    Workspace,
)
from reasoning.services import execution, leases, questions, registry, runs, seeding
from reasoning.services.flights import Stop, deck
from tests import approving, stack
from tests.conftest import deployment_columns
from tests.databases import make_database, use_database
from tests.engine.fake import FakeEngine, Plan, serving
from tests.live.service import wait_for

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeEngine]:
    with serving() as engine:
        yield engine


@pytest.fixture(scope="module")
def database(
    postgres: "stack.Server", django_db_setup: None, django_db_blocker: object
) -> Iterator[None]:
    with django_db_blocker.unblock():
        make_database(postgres, "faults")
        seeding.seed_people({})
        yield
        use_database(postgres.url("magistral_app", "unit"))


@pytest.fixture
def ask(database: None, fake: FakeEngine) -> Callable[[str], Run]:
    """A question to a deployment on which one scenario happens; its run."""

    def submit(scenario: str, **plan: object) -> Run:
        fake.plan = Plan(scenario, **plan)
        columns = deployment_columns(base_url=fake.url, model="fake", window=8192)
        approving.allow(*seeding.seed_registry(), seeding.seed_deployment(columns))
        asked = questions.Asked(workspace="legal", text="Combien font deux et deux ?")
        return questions.submit(user=User.objects.get(username="analyst"), asked=asked).run

    return submit


def answer(run: Run) -> Trace:
    take(run)
    return Trace.objects.get(run=run)


def take(run: Run) -> str | None:
    """Answer this run, whichever is next; how it ended."""
    claim = leases.claim(run_id=run.pk, worker=execution.worker_name())
    return execution.answer(claim) if claim else None


def status(run: Run) -> tuple[str, str]:
    return (
        RunState.objects.get(pk=run.pk).status,
        QuestionState.objects.get(pk=run.question_id).status,
    )


def codes(trace: Trace) -> set[str]:
    return set(trace.findings.values_list("code", flat=True))


def test_a_good_answer_is_complete(ask: Callable[..., Run], fake: FakeEngine) -> None:
    run = ask("normal")
    trace = answer(run)
    assert trace.ending == "finished"
    assert trace.fidelity == "raw_ids"
    assert trace.raw_text == "<think>\nTwo and two are four.\n</think>\n\nThe answer is four."
    assert bytes(trace.raw_response).rstrip().endswith(b"data: [DONE]")
    assert not trace.findings.filter(severity="blocking").exists()
    assert status(run) == ("finished", "in_review")
    sent = fake.received[-1].body
    assert (sent["seed"], sent["temperature"], sent["top_p"]) == (run.seed, 0.7, 0.95)
    assert sent["max_tokens"] == trace.effective_max_tokens == 8192 - trace.prompt_tokens


@pytest.mark.parametrize(
    ("scenario", "code"),
    [
        ("empty", "no_thinking"),
        ("length", "cut_off"),
        ("no-end-of-thinking", "thinking_not_closed"),
        ("no-thinking", "no_thinking"),
        ("repetition", "repetition"),
    ],
)
def test_a_strange_answer_is_stored_and_labelled(
    ask: Callable[..., Run], scenario: str, code: str
) -> None:
    run = ask(scenario)
    trace = answer(run)
    assert trace.ending == "finished"
    assert code in codes(trace)
    assert status(run) == ("finished", "in_review")


def test_nul_is_replaced_and_the_bytes_are_kept(ask: Callable[..., Run]) -> None:
    trace = answer(ask("nul"))
    assert "a\ufffdb" in trace.raw_text
    assert b"a\\u0000b" in bytes(trace.raw_response) or b"a\x00b" in bytes(trace.raw_response)
    assert "nul_replaced" in trace.defects


@pytest.mark.parametrize(
    ("scenario", "ending", "code"),
    [
        ("error-event", "engine_error", "engine_failed"),
        ("cut", "disconnected", "engine_disconnected"),
        ("reset", "disconnected", "engine_disconnected"),
        ("invalid-json", "engine_error", "engine_failed"),
        ("busy", "engine_error", "engine_busy"),
        ("dead", "engine_error", "engine_failed"),
    ],
)
def test_trouble_that_may_pass_is_kept_and_tried_again(
    ask: Callable[..., Run], scenario: str, ending: str, code: str
) -> None:
    run = ask(scenario)
    trace = answer(run)
    assert (trace.ending, trace.failure_code) == (ending, code)
    assert "cut_off" in codes(trace)
    state = RunState.objects.get(pk=run.pk)
    assert status(run) == ("queued", "queued")
    assert (state.not_before > state.updated_at) == (state.troubles == 1)
    assert state.troubles == (scenario != "busy")
    assert Entry.objects.filter(subject_id=trace.pk).exists()
    assert not PartialOutput.objects.filter(attempt__run=run).exists()


def test_what_had_come_before_the_break_is_kept(ask: Callable[..., Run]) -> None:
    trace = answer(ask("cut"))
    assert trace.raw_text.startswith("<think>\nTwo and ")
    assert trace.thinking.startswith("\nTwo and ")
    assert bytes(trace.raw_response)


def test_trouble_that_stays_fails_the_run(ask: Callable[..., Run], settings: object) -> None:
    settings.MAX_ATTEMPTS = 1  # type: ignore[attr-defined]
    run = ask("error-event")
    answer(run)
    assert status(run) == ("failed", "failed")


@pytest.mark.parametrize("scenario", ["prompt-too-long", "unknown-model"])
def test_a_refusal_is_final(ask: Callable[..., Run], scenario: str) -> None:
    run = ask(scenario)
    trace = answer(run)
    assert (trace.ending, trace.failure_code) == ("refused", "engine_refused")
    assert trace.failure
    assert status(run) == ("failed", "failed")


def test_a_hanging_engine_is_given_up(ask: Callable[..., Run], settings: object) -> None:
    settings.ENGINE_SILENCE_SECONDS = 0.5  # type: ignore[attr-defined]
    trace = answer(ask("hang"))
    assert (trace.ending, trace.failure_code) == ("timed_out", "engine_timeout")


def test_an_engine_that_is_away(ask: Callable[..., Run], fake: FakeEngine) -> None:
    ask("normal")
    columns = deployment_columns(base_url="http://127.0.0.1:9", model="fake", window=8192)
    approving.allow(seeding.seed_deployment(columns))
    asked = questions.Asked(workspace="legal", text="Is anybody there?")
    run = questions.submit(user=User.objects.get(username="analyst"), asked=asked).run
    trace = answer(run)
    assert trace.failure_code == "engine_unavailable"
    assert status(run) == ("queued", "queued")


def test_a_deployment_retired_meanwhile_is_not_used(
    ask: Callable[..., Run], fake: FakeEngine
) -> None:
    run = ask("normal")
    before = len(fake.received)
    registry.judge(
        judge=User.objects.get(username="reviewer2"),
        subject=run.deployment,
        verdict=Verdict.RETIRED,
        reason="Replaced.",
    )
    trace = answer(run)
    assert trace.ending == "refused"
    assert "is not approved" in trace.failure
    assert len(fake.received) == before
    registry.judge(
        judge=User.objects.get(username="reviewer2"),
        subject=run.deployment,
        verdict=Verdict.APPROVED,
        reason="Wanted again.",
    )


def test_cancelling_closes_the_socket_and_keeps_what_came(
    ask: Callable[..., Run], fake: FakeEngine
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    run = ask("normal", pace=0.5)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(take, run)
        wait_for(lambda: PartialOutput.objects.filter(attempt__run=run).exists(), 20, "a piece")
        runs.cancel(user=User.objects.get(username="analyst"), run=_loaded(run), place=Place.API)
        assert ending.result(timeout=20) == "cancelled"
    trace = Trace.objects.get(run=run)
    assert trace.raw_text.startswith("<think>")
    assert bytes(trace.raw_response)
    assert status(run) == ("cancelled", "cancelled")
    assert wait_for(lambda: fake.received[-1].client_left, 20, "the client to leave")


def test_a_stopping_worker_keeps_what_came_and_gives_the_run_back(
    ask: Callable[..., Run],
) -> None:
    from concurrent.futures import ThreadPoolExecutor

    run = ask("normal", pace=0.5)
    with ThreadPoolExecutor(1) as pool:
        ending = pool.submit(take, run)
        wait_for(lambda: PartialOutput.objects.filter(attempt__run=run).exists(), 20, "a piece")
        deck.stop_all(Stop.WORKER_STOPPING)
        assert ending.result(timeout=20) == "worker_lost"
    assert Trace.objects.get(run=run).raw_text.startswith("<think>")
    assert status(run) == ("queued", "queued")


def test_a_beat_passes_over_a_run_that_is_being_stored(
    ask: Callable[..., Run], postgres: "stack.Server"
) -> None:
    claims = [leases.claim(run_id=ask("normal").pk, worker="host:1") for _each in range(2)]
    mine = {(claim.run.pk, 1): (claim.attempt, leases.Fragment(0, "Two", (7,))) for claim in claims}
    stored, other = (claim.run.pk for claim in claims)
    with psycopg.connect(postgres.url("magistral_app", "faults")) as storing:
        storing.execute("SELECT FROM reasoning_runstate WHERE run_id = %s FOR UPDATE", [stored])
        beats = {beat.run_id: beat.renewed for beat in leases.renew(mine)}
    assert beats == {stored: False, other: True}
    kept = PartialOutput.objects.filter(attempt__run__in=beats).values_list("attempt__run")
    assert list(kept) == [(other,)]


def test_leases_are_renewed_while_the_pool_is_empty(ask: Callable[..., Run]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    run = ask("normal", pace=1.0)
    with ThreadPoolExecutor(1) as workers:
        ending = workers.submit(take, run)
        wait_for(lambda: PartialOutput.objects.filter(attempt__run=run).exists(), 20, "a piece")
        before = RunState.objects.get(pk=run.pk).lease_until
        pool: Any = connection.pool
        others = [pool.getconn() for _each in range(pool.max_size - 1)]
        try:
            renewed = RunState.objects.filter(pk=run.pk, lease_until__gt=before)
            assert wait_for(renewed.exists, 20, "a longer lease")
        finally:
            for one in others:
                pool.putconn(one)
        assert ending.result(timeout=60) == "finished"


def test_who_has_stored_holds_no_connection(ask: Callable[..., Run]) -> None:
    from concurrent.futures import ThreadPoolExecutor

    claim = leases.claim(run_id=ask("normal").pk, worker="host:1")

    def work() -> bool:
        assert execution.answer(claim) == "finished"
        return connection.connection is None

    with ThreadPoolExecutor(1) as workers:
        assert workers.submit(work).result(timeout=60)


def test_a_run_is_answered_once_however_often_it_is_sent(ask: Callable[..., Run]) -> None:
    run = ask("normal")
    assert take(run) == "finished"
    assert take(run) is None
    assert Trace.objects.filter(run=run).count() == Attempt.objects.filter(run=run).count() == 1
    assert Workspace.objects.count() == 3


def _loaded(run: Run) -> Run:
    return Run.objects.select_related("question").get(pk=run.pk)
