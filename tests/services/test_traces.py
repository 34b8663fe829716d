"""Storing an answer: verbatim, taken apart, checked, once; and where the run goes from there."""

from importlib import import_module

import pytest
from django.db import connection

from reasoning.core import errors
from reasoning.core.token_ids import unpack
from reasoning.inference.requests import EngineSplit, Fidelity
from reasoning.models import Ending, Entry, QuestionState, RunState, RunStatus, Trace
from reasoning.services import leases, traces
from reasoning.services.traces import Arrived, Outcome
from tests.conftest import ANSWER, whole


def codes(trace):
    return set(trace.findings.values_list("code", flat=True))


def test_the_parts_are_verbatim(trace):
    stored = Trace.objects.get(pk=trace.pk)
    assert stored.raw_text == ANSWER
    assert bytes(stored.raw_response) == ANSWER.encode()
    assert stored.thinking == "\nTwo and two are four.\n"
    assert stored.summary.strip() == "The answer is four."
    assert unpack(bytes(stored.output_token_ids)) == [1, 2, 3]
    assert stored.defects == []


@pytest.mark.parametrize(
    ("name", "column", "limit"),
    [
        ("model", "engine_model", 200),
        ("fingerprint", "engine_fingerprint", 200),
        ("request_id", "engine_request_id", 200),
        ("finish_reason", "finish_reason", 40),
    ],
)
def test_what_an_engine_calls_things_loses_no_answer(answered, name, column, limit):
    trace = answered(**{name: "a\x00\ud800" + "b" * 500})
    assert getattr(trace, column) == ("a\ufffd\ufffd" + "b" * 500)[:limit]
    assert trace.raw_text == ANSWER


def test_the_trace_and_each_finding_have_an_entry(answered):
    trace = answered("no thinking at all")
    assert Entry.objects.filter(subject_id=trace.pk, kind="trace.stored").count() == 1
    for finding in trace.findings.all():
        assert Entry.objects.filter(subject_id=finding.pk, kind="finding.raised").count() == 1


def test_a_finished_run_goes_to_review(trace):
    state = RunState.objects.get(pk=trace.run_id)
    assert state.status == RunStatus.FINISHED
    assert trace.run.question.state.status == "in_review"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "no_thinking"),
        ("The answer is four.", "no_thinking"),
        ("<think>\nTwo and two", "thinking_not_closed"),
        ("<think>a</think>", "empty_summary"),
        ("<think>a</think>The answer is \\boxed{4}.", "boxed"),
    ],
)
def test_what_is_wrong_with_an_answer_is_a_finding(answered, text, code):
    assert code in codes(answered(text))


def test_the_questions_state_repeats_the_findings_of_its_newest_trace(answered):
    """As it is stored, and as the migration that brought the columns fills them."""
    trace = answered("<think>\nTwo and two", finish_reason="length")
    state = QuestionState.objects.filter(pk=trace.question_id)
    stored = state.values("findings", "gravest").get()
    assert stored == {"findings": sorted(codes(trace)), "gravest": "blocking"}
    assert len(stored["findings"]) > 1

    state.update(findings=[], gravest="")
    migration = import_module("reasoning.migrations.0028_findings_of_the_queue")
    with connection.cursor() as cursor:
        cursor.execute(migration.REPEAT)
    assert state.values("findings", "gravest").get() == stored


def test_a_cut_off_answer_is_labelled(answered):
    trace = answered("<think>\nTwo", finish_reason="length")
    assert trace.finish_reason == "length"
    assert "cut_off" in codes(trace)


def test_nul_and_surrogates_are_replaced_and_the_bytes_kept(answered):
    trace = answered("<think>a\x00b</think>c\ud800d", raw_response=b"a\x00b")
    assert trace.thinking == "a\ufffdb"
    assert trace.summary == "c\ufffdd"
    assert bytes(trace.raw_response) == b"a\x00b"
    assert "nul_replaced" in trace.defects
    assert trace.findings.get(code="nul_replaced").severity == "warning"


def test_an_answer_the_engine_had_split_is_marked(answered):
    trace = answered("ab", fidelity=Fidelity.SPLIT_LOSSY, split=EngineSplit("a", "b"), token_ids=())
    assert (trace.thinking, trace.summary) == ("a", "b")
    assert "fidelity_below_raw_ids" in codes(trace)


def test_an_attempt_is_stored_once(trace):
    claim = leases.Claim(trace.run, trace.attempt, 0)
    assert traces.store(Outcome(claim, Ending.FINISHED, None, whole("x")), Arrived("", ())) is None
    assert Trace.objects.count() == 1


def test_tokens_of_thinking_and_summary_are_counted_apart(submitted):
    claim = leases.claim(run_id=submitted.run.pk, worker="w:1")
    text = "<think>ab</think>cd"
    ends = tuple((n, n) for n in range(1, len(text) + 1))
    generation = whole(text, token_ids=tuple(range(len(text))))
    stored = traces.store(
        Outcome(claim, Ending.FINISHED, None, generation), Arrived(text, (), ends)
    )
    assert stored.trace.thinking_tokens == len("<think>ab</think>")
    assert stored.trace.summary_tokens == len("cd")


def test_a_chunk_across_the_border_leaves_the_counts_unknown(submitted):
    claim = leases.claim(run_id=submitted.run.pk, worker="w:1")
    text = "<think>ab</think>cd"
    stored = traces.store(
        Outcome(claim, Ending.FINISHED, None, whole(text)), Arrived(text, (), ((len(text), 3),))
    )
    assert (stored.trace.thinking_tokens, stored.trace.summary_tokens) == (None, None)


@pytest.mark.parametrize(
    ("ending", "error", "status"),
    [
        (Ending.ENGINE_ERROR, errors.EngineFailed(), RunStatus.QUEUED),
        (Ending.ENGINE_ERROR, errors.EngineUnavailable(), RunStatus.QUEUED),
        (Ending.ENGINE_ERROR, errors.EngineBusy(), RunStatus.QUEUED),
        (Ending.DISCONNECTED, errors.EngineDisconnected(), RunStatus.QUEUED),
        (Ending.TIMED_OUT, errors.EngineTimeout(), RunStatus.QUEUED),
        (Ending.REFUSED, errors.EngineRefused(status=400, param="x"), RunStatus.FAILED),
        (Ending.WORKER_LOST, None, RunStatus.QUEUED),
    ],
)
def test_the_retry_policy(submitted, ending, error, status):
    claim = leases.claim(run_id=submitted.run.pk, worker="w:1")
    stored = traces.store(Outcome(claim, ending, None, None, error), Arrived("<think>a", (1,)))
    assert stored.status == status
    assert stored.trace.raw_text == "<think>a"
    assert stored.trace.failure_code == (error.code if error else "")


def test_a_failing_engine_is_not_asked_for_ever(submitted, settings):
    settings.MAX_ATTEMPTS = 1
    claim = leases.claim(run_id=submitted.run.pk, worker="w:1")
    error = errors.EngineFailed()
    stored = traces.store(Outcome(claim, Ending.ENGINE_ERROR, None, None, error), Arrived("", ()))
    assert stored.status == RunStatus.FAILED
    assert QuestionState.objects.get(pk=submitted.question.pk).status == "failed"


def test_pauses_grow_up_to_a_minute():
    assert [traces.pause_after(n) for n in (1, 2, 3, 6, 99)] == [2, 4, 8, 60, 60]
