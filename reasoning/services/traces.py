"""Storing what an attempt brought: the trace, its findings and where the run goes from here."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction

from reasoning import beside
from reasoning.core import findings as checks
from reasoning.core.detectors import detectors
from reasoning.core.errors import (
    AuditError,
    EngineBusy,
    EngineError,
    EngineNotApproved,
    EngineUnavailable,
)
from reasoning.core.reading import read
from reasoning.core.texts import label, storable
from reasoning.core.think import Split, ThinkForm
from reasoning.core.token_ids import pack
from reasoning.inference.client import parameters
from reasoning.inference.requests import EngineKind, Fidelity, Generation
from reasoning.models import (
    Ending,
    Finding,
    QuestionStatus,
    RunState,
    RunStatus,
    Severity,
    Trace,
)
from reasoning.services import clock, gates, live, probes
from reasoning.services.engines import Prepared
from reasoning.services.evidence import record
from reasoning.services.leases import Claim, worker_actor
from reasoning.services.prepared import Query, execute
from reasoning.services.waiting import waits

NUL_REPLACED = "nul_replaced"
FIRST_PAUSE = 2
LONGEST_PAUSE = 60


@dataclass(frozen=True)
class Arrived:
    """All that had come of an answer: its text, its token ids, and where each chunk ended.

    ``ends`` holds (characters, token ids) so far, after each chunk.
    """

    text: str
    token_ids: tuple[int, ...]
    ends: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Outcome:
    """How an attempt ended. ``generation`` is None when nothing came, or nothing whole."""

    claim: Claim
    ending: Ending
    prepared: Prepared | None
    generation: Generation | None
    error: AuditError | None = None

    @property
    def engine_has_no_room(self) -> bool:
        """The engine was full or away: nothing is wrong with the run."""
        return isinstance(self.error, EngineBusy | EngineUnavailable)

    @property
    def may_pass(self) -> bool:
        """Whether another attempt may end better."""
        retryable = isinstance(self.error, EngineError) and self.error.retryable
        return retryable or self.ending == Ending.WORKER_LOST

    @property
    def counts(self) -> bool:
        """Whether this attempt is one of the ``MAX_ATTEMPTS`` that a run is given."""
        spared = {Ending.FINISHED, Ending.CANCELLED, Ending.HALTED}
        return self.ending not in spared and not self.engine_has_no_room


@dataclass(frozen=True)
class Stored:
    """The stored trace, the run's next state, and what to tell those who watch."""

    trace: Trace
    status: RunStatus
    events: tuple[live.Event, ...]


def store(outcome: Outcome, arrived: Arrived) -> Stored | None:
    """Store the attempt's trace once, and move the run on; None when the lease is no longer ours.

    The slow part (splitting, languages, checks) is done before the transaction begins.
    """
    trace, observations = _assemble(outcome, arrived)
    return _commit(outcome, trace, observations)


@transaction.atomic
def _commit(
    outcome: Outcome, trace: Trace, observations: tuple[checks.Observation, ...]
) -> Stored | None:
    claim = outcome.claim
    state = _STATE.get(claim.run.pk)
    if state.status != RunStatus.RUNNING or state.fence != claim.attempt.number:
        return None
    now = clock.now()
    _tell_gate(outcome)
    rows = [_finding(trace, observation) for observation in observations]
    record(worker_actor(state.worker), trace, *rows, at=now)
    _move_on(state, outcome, trace, rows, now)
    execute(_FORGET_PARTS, [claim.attempt.pk])
    return Stored(trace, RunStatus(state.status), (_event(state, trace),))


_STATE = Query(lambda pk: RunState.objects.select_for_update().filter(pk=pk), UUID)
_FORGET_PARTS = "DELETE FROM reasoning_partialoutput WHERE attempt_id = %s"


# What becomes of the run ------------------------------------------------------------------------


def _move_on(
    state: RunState, outcome: Outcome, trace: Trace, findings: list[Finding], now: datetime
) -> None:
    state.troubles += outcome.counts
    state.status, state.not_before = _next_status(state, outcome, now)
    values = {
        "run": state.pk,
        "run_status": state.status,
        "not_before": state.not_before,
        "troubles": state.troubles,
        "question": trace.question_id,
        "question_status": _QUESTION_STATUS[RunStatus(state.status)],
        "trace": trace.pk,
        "findings": sorted({finding.code for finding in findings}),
        "gravest": max((one.severity for one in findings), key=Severity.values.index, default=""),
        "is_news": state.status in {RunStatus.FINISHED, RunStatus.FAILED},
        "now": now,
    }
    execute(_MOVE_ON, values)


_MOVE_ON = """
  WITH run AS (
    UPDATE reasoning_runstate
       SET status = %(run_status)s, not_before = %(not_before)s, troubles = %(troubles)s,
           lease_until = NULL, updated_at = %(now)s
     WHERE run_id = %(run)s)
UPDATE reasoning_questionstate
   SET status = %(question_status)s, trace_id = %(trace)s, findings = %(findings)s,
       gravest = %(gravest)s, updated_at = %(now)s,
       news_at = CASE WHEN %(is_news)s THEN %(now)s ELSE news_at END
 WHERE question_id = %(question)s
"""
_QUESTION_STATUS = {
    RunStatus.QUEUED: QuestionStatus.QUEUED,
    RunStatus.FINISHED: QuestionStatus.IN_REVIEW,
    RunStatus.FAILED: QuestionStatus.FAILED,
    RunStatus.CANCELLED: QuestionStatus.CANCELLED,
}


