"""Replay: the same prompt, parameters and seed again, and how far the output is the stored one.

It need not be: an engine under load rounds differently, and one token that differs changes all that
follow. So a replay tells how many tokens matched, and never that an answer can be reproduced.
"""

from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

from django.conf import settings

from reasoning.core.errors import AuditError, EngineError
from reasoning.core.matching import Unit, match
from reasoning.core.texts import label, storable
from reasoning.core.token_ids import pack, unpack
from reasoning.inference import client
from reasoning.inference.identity import EngineIdentity, identify
from reasoning.inference.loop import run as on_loop
from reasoning.inference.requests import (
    EngineKind,
    Fidelity,
    Generation,
    GenerationRequest,
    Message,
)
from reasoning.models import ComparisonRequest, Replay, Run, Trace
from reasoning.services import follow_ups, standing
from reasoning.services.engine_address import address_of
from reasoning.services.engines import messages_of, require_usable
from reasoning.services.tokenizers import turns_of

Held = Callable[["Future[Any]"], Any]
"""Waits for work on the engine's loop while the job's lease is renewed."""


def replay(request: ComparisonRequest, held: Held) -> Replay:
    """Send the trace's request again. Raises EngineError; EngineNotApproved for another engine."""
    trace = request.trace
    deployment = trace.run.deployment
    require_usable(trace.run)
    standing.require_as_approved(deployment, trace.attempt.base_url)
    address = address_of(deployment, trace.attempt.base_url)
    identity: EngineIdentity = held(on_loop(identify(address)))
    generation: Generation = held(on_loop(client.generate(address, _again(request))))
    return Replay(
        **about(request),
        **observed(trace, identity, generation.fingerprint),
        **_matched(trace, generation),
        finish_reason=label(generation.finish_reason or "", 40),
        engine_request_id=label(generation.request_id, 200),
        total_ms=generation.total_ms,
        raw_response=generation.raw_response,
        raw_text=storable(generation.text)[0],
        output_token_ids=pack(generation.token_ids),
        failure_code="",
        failure="",
    )


def failed(request: ComparisonRequest, error: AuditError) -> Replay:
    """A replay of which nothing came."""
    return Replay(
        **about(request),
        **failure(error),
        unit=_unit(request.trace, None),
        compared=0,
        again=0,
        matched=0,
        first_difference=None,
        share="",
        finish_reason="",
        engine_request_id="",
        total_ms=0,
        raw_response=b"",
        raw_text="",
        output_token_ids=b"",
    )


# What both kinds of comparison record -----------------------------------------------------------


def about(request: ComparisonRequest) -> dict[str, Any]:
    """What an outcome is about."""
    return {
        "request": request,
        "trace_id": request.trace_id,
        "question_id": request.question_id,
    }


def observed(trace: Trace, identity: EngineIdentity, fingerprint: str) -> dict[str, Any]:
    """Who answered now, and what of that is not as recorded with the trace.

    What either does not say is not compared.
    """
    now = {
        "engine_model": label(identity.model, 200),
        "engine_version": label(identity.version, 100),
        "engine_fingerprint": label(fingerprint or identity.fingerprint, 200),
    }
    then = {name: getattr(trace, name) for name in now}
    differing = [
        name.removeprefix("engine_")
        for name, value in now.items()
        if value and then[name] and value != then[name]
    ]
    return {**now, "engine_window": identity.window, "differing": differing}


def failure(error: AuditError) -> dict[str, Any]:
    """Trouble as an outcome records it, with the engine's own words where it gave any."""
    said = error.data.get("message") if isinstance(error, EngineError) else None
    return {
        "engine_model": "",
        "engine_version": "",
        "engine_fingerprint": "",
        "engine_window": None,
        "differing": [],
        "failure_code": error.code,
        "failure": storable(f"{error.detail} {said}" if said else error.detail)[0],
    }


# The request, and the comparison ----------------------------------------------------------------


def _again(request: ComparisonRequest) -> GenerationRequest:
    """The request as it was sent: from the trace and from what its run is pinned to."""
    trace = request.trace
    run, profile = trace.run, trace.run.sampling_profile
    return GenerationRequest(
        request_id=str(request.pk),
        prompt_token_ids=tuple(unpack(bytes(trace.prompt_token_ids or b""))),
        messages=_messages(run),
        temperature=profile.temperature,
        top_p=profile.top_p,
        max_tokens=trace.effective_max_tokens,
        seed=run.seed,
        grammar=run.deployment.grammar or None,
        window=run.deployment.window,
        read_timeout=settings.ENGINE_SILENCE_SECONDS,
        total_timeout=settings.ANSWER_SECONDS,
    )


def _messages(run: Run) -> tuple[Message, ...]:
    """For engines that are sent no ids: the conversation, made of the same texts again."""
    if EngineKind(run.deployment.engine).takes_ids:
        return ()
    question, earlier = run.question.text or "", follow_ups.carried_by(run)
    return messages_of(run, turns_of(run.deployment, run.prompt_version, question, earlier))


def _unit(trace: Trace, generation: Generation | None) -> Unit:
    exact = {trace.fidelity, generation.fidelity if generation else trace.fidelity}
    return Unit.TOKENS if exact == {Fidelity.RAW_IDS} else Unit.CHARACTERS


def _matched(trace: Trace, generation: Generation) -> dict[str, Any]:
    unit = _unit(trace, generation)
    if unit is Unit.TOKENS:
        found = match(unpack(bytes(trace.output_token_ids or b"")), generation.token_ids)
    else:
        found = match(trace.raw_text or "", storable(generation.text)[0])
    return {
        "unit": unit,
        "compared": found.compared,
        "again": found.again,
        "matched": found.matched,
        "first_difference": found.first_difference,
        "share": found.share,
    }
