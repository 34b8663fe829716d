"""Traces held against their engine again, and engines that are not the approved ones.

The worker's own code works, in this process, against a database that commits for real.
"""

from collections.abc import Iterator
from datetime import timedelta

import pytest

from reasoning.core.errors import Conflict, Refused
from reasoning.core.plausibility import unpack as unpack_scores
from reasoning.core.prompts import Turn, load_tokenizer, render
from reasoning.core.token_ids import pack, unpack
from reasoning.inference.probing import MESSAGES
from reasoning.models import (
    ComparisonJob,
    ComparisonKind,
    ComparisonRequest,
    Deployment,
    Entry,
    Place,
    Probe,
    ProbeOccasion,
    Replay,
    Rescore,
    RunState,
    Trace,
    User,
    Verdict,
    Workspace,
)
from reasoning.services import (
    access,
    clock,
    comparisons,
    execution,
    halts,
    integrity,
    leases,
    probes,
    questions,
    registry,
    seeding,
    standing,
)
from reasoning.services.evidence import SYSTEM, record
from tests import approving, stack
from tests.conftest import deployment_columns
from tests.databases import make_database, use_database
from tests.engine.fake import FINGERPRINT, FakeEngine, Plan, serving

pytestmark = pytest.mark.live


@pytest.fixture(scope="module")
def engine() -> Iterator[FakeEngine]:
    with serving() as running:
        yield running


@pytest.fixture(scope="module")
def database(
    postgres: "stack.Server", django_db_setup: None, django_db_blocker: object
) -> Iterator[None]:
    with django_db_blocker.unblock():
        make_database(postgres, "comparisons")
        seeding.seed_people({})
        yield
        use_database(postgres.url("magistral_app", "unit"))


@pytest.fixture
def fake(engine: FakeEngine, database: None) -> FakeEngine:
    """The engine as it was approved; every process-wide belief about it forgotten."""
    engine.plan, engine.version, engine.rendered = Plan("normal"), "0.32.0", None
    engine.fingerprint = FINGERPRINT
    engine.received.clear()
    standing.forget()
    comparisons._stopping.clear()
    return engine


@pytest.fixture
def deployment(fake: FakeEngine) -> object:
    columns = deployment_columns(base_url=fake.url, model="fake", window=8192)
    found = seeding.seed_deployment(columns)
    approving.allow(*seeding.seed_registry(), found)
    return found


@pytest.fixture
def trace(deployment: object) -> Trace:
    """An answer of the fake's, stored."""
    return answered()


def answered(by: str | None = None) -> Trace:
    asked = questions.Asked(workspace="legal", text="Combien font deux et deux ?", deployment=by)
    run = questions.submit(user=person("analyst"), asked=asked).run
    claim = leases.claim(run_id=run.pk, worker=execution.worker_name())
    assert claim is not None
    execution.answer(claim)
    return access.readable_trace(person("analyst"), Trace.objects.get(run=run).pk)


def person(name: str) -> User:
    return User.objects.get(username=name)


def compared(trace: Trace, what: ComparisonKind) -> Replay | Rescore:
    wish = comparisons.ask(user=person("reviewer"), trace=trace, what=what)
    row = comparisons.carry_out(request_id=wish.pk)
    assert row is not None
    assert ComparisonJob.objects.get(pk=wish.pk).status == "done"
    assert integrity.differences([wish, row]) == []
    return type(row).objects.get(pk=row.pk)


# Replay -----------------------------------------------------------------------------------------


def test_the_same_request_is_sent_again_and_all_tokens_match(
    trace: Trace, fake: FakeEngine
) -> None:
    first = fake.received[-1].body
    row = compared(trace, ComparisonKind.REPLAY)
    again = fake.received[-1].body
    first.pop("stream_interval", None)  # how it is sent, not what
    assert again == first
    count = len(unpack(bytes(trace.output_token_ids)))
    assert (row.unit, row.matched, row.compared, row.share) == ("tokens", count, count, "1.0000")
    assert (row.first_difference, row.differing, row.failure_code) == (None, [], "")
    assert row.raw_text == trace.raw_text
    kinds = Entry.objects.filter(record_id=trace.question_id).values_list("kind", flat=True)
    assert {"comparison.requested", "replay.recorded"} <= set(kinds)


def test_another_answer_matches_up_to_the_first_difference(trace: Trace, fake: FakeEngine) -> None:
    fake.plan = Plan("normal", text="<think>\nTwo plus two.</think>Four.")
    row = compared(trace, ComparisonKind.REPLAY)
    same = len("<think>\nTwo ")
    assert (row.matched, row.first_difference) == (same, same + 1)
    assert 0 < float(row.share) < 1
    assert row.raw_text == "<think>\nTwo plus two.</think>Four."


