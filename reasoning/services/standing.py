"""Whether an engine still is the one that was approved, asked again while a worker works.

A process asks a deployment's engine once a minute (``IDENTITY_SECONDS``), before a run is sent, in
two short questions that wait behind no other request. Another engine than approved gets no run.

A fingerprint comes with an answer only. Where an answer brings one that the deployment does not
name, the engine is in doubt: before its next run it is asked for the shortest answer too, and gets
none until that one is right.
"""

import threading
import time
from uuid import UUID

from django.conf import settings
from django.db import connection

from reasoning.core.errors import EngineError, EngineNotApproved
from reasoning.inference.identity import EngineIdentity, identify
from reasoning.inference.loop import run as on_loop
from reasoning.inference.requests import EngineAddress
from reasoning.models import Deployment, Probe
from reasoning.services import probes
from reasoning.services.engine_address import address_of

Place = tuple[UUID, str]
"""A deployment, and the address of one of its replicas."""

_asked: dict[Place, float] = {}
"""When an engine last was the approved one. Guarded by the place's lock."""
_doubted: set[Place] = set()
"""Where something answered that was not approved. Guarded by the place's lock."""
_locks: dict[Place, threading.Lock] = {}
_adding = threading.Lock()


def require_as_approved(deployment: Deployment, base_url: str = "") -> None:
    """Raise EngineNotApproved when the engine says that it is another; EngineError when it is new
    to this process, or in doubt, and does not answer. ``base_url`` is one of the deployment's
    replicas.

    One that was right before and is merely slow to say so now is believed: a run finds out anyway.
    """
    address, place = address_of(deployment, base_url), _place(deployment, base_url)
    with _lock_of(place):
        last, doubted = _asked.get(place), place in _doubted
        if last is not None and time.monotonic() - last < settings.IDENTITY_SECONDS:
            return
        identity = _identity(address, known=last is not None, fingerprint=doubted)
        if identity is None:
            return
        found = probes.differences(deployment, identity, fingerprint=doubted)
        if not found:
            _asked[place] = time.monotonic()
            _doubted.discard(place)
            return
        _asked.pop(place, None)
    raise _refusal(deployment, identity, found)


def hear(deployment: Deployment, base_url: str, fingerprint: str) -> None:
    """Doubt the engine if an answer that came whole has not a fingerprint of the deployment's."""
    if probes.of_fingerprint(deployment, fingerprint):
        _doubt(_place(deployment, base_url))


def look_at_all() -> list[Probe]:
    """Look at every engine in use, as a worker that starts does; doubt those of a deployment where
    a fingerprint is another."""
    found = probes.at_worker_start()
    for row in found:
        if "fingerprint" in row.differing:
            for url in (row.deployment.base_url, *row.deployment.replicas):
                _doubt(_place(row.deployment, url))
    return found


def forget() -> None:
    """Ask every engine again before its next run."""
    _asked.clear()
    _doubted.clear()


def _doubt(place: Place) -> None:
    with _lock_of(place):
        _doubted.add(place)
        _asked.pop(place, None)


def _identity(address: EngineAddress, *, known: bool, fingerprint: bool) -> EngineIdentity | None:
    """What the engine says; None when it is known and does not answer now."""
    try:
        return on_loop(identify(address, fingerprint=fingerprint)).result()
    except EngineError as error:
        if known and error.retryable:
            return None
        raise


def _refusal(
    deployment: Deployment, identity: EngineIdentity, found: probes.Differences
) -> EngineNotApproved:
    """Another engine than approved: on the record, and as an error."""
    probes.note(deployment=deployment, identity=identity, differing=sorted(found))
    connection.close()
    return EngineNotApproved(
        name=deployment.label,
        differing=", ".join(sorted(found)),
        approved={name: approved for name, (approved, _observed) in found.items()},
        observed={name: observed for name, (_approved, observed) in found.items()},
    )


def _place(deployment: Deployment, base_url: str) -> Place:
    return deployment.pk, address_of(deployment, base_url).base_url


def _lock_of(place: Place) -> threading.Lock:
    with _adding:
        return _locks.setdefault(place, threading.Lock())
