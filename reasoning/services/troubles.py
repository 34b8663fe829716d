"""What is wrong with the service, in sentences, and what is to be done about it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from reasoning.core.errors import gettext_noop as _
from reasoning.services import witnesses
from reasoning.services.condition import Condition
from reasoning.services.engine_states import EngineState
from reasoning.services.heartbeats import Kind
from reasoning.services.storage import PENDING

CHECK_EVERY = timedelta(days=7)
"""How old the last check of the whole log may be."""


@dataclass(frozen=True)
class Trouble:
    """One thing that is wrong, and the remedy: gettext templates, filled in with ``data``.

    ``code`` is stable. ``grave``: evidence or answers are at stake now.
    """

    code: str
    sentence: str
    remedy: str
    data: dict[str, Any] = field(default_factory=dict)
    grave: bool = True


def troubles(found: Condition) -> list[Trouble]:
    """All that needs attention, the grave first."""
    every = [
        trouble
        for look in (_log, _processes, _engines, _queue, _outside, _storage, _people)
        for trouble in look(found)
    ]
    return sorted(every, key=lambda trouble: not trouble.grave)


def _log(found: Condition) -> Iterator[Trouble]:
    check, last = found.check, found.log.checkpoint
    if check and check.verdict and not check.verdict.is_good:
        yield Trouble(
            "check_failed",
            _("The last check of the whole log did not find everything as it was logged."),
            _("See what it found, and keep the database and its backups as they are."),
        )
    if found.damaged_at:
        yield Trouble(
            "record_damaged",
            _("A record was found not to be as logged, at %(time)s."),
            _("Have the whole log checked: it names every record that is damaged."),
            {"time": _time(found.damaged_at)},
        )
    if found.log.lag.is_alarming:
        yield Trouble(
            "log_lag",
            _("Evidence has waited %(seconds)s s for a signed place in the log."),
            _("See the sequencer's log lines. Oldest open write transaction: %(holder)s."),
            {"seconds": round(found.log.lag.seconds), "holder": found.log.lag.holder or "–"},
        )
    unchecked = check.asked.recorded_at if check else found.log.began_at
    if last and unchecked and unchecked < found.at - CHECK_EVERY:
        yield Trouble(
            "check_old",
            _("The whole log was last checked from here over a week ago, or never."),
            _("Have it checked now; it takes minutes and disturbs nobody."),
            grave=False,
        )


def _processes(found: Condition) -> Iterator[Trouble]:
    if not found.sequencers:
        yield Trouble(
            "no_sequencer",
            _("The sequencer is not connected: new evidence gets no place in the log."),
            _("Start it: manage.py sequence"),
        )
    if found.heartbeats is None:
        yield Trouble(
            "no_broker",
            _("Redis does not answer: workers are not woken, and nobody can watch an answer form."),
            _("Start it. Nothing is lost: the queue is in PostgreSQL."),
        )
    fresh = {one.kind for one in found.heartbeats or () if one.is_fresh}
    if found.heartbeats is not None and Kind.WORKER not in fresh:
        yield Trouble(
            "no_worker",
            _("No worker was heard of in the last minute: no question is answered."),
            _("Start workers; README.md has the command."),
        )
    if found.abandoned or (found.heartbeats is not None and Kind.REAPER not in fresh):
        yield Trouble(
            "no_reaper",
            _("The reaper does not work: killed workers' runs wait, and so do new search words."),
            _("Start it: manage.py reap"),
        )


def _engines(found: Condition) -> Iterator[Trouble]:
    if not found.engines:
        yield Trouble(
            "no_deployment",
            _("No approved deployment is allowed in any workspace: no question is answered."),
            _("Propose one, have it approved, and allow it in a workspace."),
        )
    for engine in found.engines:
        yield from _engine(engine)


def _engine(engine: EngineState) -> Iterator[Trouble]:
    name, probe = engine.deployment.label, engine.probe
    for address in engine.addresses:
        if address.gate and address.is_away:
            yield Trouble(
                "engine_away",
                _("The engine at %(address)s (%(name)s) has not answered since %(time)s."),
                _("Start it, or stop or retire the deployment."),
                {"address": address.base_url, "name": name, "time": _time(address.gate.since)},
            )
    if probe and probe.differing:
        yield Trouble(
            "engine_differs",
            _("The engine of %(name)s is not as approved: %(differing)s."),
            _("Put back what was approved, or propose what runs now. Then: %(command)s"),
            {"name": name, "differing": ", ".join(probe.differing), "command": _probing(name)},
        )
    elif probe and not probe.passed:
        yield Trouble(
            "engine_unseen",
            _("The last look at the engine of %(name)s failed, at %(time)s."),
            _("Look again: %(command)s"),
            {"name": name, "time": _time(probe.recorded_at), "command": _probing(name)},
        )


def _queue(found: Condition) -> Iterator[Trouble]:
    if found.halts:
        yield Trouble(
            "stopped",
            _("Work is stopped by the stop switch."),
            _("See who stopped what, and why; resume it when the reason is gone."),
        )
    late = found.at - timedelta(seconds=settings.QUEUE_ALARM_SECONDS)
    for depth in found.depths:
        if depth.since and depth.since < late:
            yield Trouble(
                "queue_old",
                _("In %(workspace)s a run has waited since %(time)s."),
                _("See below whether engines are away or full, and what is stopped or limited."),
                {"workspace": depth.workspace.name, "time": _time(depth.since)},
                grave=False,
            )


def _outside(found: Condition) -> Iterator[Trouble]:
    if not found.log.witnesses and not settings.DEMONSTRATION:
        yield Trouble(
            "no_witness",
            _("No witness is set up: nobody outside would notice a log that is cut or split."),
            _("Set LOG_WITNESSES."),
            grave=False,
        )
    silent = found.at - timedelta(seconds=2 * witnesses.REFRESH)
    for witness in found.log.witnesses:
        if found.log.checkpoint and (witness.at is None or witness.at < silent):
            yield Trouble(
                "witness_silent",
                _("The witness %(name)s has not signed for two hours or more."),
                _("See the sequencer's log lines for what it answers, and ask who runs it."),
                {"name": witness.name},
            )
    yield from _time_stamps(found)


def _time_stamps(found: Condition) -> Iterator[Trouble]:
    newest, stamped = found.log.checkpoint, found.log.timestamp
    overdue = found.at - timedelta(seconds=2 * settings.LOG_TSA_SECONDS)
    covered = stamped and (stamped.received_at > overdue or stamped.checkpoint == newest)
    if settings.LOG_TSA_URL and newest and newest.signed_at < overdue and not covered:
        yield Trouble(
            "no_time_stamp",
            _("%(authority)s gives no time stamps any more."),
            _("See the sequencer's log lines for what it answers."),
            {"authority": settings.LOG_TSA_URL},
        )


def _storage(found: Condition) -> Iterator[Trouble]:
    for disk in found.storage.disks:
        if disk.is_nearly_full:
            yield Trouble(
                "disk_full",
                _("Less than a tenth of the disk under %(directory)s is free."),
                _("Make room, or move the directory to a larger disk."),
                {"directory": str(disk.directory)},
            )
    if found.storage.pending.more:
        yield Trouble(
            "search_behind",
            _("Searches do not find the newest traces: more than %(count)s wait to be indexed."),
            _("See that the reaper keeps up; run more than one."),
            {"count": PENDING},
            grave=False,
        )


def _people(found: Condition) -> Iterator[Trouble]:
    if found.locked:
        yield Trouble(
            "accounts_locked",
            _("Locked after wrong passwords or codes: %(names)s."),
            _("Ask them whether it was they, and unlock the account."),
            {"names": ", ".join(user.get_full_name() for user in found.locked)},
            grave=False,
        )


def _probing(name: str) -> str:
    return f"manage.py probe_deployment {name}"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M} UTC"
