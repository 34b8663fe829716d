"""Approving deployments that no engine answers for."""

from reasoning.models import Deployment, Probe, ProbeOccasion, Registered
from reasoning.services import seeding
from reasoning.services.evidence import SYSTEM, record


def looked_at(deployment: Deployment, **changes: object) -> Probe:
    """A look at a deployment's engine that found all as described, unless changed."""
    columns: dict[str, object] = {
        "deployment": deployment,
        "occasion": ProbeOccasion.ASKED,
        "differing": [],
        "engine": deployment.engine,
        "version": deployment.engine_version,
        "model": deployment.model,
        "window": deployment.window,
        "fingerprint": "fp",
        "tokenizer": "agrees",
        "token_ids": "yes",
        "parser": "no",
        "failure_code": "",
        "failure": "",
    }
    row = Probe(**{**columns, **changes})
    record(SYSTEM, row)
    return row


def allow(*versions: Registered) -> None:
    """Approve versions and allow them everywhere, as if their engines had been looked at."""
    for version in versions:
        if isinstance(version, Deployment):
            looked_at(version)
    seeding.allow(*versions)
