"""Looking at a deployment's engine: is it what the deployment says? Each look is evidence."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import connection

from reasoning.core.errors import AuditError, Conflict, EngineError
from reasoning.core.errors import gettext_noop as _
from reasoning.core.prompts import Turn
from reasoning.core.texts import label, storable
from reasoning.inference.identity import EngineIdentity
from reasoning.inference.loop import run as on_loop
from reasoning.inference.probing import MESSAGES, Answer, Examination, examine
from reasoning.inference.requests import EngineKind
from reasoning.models import Deployment, Probe, ProbeOccasion, Renderer, User, Workspace
from reasoning.services import clock, prepared
from reasoning.services.audit import actor_of
from reasoning.services.engine_address import address_of
from reasoning.services.evidence import record
from reasoning.services.tokenizers import rendered

log = logging.getLogger(__name__)

DIGEST = "sha256:"


class NotProbed(Conflict):
    """A deployment is approved only after its engine was looked at, and found as described."""

    code = "not_probed"


def probe(*, deployment: Deployment, occasion: ProbeOccasion, user: User | None = None) -> Probe:
    """Look at the deployment's engine, and record what was seen. Trouble is recorded, not raised.

    No database connection is held meanwhile.
    """
    connection.close()
    try:
        row = Probe(**_columns(deployment, _examined(deployment)))
    except AuditError as error:
        row = Probe(**_unseen(error))
    row.deployment, row.occasion = deployment, occasion
    record(actor_of(user), row)
    return row


def note(*, deployment: Deployment, identity: EngineIdentity, differing: Sequence[str]) -> Probe:
    """Record that an engine was found to be another than approved when a run was about to begin."""
    row = Probe(
        deployment=deployment,
        occasion=ProbeOccasion.RUN,
        differing=list(differing),
        tokenizer=Answer.UNKNOWN,
        token_ids=Answer.UNKNOWN,
        parser=Answer.UNKNOWN,
        failure_code="",
        failure="",
        **_identity(identity),
    )
    record(actor_of(None), row)
    return row


def at_worker_start() -> list[Probe]:
    """Look at every approved deployment that some workspace may use, and say what is wrong."""
    allowed = Workspace.allowed_deployments.through._default_manager.values("deployment_id")
    usable: Any = Deployment.objects.approved()
    found = [
        probe(deployment=deployment, occasion=ProbeOccasion.WORKER_START)
        for deployment in usable.filter(pk__in=allowed)
    ]
    for row in found:
        if not row.passed:
            log.error("deployment %s: %s", row.deployment.label, _shortly(row))
    return found


def last_of(deployment: Deployment) -> Probe | None:
    """The newest look at a deployment's engine."""
    return deployment.probes.order_by("-recorded_at", "-pk").first()


def require_recent(deployment: Deployment) -> None:
    """Raise NotProbed unless the newest look is recent and found everything as described."""
    last = last_of(deployment)
    oldest = clock.now() - timedelta(hours=settings.PROBE_HOURS)
    if last is None or last.recorded_at < oldest:
        raise NotProbed(
            _(
                "The engine of %(name)s was not looked at recently. Have an administrator run: "
                "manage.py probe_deployment %(name)s"
            ),
            name=deployment.label,
        )
    if not last.passed:
        raise NotProbed(
            _("The engine of %(name)s is not as the deployment says: %(found)s."),
            name=deployment.label,
            found=_shortly(last),
        )


def flags_of(deployment: Deployment) -> dict[str, str] | None:
    """What the newest look found out about how the engine is set up; None when there was none."""
    last = prepared.first(_FLAGS, [deployment.pk])
    if last is None:
        return None
    names = ("probe_id", "tokenizer", "token_ids", "parser")
    return {name: str(value) for name, value in zip(names, last, strict=True)}


_FLAGS = """
SELECT id, tokenizer, token_ids, parser FROM reasoning_probe WHERE deployment_id = %s
 ORDER BY recorded_at DESC, id DESC LIMIT 1
"""


Differences = dict[str, tuple[str, str]]
"""By name, what was approved and what was observed instead."""