def test_trouble_that_may_pass_puts_it_back_and_the_last_is_recorded(
    trace: Trace, fake: FakeEngine, settings: object
) -> None:
    fake.plan = Plan("cut")
    wish = comparisons.ask(user=person("analyst"), trace=trace, what=ComparisonKind.REPLAY)
    assert comparisons.carry_out(request_id=wish.pk) is None
    job = ComparisonJob.objects.get(pk=wish.pk)
    assert (job.status, job.attempts) == ("waiting", 1)
    assert job.not_before > job.updated_at
    settings.MAX_ATTEMPTS = 2  # type: ignore[attr-defined]
    ComparisonJob.objects.filter(pk=wish.pk).update(not_before=clock.now())
    row = comparisons.carry_out(request_id=wish.pk)
    assert (row.failure_code, row.share) == ("engine_disconnected", "")


def test_a_dead_workers_job_is_taken_by_another_and_the_first_stores_nothing(
    trace: Trace, fake: FakeEngine
) -> None:
    wish = comparisons.ask(user=person("analyst"), trace=trace, what=ComparisonKind.REPLAY)
    dead = comparisons._claim(wish.pk)
    assert comparisons.carry_out(request_id=wish.pk) is None
    assert wish.pk not in comparisons.due()
    past = clock.now() - timedelta(seconds=1)
    ComparisonJob.objects.filter(pk=wish.pk).update(lease_until=past)
    assert wish.pk in comparisons.due()
    row = comparisons.carry_out(request_id=wish.pk)
    assert row is not None
    with pytest.raises(comparisons._NotOurs):
        comparisons._store(dead, Replay(request=wish))
    assert Replay.objects.filter(request=wish).count() == 1


def test_a_lease_lost_while_the_engine_works_lets_the_engine_go(
    trace: Trace, fake: FakeEngine, settings: object
) -> None:
    settings.HEARTBEAT_SECONDS = 0.1  # type: ignore[attr-defined]
    fake.plan = Plan("stall")
    wish = comparisons.ask(user=person("analyst"), trace=trace, what=ComparisonKind.REPLAY)
    job = comparisons._claim(wish.pk)
    ComparisonJob.objects.filter(pk=wish.pk).update(attempts=9)
    with pytest.raises(comparisons._NotOurs):
        comparisons.replaying.replay(job.request, lambda work: comparisons._held(job, work))
    assert not Replay.objects.filter(request=wish).exists()


def test_a_stopping_worker_gives_it_back(trace: Trace, fake: FakeEngine, settings: object) -> None:
    settings.HEARTBEAT_SECONDS = 0.1  # type: ignore[attr-defined]
    fake.plan = Plan("stall")
    wish = comparisons.ask(user=person("analyst"), trace=trace, what=ComparisonKind.REPLAY)
    comparisons.give_back()
    assert comparisons.carry_out(request_id=wish.pk) is None
    assert ComparisonJob.objects.get(pk=wish.pk).status == "waiting"


def test_the_stop_switch_holds_for_it_too(trace: Trace, fake: FakeEngine, settings: object) -> None:
    wish = comparisons.ask(user=person("analyst"), trace=trace, what=ComparisonKind.REPLAY)
    job = comparisons._claim(wish.pk)
    halt = halts.stop(user=person("admin"), place=Place.PAGE, deployment=trace.run.deployment)
    assert not comparisons._renewed(job)
    assert ComparisonJob.objects.get(pk=wish.pk).status == "waiting"
    assert comparisons.carry_out(request_id=wish.pk) is None
    halts.resume(user=person("admin"), halt=halt, reason="Over.", place=Place.PAGE)
    assert comparisons.carry_out(request_id=wish.pk) is not None


def test_one_at_a_time_and_only_of_what_is_there(trace: Trace) -> None:
    wish = comparisons.ask(user=person("analyst"), trace=trace, what=ComparisonKind.REPLAY)
    with pytest.raises(Conflict, match="under way"):
        comparisons.ask(user=person("reviewer"), trace=trace, what=ComparisonKind.REPLAY)
    comparisons.carry_out(request_id=wish.pk)
    empty = Trace.objects.get(pk=trace.pk)
    empty.output_token_ids = None
    empty.run = trace.run
    with pytest.raises(comparisons.CannotCompare):
        comparisons.ask(user=person("analyst"), trace=empty, what=ComparisonKind.REPLAY)


