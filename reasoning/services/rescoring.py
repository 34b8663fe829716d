"""Re-score: the stored ids given to the engine, which says how likely it would have made them."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings

from reasoning.core import plausibility
from reasoning.core.errors import AuditError
from reasoning.core.plausibility import Place, Verdict
from reasoning.core.token_ids import unpack
from reasoning.inference.identity import EngineIdentity, identify
from reasoning.inference.loop import run as on_loop
from reasoning.inference.scoring import score
from reasoning.models import ComparisonRequest, Rescore
from reasoning.services import standing
from reasoning.services.engine_address import address_of
from reasoning.services.engines import require_usable
from reasoning.services.replaying import Held, about, failure, observed


def rescore(request: ComparisonRequest, held: Held) -> Rescore:
    """Have the trace's output scored after its prompt. Raises EngineError.

    The engine needs room for one more token: what fills the window to the last is scored without
    its end.
    """
    trace = request.trace
    deployment = trace.run.deployment
    require_usable(trace.run)
    standing.require_as_approved(deployment, trace.attempt.base_url)
    address = address_of(deployment, trace.attempt.base_url)
    prompt = unpack(bytes(trace.prompt_token_ids or b""))
    output = unpack(bytes(trace.output_token_ids or b""))
    identity: EngineIdentity = held(on_loop(identify(address)))
    room = (identity.window or deployment.window) - len(prompt) - 1
    scores = held(
        on_loop(
            score(address, prompt, output[:room], seconds=float(settings.ENGINE_SILENCE_SECONDS))
        )
    )
    temperature = float(trace.run.sampling_profile.temperature)
    places = [plausibility.place(one, temperature) for one in scores]
    return Rescore(
        **about(request),
        **observed(trace, identity, ""),
        **judged(request, places),
        failure_code="",
        failure="",
    )


def judged(request: ComparisonRequest, places: Iterable[Place]) -> dict[str, Any]:
    """The figures as they are recorded, from the scores as they are recorded (32-bit floats)."""
    packed = plausibility.pack(places)
    run = request.trace.run
    profile = run.sampling_profile
    found = plausibility.figures(plausibility.unpack(packed), float(profile.top_p))
    verdict = plausibility.verdict(
        found, temperature=float(profile.temperature), forced=bool(run.deployment.grammar)
    )
    return {
        "verdict": verdict,
        "tokens": found.tokens,
        "mean_logprob": f"{found.mean_logprob:.4f}",
        "likeliest": found.likeliest,
        "expected": f"{found.expected:.2f}",
        "deviation": f"{found.deviation:.2f}",
        "impossible": found.impossible,
        "scores": packed,
    }


def failed(request: ComparisonRequest, error: AuditError) -> Rescore:
    """A re-score of which nothing came."""
    return Rescore(
        **about(request),
        **failure(error),
        verdict=Verdict.UNDECIDED,
        tokens=0,
        mean_logprob="",
        likeliest=0,
        expected="",
        deviation="",
        impossible=0,
        scores=b"",
    )
