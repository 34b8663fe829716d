"""Whether an engine still is the one that was approved, asked again while a worker works.

A process asks a deployment's engine once a minute (``IDENTITY_SECONDS``), before a run is sent, in
two short questions that wait behind no other request. Another engine than approved gets no run.
"""

import threading
import time
from collections.abc import Mapping
from uuid import UUID

from django.conf import settings
from django.db import connection

from reasoning.core.errors import EngineError, EngineNotApproved
from reasoning.inference.identity import EngineIdentity, identify
from reasoning.inference.loop import run as on_loop
from reasoning.inference.requests import EngineAddress
from reasoning.models import Deployment
from reasoning.services import probes
from reasoning.services.engine_address import address_of

Place = tuple[UUID, str]
"""A deployment, and the address of one of its replicas."""

_asked: dict[Place, float] = {}
"""When an engine last was the approved one. Guarded by the place's lock."""
_locks: dict[Place, threading.Lock] = {}
_adding = threading.Lock()


def require_as_approved(deployment: Deployment, base_url: str = "") -> None:
    """Raise EngineNotApproved when the engine says that it is another; EngineError when it is new
    to this process and does not answer. ``base_url`` is one of the deployment's replicas.

    One that was right before and is merely slow to say so now is believed: a run finds out anyway.
    """
    address = address_of(deployment, base_url)
    place = (deployment.pk, address.base_url)
    with _lock_of(place):
        last = _asked.get(place)
        if last is not None and time.monotonic() - last < settings.IDENTITY_SECONDS:
            return
        identity = _identity(address, known=last is not None)
        if identity is None:
            return
        found = probes.differences(deployment, identity)
        if not found:
            _asked[place] = time.monotonic()
            return
        _asked.pop(place, None)
    raise _refusal(deployment, identity, found)


def forget() -> None:
    """Ask every engine again before its next run."""
    _asked.clear()


def _identity(address: EngineAddress, *, known: bool) -> EngineIdentity | None:
    """What the engine says; None when it is known and does not answer now."""
    try:
        return on_loop(identify(address, fingerprint=False)).result()
    except EngineError as error:
        if known and error.retryable:
            return None
        raise


def _refusal(
    deployment: Deployment, identity: EngineIdentity, found: Mapping[str, tuple[str, str]]
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


def _lock_of(place: Place) -> threading.Lock:
    with _adding:
        return _locks.setdefault(place, threading.Lock())
