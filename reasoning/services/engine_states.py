"""How the engines stand: each address of each deployment in use, and the last look at it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Count

from reasoning.core.errors import EngineBusy
from reasoning.models import Deployment, Gate, Probe, RunState, RunStatus, Workspace
from reasoning.services import clock, probes
from reasoning.services.gates import FORGOTTEN_SECONDS


@dataclass(frozen=True)
class Address:
    """One address: the streams on it, and its gate (None: open)."""

    base_url: str
    streams: int
    gate: Gate | None

    @property
    def is_away(self) -> bool:
        """It does not answer; one that is full is at work."""
        return self.gate is not None and self.gate.trouble != EngineBusy.code


@dataclass(frozen=True)
class EngineState:
    """A deployment that some workspace may use, and the newest look at it (None: none yet)."""

    deployment: Deployment
    addresses: list[Address]
    probe: Probe | None


def engine_states() -> list[EngineState]:
    """Of every approved deployment that some workspace may use, by name."""
    allowed = Workspace.allowed_deployments.through._default_manager.values("deployment_id")
    usable: Any = Deployment.objects.approved()
    gates, streams = _gates(), _streams()
    return [
        EngineState(one, _addresses(one, gates, streams), probes.last_of(one))
        for one in usable.filter(pk__in=allowed).order_by("name", "-number")
    ]


def _addresses(
    deployment: Deployment, gates: Mapping[str, Gate], streams: Mapping[str, int]
) -> list[Address]:
    urls = [deployment.base_url, *deployment.replicas]
    return [Address(url, streams.get(url, 0), gates.get(url)) for url in urls]


def _gates() -> dict[str, Gate]:
    """Those that say something still."""
    oldest = clock.now() - timedelta(seconds=FORGOTTEN_SECONDS)
    return {gate.base_url: gate for gate in Gate.objects.filter(closed_until__gt=oldest)}


def _streams() -> dict[str, int]:
    running = RunState.objects.filter(status=RunStatus.RUNNING)
    return dict(running.values_list("base_url").annotate(n=Count("pk")).order_by())