def differences(
    deployment: Deployment, identity: EngineIdentity, *, fingerprint: bool = True
) -> Differences:
    """What the engine says of itself, against the deployment.

    What either does not say is not compared, except a fingerprint that is named: it must be given,
    if it was asked for (``fingerprint``). A window may be larger than approved.
    """
    weights = deployment.revision if deployment.revision.startswith(DIGEST) else ""
    shown = identity.fingerprint if identity.fingerprint.startswith(DIGEST) else ""
    pairs = {
        "model": (deployment.model, label(identity.model, 200)),
        "version": (deployment.engine_version, label(identity.version, 100)),
        "weights": (weights, shown),
    }
    found = {name: pair for name, pair in pairs.items() if all(pair) and pair[0] != pair[1]}
    if identity.window is not None and identity.window < deployment.window:
        found["window"] = (str(deployment.window), str(identity.window))
    return found | (of_fingerprint(deployment, identity.fingerprint) if fingerprint else {})


def of_fingerprint(deployment: Deployment, given: str) -> Differences:
    """The difference, where the deployment names fingerprints and none of them was given."""
    named = deployment.fingerprints
    if not named or given in named:
        return {}
    return {"fingerprint": (", ".join(named), label(given, 200))}


@dataclass(frozen=True)
class _Seen:
    """Every replica's examination, the first address's first; and our own rendering of what was
    rendered (empty where the engine's counts)."""

    examinations: tuple[Examination, ...]
    ours: tuple[int, ...]


def _examined(deployment: Deployment) -> _Seen:
    ours: tuple[int, ...] = ()
    if deployment.renderer == Renderer.MISTRAL_COMMON:
        system, user = MESSAGES
        ours = rendered(deployment, system.text, [Turn("user", user.text)]).token_ids
    addresses = [address_of(deployment, url) for url in ("", *deployment.replicas)]
    work = [on_loop(examine(address, ours, window=deployment.window)) for address in addresses]
    return _Seen(tuple(one.result() for one in work), ours)


def _columns(deployment: Deployment, seen: _Seen) -> dict[str, Any]:
    first = seen.examinations[0]
    differing = {
        name for one in seen.examinations for name in _differing(deployment, one, seen.ours)
    }
    return {
        "differing": sorted(differing),
        "tokenizer": "differs" if "tokenizer" in differing else _agreement(first, seen.ours),
        "token_ids": first.token_ids,
        "parser": first.parser,
        "failure_code": "",
        "failure": "",
        **_identity(first.identity),
        "fingerprint": label(_fingerprint(deployment, seen), 200),
    }


def _fingerprint(deployment: Deployment, seen: _Seen) -> str:
    """The first that is not named, else that of the first address."""
    given = [one.identity.fingerprint for one in seen.examinations]
    return next((one for one in given if of_fingerprint(deployment, one)), given[0])


def _agreement(examination: Examination, ours: tuple[int, ...]) -> str:
    if not ours or examination.rendered is None:
        return "unknown"
    return "agrees" if examination.rendered == ours else "differs"


def _differing(
    deployment: Deployment, examination: Examination, ours: tuple[int, ...]
) -> Iterator[str]:
    yield from differences(deployment, examination.identity)
    if _agreement(examination, ours) == "differs":
        yield "tokenizer"
    if deployment.engine == EngineKind.VLLM and examination.token_ids is not Answer.YES:
        yield "token_ids"


def _identity(identity: EngineIdentity) -> dict[str, Any]:
    return {
        "engine": label(identity.engine, 40),
        "version": label(identity.version, 100),
        "model": label(identity.model, 200),
        "window": identity.window,
        "fingerprint": label(identity.fingerprint, 200),
    }


def _unseen(error: AuditError) -> dict[str, Any]:
    said = error.data.get("message") if isinstance(error, EngineError) else None
    return {
        "differing": [],
        **dict.fromkeys(("engine", "version", "model", "fingerprint"), ""),
        **dict.fromkeys(("tokenizer", "token_ids", "parser"), "unknown"),
        "failure_code": error.code,
        "failure": storable(f"{error.detail} {said}" if said else error.detail)[0],
    }


def _shortly(row: Probe) -> str:
    return ", ".join(row.differing) or row.failure or row.failure_code