@pytest.mark.parametrize("name", ["auditor", "admin"])
def test_who_only_reads_asks_for_nothing(trace: Trace, name: str) -> None:
    with pytest.raises(Refused):
        comparisons.ask(user=person(name), trace=trace, what=ComparisonKind.REPLAY)
    assert not ComparisonRequest.objects.filter(trace=trace).exists()


# Re-score ---------------------------------------------------------------------------------------


def test_the_models_own_trace_agrees(trace: Trace, fake: FakeEngine) -> None:
    row = compared(trace, ComparisonKind.RESCORE)
    count = len(unpack(bytes(trace.output_token_ids)))
    assert (row.verdict, row.tokens) == ("agrees", count)
    # The end token is none of the fake's bytes.
    assert row.likeliest == count - 1
    assert row.impossible <= 1
    assert len(unpack_scores(bytes(row.scores))) == count
    assert row.failure_code == ""


def test_a_trace_swapped_in_from_elsewhere_shows(trace: Trace, fake: FakeEngine) -> None:
    swapped = Trace.objects.get(pk=trace.pk)
    swapped.output_token_ids = pack(range(500, 560))
    wish = ComparisonRequest(
        trace=swapped, question_id=trace.question_id, what=ComparisonKind.RESCORE
    )
    record(SYSTEM, wish)
    swapped.run = trace.run
    row = comparisons.rescoring.rescore(wish, lambda work: work.result())
    assert (row.verdict, row.likeliest, row.impossible) == ("differs", 0, 60)


def test_engines_that_cannot_score_say_so_before_anything_is_stored(trace: Trace) -> None:
    trace.run.deployment.engine = "llama_cpp"
    with pytest.raises(comparisons.CannotCompare, match="cannot score"):
        comparisons.ask(user=person("analyst"), trace=trace, what=ComparisonKind.RESCORE)
    assert not ComparisonRequest.objects.filter(trace=trace).exists()


# What a trace says of its making ----------------------------------------------------------------


def test_a_trace_records_who_answered_and_how(trace: Trace, deployment: object) -> None:
    sent = trace.effective_parameters
    assert sent["temperature"] == "0.7"
    assert sent["top_p"] == "0.95"
    assert sent["seed"] == str(trace.run.seed)
    assert sent["max_tokens"] == str(trace.effective_max_tokens)
    assert "prompt" not in sent
    assert trace.tokenizer_version == load_tokenizer(None).version
    assert trace.engine_window == 8192
    assert trace.engine_flags["token_ids"] == "yes"
    assert trace.first_token_ms <= trace.last_token_ms <= trace.total_ms


def test_older_traces_say_no_more_than_they_did(trace: Trace) -> None:
    """Their rows have nothing in the new columns, and their documents lack them: still the same."""
    for name in Trace.LATER.split():
        setattr(trace, name, None)
    trace.thinking_probability = trace.summary_probability = trace.language_detector = ""
    assert set(trace.facts()) == {
        *(["run_id", "attempt_id", "question_id", "defects"]),
        *Trace.PLAIN.split(),
    }


# Engines that are another than approved ---------------------------------------------------------


def test_an_engine_that_changed_gets_no_question(deployment: object, fake: FakeEngine) -> None:
    fake.version = "0.99.0"
    trace = answered()
    assert (trace.ending, trace.failure_code) == ("refused", "engine_not_as_approved")
    assert "not as approved (version)" in trace.failure
    finding = trace.findings.get(code="engine_not_as_approved")
    assert finding.severity == "blocking"
    assert finding.data["observed"] == "0.99.0"
    assert RunState.objects.get(pk=trace.run_id).status == "failed"
    assert fake.received == []
    seen = Probe.objects.filter(deployment=deployment, occasion=ProbeOccasion.RUN).last()
    assert seen.differing == ["version"]


