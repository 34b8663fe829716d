"""Back-pressure: an engine that is away or full is given less, and asked again in growing steps.

Each engine, by its address, has a gate. A refusal makes its ``room`` what the engine does hold and
closes it for a while: that many streams go on being replaced as they end, and nothing is sent
beyond. When the time is over one run is risked, a probe (``take_probe``), and no other until it is
known how it went: an engine that takes it is given more room, one that refuses it is left alone for
longer. Before an engine that was away even that run is spared: its door is knocked at first.
"""

from datetime import timedelta

from django.db import transaction

from reasoning.core.errors import EngineBusy, EngineError
from reasoning.models import Gate, RunState, RunStatus
from reasoning.services import clock

FIRST_PAUSE = 1
LONGEST_PAUSE = 15
PROBE_SECONDS = 5
"""How long a probe may leave open how it went before another may be tried."""
FORGOTTEN_SECONDS = 60
"""A gate that nobody has tried for so long says nothing any more."""


def shut(*, base_url: str, error: EngineError, probe: bool) -> None:
    """The engine was full (EngineBusy) or away: close its gate; for longer after a failed probe.

    Inside the transaction that stores the refused attempt, whose run still counts as running.
    """
    now = clock.now()
    room = max(0, _streams(base_url) - 1) if isinstance(error, EngineBusy) else 0
    fresh = {
        "trouble": error.code,
        "room": room,
        "pause_seconds": FIRST_PAUSE,
        "closed_until": now + timedelta(seconds=_pause(FIRST_PAUSE, error)),
        "since": now,
    }
    gate, new = Gate.objects.select_for_update().get_or_create(pk=base_url, defaults=fresh)
    if new:
        return
    if gate.closed_until < now - timedelta(seconds=FORGOTTEN_SECONDS):
        Gate.objects.filter(pk=base_url).update(**fresh)
        return
    gate.trouble, gate.room = error.code, min(room, gate.room)
    if probe or gate.closed_until <= now:
        gate.pause_seconds = min(2 * gate.pause_seconds, LONGEST_PAUSE)
        gate.closed_until = now + timedelta(seconds=_pause(gate.pause_seconds, error))
    gate.save()


def take_probe(base_url: str) -> None:
    """One run, or a knock, is risked: nobody else does so until it is known how it went."""
    gate = Gate.objects.select_for_update().get(pk=base_url)
    wait = max(gate.pause_seconds, PROBE_SECONDS)
    gate.closed_until = clock.now() + timedelta(seconds=wait)
    gate.save(update_fields=["closed_until"])


@transaction.atomic
def accepted(base_url: str) -> None:
    """The engine has begun to answer a probe: it has more room than it was given."""
    gate = Gate.objects.select_for_update().filter(pk=base_url).first()
    if gate is None:
        return
    gate.room += 1 + gate.room // 8
    gate.pause_seconds, gate.closed_until = FIRST_PAUSE, clock.now()
    gate.save()


def open_again(base_url: str) -> None:
    """The engine that was away answers."""
    Gate.objects.filter(pk=base_url).delete()


def _streams(base_url: str) -> int:
    return RunState.objects.filter(status=RunStatus.RUNNING, base_url=base_url).count()


def _pause(seconds: int, error: EngineError) -> int:
    """The engine's own word (Retry-After) counts where it asks for more, within reason."""
    asked = error.data.get("retry_after")
    return max(seconds, min(asked, FORGOTTEN_SECONDS)) if isinstance(asked, int) else seconds