def _next_status(state: RunState, outcome: Outcome, now: datetime) -> tuple[RunStatus, datetime]:
    """The retry policy.

    A finished answer is finished whatever it says: findings tell reviewers what is wrong with it.
    A run that an administrator stopped, and one that found the engine away or full, goes on when
    that is over, up to its deadline; any other trouble that may pass is tried ``MAX_ATTEMPTS``
    times, a refusal never again. The run keeps its place in the queue.
    """
    if outcome.ending == Ending.FINISHED:
        return RunStatus.FINISHED, state.not_before
    if state.cancel_requested_at is not None:
        return RunStatus.CANCELLED, state.not_before
    if outcome.ending == Ending.HALTED:
        return RunStatus.QUEUED, now
    if now >= state.deadline or state.troubles >= settings.MAX_ATTEMPTS or not outcome.may_pass:
        return RunStatus.FAILED, state.not_before
    at_once = outcome.ending == Ending.WORKER_LOST or outcome.engine_has_no_room
    pause = 0 if at_once else pause_after(state.troubles)
    return RunStatus.QUEUED, now + timedelta(seconds=pause)


def _tell_gate(outcome: Outcome) -> None:
    """What the attempt shows of how much its engine can take."""
    claim, error = outcome.claim, outcome.error
    if isinstance(error, EngineBusy | EngineUnavailable):
        gates.shut(base_url=claim.attempt.base_url, error=error, probe=claim.probe)
    elif claim.probe and outcome.ending == Ending.FINISHED:
        gates.accepted(claim.attempt.base_url)


def pause_after(attempts: int) -> int:
    """Seconds to wait after that many attempts: 2, 4, 8 ... up to a minute."""
    return int(min(FIRST_PAUSE * 2 ** min(attempts - 1, 10), LONGEST_PAUSE))


def _event(state: RunState, trace: Trace) -> live.Event:
    if state.status == RunStatus.QUEUED:
        waiting = waits([state.run_id]).get(state.run_id)
        return live.Event(
            "status", {"status": "queued", "attempt": state.fence, "waiting": waiting}
        )
    return live.Event("done", {"status": state.status, "trace_id": str(trace.pk)})


# Putting the trace together ---------------------------------------------------------------------


def _assemble(outcome: Outcome, arrived: Arrived) -> tuple[Trace, tuple[checks.Observation, ...]]:
    claim, generation, prepared = outcome.claim, outcome.generation, outcome.prepared
    raw_text, token_ids = _received(claim, generation, arrived)
    text, changed = storable(raw_text)
    form = ThinkForm(claim.run.deployment.think_form)
    observed = _observed(outcome, form, token_ids, replaced=changed)
    reading = beside.call(read, _to_read(generation, text), form, observed)
    split, of_thinking, of_summary = reading.split, reading.of_thinking, reading.of_summary
    thinking_tokens, summary_tokens = _token_counts(split, arrived, len(token_ids))
    trace = Trace(
        run=claim.run,
        # Not the attempt itself, which would know the trace then: two that hold each other stay in
        # memory, with the whole response, until garbage is collected.
        attempt_id=claim.attempt.pk,
        question_id=claim.run.question_id,
        ending=outcome.ending,
        failure_code=outcome.error.code if outcome.error else "",
        failure=storable(_explanation(outcome.error))[0],
        raw_response=generation.raw_response if generation else b"",
        raw_text=text,
        thinking=split.thinking,
        summary=split.summary,
        defects=[*split.defects, *([NUL_REPLACED] if changed else [])],
        prompt_rendered=prepared.rendered if prepared else "",
        prompt_token_ids=pack(prepared.prompt_token_ids if prepared else ()),
        output_token_ids=pack(token_ids),
        prompt_tokens=_prompt_tokens(prepared, generation),
        thinking_tokens=thinking_tokens,
        summary_tokens=summary_tokens,
        effective_max_tokens=prepared.request.max_tokens if prepared else 0,
        language_of_question=claim.run.question.language,
        language_of_thinking=of_thinking.language,
        language_of_summary=of_summary.language,
        thinking_probability=of_thinking.probability,
        summary_probability=of_summary.probability,
        language_detector=detectors(),
        queued_ms=claim.queued_ms,
        fidelity=_fidelity(generation, token_ids),
        **_identity(claim, generation),
        **_timings(generation),
        effective_parameters=_parameters(prepared),
        engine_flags=probes.flags_of(claim.run.deployment),
    )
    return trace, reading.observations