def test_an_engine_that_turns_away_for_a_moment_is_believed(
    trace: Trace, fake: FakeEngine, settings: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reasoning.core.errors import EngineTimeout

    settings.IDENTITY_SECONDS = 0  # type: ignore[attr-defined]

    async def slow(*_args: object, **_kwargs: object) -> None:
        raise EngineTimeout

    monkeypatch.setattr(standing, "identify", slow)
    standing.require_as_approved(trace.run.deployment)
    standing.forget()
    with pytest.raises(EngineTimeout):
        standing.require_as_approved(trace.run.deployment)


OTHER = "another-image"


@pytest.fixture
def named(fake: FakeEngine) -> Iterator[Deployment]:
    """Approved with the fingerprint that the engine gives, and one that it does not."""
    columns = deployment_columns(base_url=fake.url, model="fake", window=8192)
    found = registry.propose_deployment(
        author=None, name="named", fingerprints=["spare-image", FINGERPRINT], **columns
    )
    approving.allow(found)
    yield found
    for room in Workspace.objects.all():
        room.allowed_deployments.remove(found)


def findings(trace: Trace) -> list[dict[str, str]]:
    return [found.data for found in trace.findings.filter(code="engine_not_as_approved")]


def test_a_fingerprint_that_is_named_is_as_approved(named: Deployment, fake: FakeEngine) -> None:
    trace = answered(named.label)
    assert (trace.ending, trace.engine_fingerprint) == ("finished", FINGERPRINT)
    assert findings(trace) == []
    assert answered(named.label).ending == "finished"


@pytest.mark.parametrize("given", [OTHER, None])
def test_an_engine_that_answers_as_another_gets_no_further_question(
    named: Deployment, fake: FakeEngine, given: str | None
) -> None:
    assert answered(named.label).ending == "finished"
    fake.fingerprint = given
    trace = answered(named.label)
    approved, seen = f"spare-image, {FINGERPRINT}", given or ""
    wrong = {"name": "fingerprint", "observed": seen, "approved": approved}
    assert (trace.ending, findings(trace)) == ("finished", [wrong])
    assert trace.findings.get(code="engine_not_as_approved").severity == "blocking"
    fake.received.clear()
    refused = answered(named.label)
    assert (refused.ending, refused.failure_code) == ("refused", "engine_not_as_approved")
    assert (findings(refused), fake.received) == ([wrong], [])
    looked = Probe.objects.filter(deployment=named, occasion=ProbeOccasion.RUN).last()
    assert (looked.differing, looked.fingerprint) == (["fingerprint"], seen)
    assert answered(named.label).ending == "refused"
    fake.fingerprint = FINGERPRINT
    assert [
        (one.ending, findings(one)) for one in (answered(named.label), answered(named.label))
    ] == [
        ("finished", []),
        ("finished", []),
    ]


def test_an_engine_in_doubt_is_not_believed_when_it_keeps_silent(
    named: Deployment, fake: FakeEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    from reasoning.core.errors import EngineTimeout

    assert answered(named.label).ending == "finished"
    standing.hear(named, fake.url, OTHER)

    async def slow(*_args: object, **_kwargs: object) -> None:
        raise EngineTimeout

    monkeypatch.setattr(standing, "identify", slow)
    with pytest.raises(EngineTimeout):
        standing.require_as_approved(named)


def test_an_answer_that_did_not_come_whole_need_have_no_fingerprint(
    named: Deployment, fake: FakeEngine
) -> None:
    fake.plan = Plan("reset")
    trace = answered(named.label)
    assert (trace.ending, trace.engine_fingerprint) == ("disconnected", "")
    assert findings(trace) == []


def test_a_deployment_that_names_none_is_not_compared(trace: Trace, fake: FakeEngine) -> None:
    fake.fingerprint = OTHER
    other = answered()
    assert (other.ending, other.engine_fingerprint, findings(other)) == ("finished", OTHER, [])
    assert answered().ending == "finished"


def test_a_starting_worker_refuses_another_fingerprint_from_the_first_question(
    named: Deployment, fake: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    fake.rendered, fake.fingerprint = rendered(), OTHER
    row = next(one for one in standing.look_at_all() if one.deployment == named)
    assert (row.differing, row.fingerprint) == (["fingerprint"], OTHER)
    assert f"deployment {named.label}: fingerprint" in caplog.text
    fake.received.clear()
    assert (answered(named.label).failure_code, fake.received) == ("engine_not_as_approved", [])


@pytest.mark.parametrize("given", [OTHER, None])
def test_another_fingerprint_is_not_approved(fake: FakeEngine, given: str | None) -> None:
    fake.rendered, fake.fingerprint = rendered(), given
    columns = deployment_columns(base_url=fake.url, model="fake", window=8192)
    proposed = registry.propose_deployment(
        author=None, name="named", fingerprints=[FINGERPRINT], **columns
    )
    seen = probes.probe(deployment=proposed, occasion=ProbeOccasion.ASKED)
    assert (seen.differing, seen.fingerprint) == (["fingerprint"], given or "")
    with pytest.raises(probes.NotProbed, match=r"not as the deployment says: fingerprint"):
        approve(proposed)
    fake.fingerprint = FINGERPRINT
    assert probes.probe(deployment=proposed, occasion=ProbeOccasion.ASKED).passed
    approve(proposed)


def test_the_fingerprint_of_the_replica_at_fault_is_recorded(fake: FakeEngine) -> None:
    fake.rendered = rendered()
    columns = deployment_columns(base_url=fake.url, model="fake", window=8192)
    with serving() as second:
        second.rendered, second.fingerprint = rendered(), OTHER
        proposed = registry.propose_deployment(
            author=None,
            name="two",
            **columns,
            replicas=[second.url],
            fingerprints=[FINGERPRINT],
        )
        seen = probes.probe(deployment=proposed, occasion=ProbeOccasion.ASKED)
    assert (seen.differing, seen.fingerprint) == (["fingerprint"], OTHER)


@pytest.fixture
def proposed(fake: FakeEngine) -> object:
    columns = deployment_columns(base_url=fake.url, model="fake", window=8192)
    return registry.propose_deployment(author=None, name="fresh", **columns)


def rendered() -> list[int]:
    system, user = MESSAGES
    turns = [Turn("user", user.text)]
    return list(render(load_tokenizer(None), system.text, turns).token_ids)


def approve(deployment: object) -> None:
    registry.judge(
        judge=person("reviewer2"), subject=deployment, verdict=Verdict.APPROVED, reason="Seen."
    )


def test_approval_needs_a_look_that_found_all_as_described(
    proposed: object, fake: FakeEngine, settings: object
) -> None:
    with pytest.raises(probes.NotProbed, match=r"manage\.py probe_deployment fresh@"):
        approve(proposed)
    wrong = probes.probe(deployment=proposed, occasion=ProbeOccasion.ASKED)
    assert (wrong.differing, wrong.tokenizer) == (["tokenizer"], "differs")
    with pytest.raises(probes.NotProbed, match="tokenizer"):
        approve(proposed)
    fake.rendered = rendered()
    seen = probes.probe(deployment=proposed, occasion=ProbeOccasion.ASKED, user=person("admin"))
    assert seen.passed
    assert (seen.tokenizer, seen.token_ids, seen.parser) == ("agrees", "yes", "no")
    assert (seen.version, seen.window, seen.fingerprint) == ("0.32.0", 8192, "vllm-0.32.0-fake")
    assert Entry.objects.filter(subject_id=seen.pk, kind="deployment.probed").count() == 1
    approve(proposed)
    assert registry.is_approved(proposed)
    settings.PROBE_HOURS = 0  # type: ignore[attr-defined]
    with pytest.raises(probes.NotProbed, match="recently"):
        approve(proposed)


def test_the_command_says_what_it_saw(
    proposed: object, fake: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    from django.core.management import CommandError, call_command

    fake.rendered = rendered()
    call_command("probe_deployment", proposed.label, "--user", "admin")  # type: ignore[attr-defined]
    assert '"tokenizer": "agrees"' in capsys.readouterr().out
    fake.version = "0.31.0"
    with pytest.raises(CommandError, match="not as it should be"):
        call_command("probe_deployment", proposed.label)  # type: ignore[attr-defined]
    assert '"differing": [\n  "version"\n ]' in capsys.readouterr().out
    fake.plan = Plan("dead")
    with pytest.raises(CommandError):
        call_command("probe_deployment", proposed.label)  # type: ignore[attr-defined]
    assert '"failure_code": "engine_failed"' in capsys.readouterr().out


def test_a_look_and_a_replay_keep_of_any_name_what_columns_hold(
    trace: Trace, named: Deployment, fake: FakeEngine
) -> None:
    fake.fingerprint = "a\x00" + "b" * 500
    kept = ("a\ufffd" + "b" * 500)[:200]
    seen = probes.probe(deployment=trace.run.deployment, occasion=ProbeOccasion.ASKED)
    assert seen.fingerprint == kept
    assert compared(trace, ComparisonKind.REPLAY).engine_fingerprint == kept
    for ending in ("finished", "refused"):
        other = answered(named.label)
        assert (other.ending, findings(other)[0]["observed"]) == (ending, kept)


def test_a_starting_worker_looks_at_what_may_be_used(
    deployment: object, fake: FakeEngine, caplog: pytest.LogCaptureFixture
) -> None:
    fake.version = "0.99.0"
    (row,) = probes.at_worker_start()
    assert row.occasion == ProbeOccasion.WORKER_START
    assert "version" in row.differing
    assert f"deployment {row.deployment.label}: tokenizer, version" in caplog.text