def _received(
    claim: Claim, generation: Generation | None, arrived: Arrived
) -> tuple[str, tuple[int, ...]]:
    """The answer when the engine's client gave one back, else the pieces that had come.

    Ids gathered from pieces are whole with vLLM only: llama.cpp leaves some out of its stream.
    """
    if generation is not None:
        return generation.text, generation.token_ids
    whole = claim.run.deployment.engine == EngineKind.VLLM
    return arrived.text, arrived.token_ids if whole else ()


def _to_read(generation: Generation | None, text: str) -> str | tuple[str, str]:
    """The text to be split, or its parts where the engine has parted it and the tags are gone."""
    if generation is None or generation.split is None:
        return text
    return storable(generation.split.thinking)[0], storable(generation.split.summary)[0]


def _token_counts(split: Split, arrived: Arrived, total: int) -> tuple[int | None, int | None]:
    """Tokens of the thinking, tags included, and of the rest; None if a chunk spans the border."""
    border = 0
    for segment in split.segments:
        if segment.channel == "summary":
            break
        border += len(segment.text)
    known = {0: 0, **dict(arrived.ends)}
    if not total or border not in known:
        return None, None
    return known[border], total - known[border]


def _explanation(error: AuditError | None) -> str:
    """What went wrong, with the engine's own words where it gave any (they may quote the text)."""
    if error is None:
        return ""
    said = error.data.get("message")
    return f"{error.detail} {said}" if said else error.detail


def _fidelity(generation: Generation | None, token_ids: tuple[int, ...]) -> Fidelity:
    if generation is not None:
        return generation.fidelity
    return Fidelity.RAW_IDS if token_ids else Fidelity.RAW_TEXT


def _identity(claim: Claim, generation: Generation | None) -> dict[str, Any]:
    deployment, attempt = claim.run.deployment, str(claim.attempt.pk)
    return {
        "engine": deployment.engine,
        "engine_version": deployment.engine_version,
        "engine_revision": deployment.revision,
        "engine_window": deployment.window,
        "tokenizer_sha256": deployment.tokenizer_sha256,
        "tokenizer_version": deployment.tokenizer_version,
        "engine_model": label(generation.model, 200) if generation else "",
        "engine_fingerprint": label(generation.fingerprint, 200) if generation else "",
        "engine_request_id": label(generation.request_id if generation else attempt, 200),
        "finish_reason": _finish_reason(generation),
    }


def _finish_reason(generation: Generation | None) -> str:
    return label(generation.finish_reason or "", 40) if generation else ""


def _prompt_tokens(prepared: Prepared | None, generation: Generation | None) -> int:
    """How many were sent; of a prompt that the engine makes itself, how many it counted."""
    sent = len(prepared.prompt_token_ids) if prepared else 0
    return sent or (generation.prompt_tokens if generation else None) or 0


def _parameters(prepared: Prepared | None) -> dict[str, str] | None:
    """What was sent besides the prompt; None when nothing was."""
    return parameters(prepared.address, prepared.request) if prepared else None


def _timings(generation: Generation | None) -> dict[str, int | None]:
    return {
        "first_token_ms": generation.first_token_ms if generation else None,
        "last_token_ms": generation.last_token_ms if generation else None,
        "total_ms": generation.total_ms if generation else 0,
    }


def _observed(
    outcome: Outcome, form: ThinkForm, token_ids: tuple[int, ...], *, replaced: bool
) -> partial[checks.Observed]:
    """All that checks look at but what reading the answer brings."""
    run, prepared, generation = outcome.claim.run, outcome.prepared, outcome.generation
    approved, observed = _compared(outcome)
    return partial(
        checks.Observed,
        form=form,
        finish_reason=_finish_reason(generation),
        fidelity=_fidelity(generation, token_ids).value,
        language_of_question=run.question.language,
        prompt_tokens=_prompt_tokens(prepared, generation),
        prompt_tokens_counted=generation.prompt_tokens if generation else None,
        window=run.deployment.window,
        engine_approved=approved,
        engine_observed=observed,
        prompt_ids_sent=prepared.prompt_token_ids if prepared else (),
        prompt_ids_reported=generation.prompt_token_ids if generation else (),
        replaced=replaced,
    )


def _compared(outcome: Outcome) -> tuple[dict[str, str], dict[str, str]]:
    """What of the engine was approved, and what it said, by name. A fingerprint comes with the last
    piece of an answer: one that did not come whole need have none."""
    if isinstance(outcome.error, EngineNotApproved):
        return outcome.error.data["approved"], outcome.error.data["observed"]
    deployment, generation = outcome.claim.run.deployment, outcome.generation
    model, fingerprint = (generation.model, generation.fingerprint) if generation else ("", "")
    approved, observed = {"model": deployment.model}, {"model": label(model, 200)}
    if fingerprint or outcome.ending == Ending.FINISHED:
        found = probes.of_fingerprint(deployment, fingerprint)
        approved |= {name: pair[0] for name, pair in found.items()}
        observed |= {name: pair[1] for name, pair in found.items()}
    return approved, observed


def _finding(trace: Trace, observation: checks.Observation) -> Finding:
    return Finding(
        trace=trace,
        question_id=trace.question_id,
        code=observation.code,
        severity=observation.severity,
        sentence=observation.sentence,
        data=dict(observation.data),
    )
