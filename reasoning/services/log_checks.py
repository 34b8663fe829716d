"""Checks of the whole log on demand: asked for by a person, carried out by a worker, both recorded.

It is the service that checks itself here, with the keys and witnesses it is set up with. That finds
damage and tampering by others; whoever does not trust the service runs ``manage.py check_log`` as
the auditor's role with a key of their own, or verifies a bundle elsewhere.
"""

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection

from reasoning.core.errors import AuditError, Conflict, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.reports import Report, Verdict
from reasoning.models import Action, AuditEvent, Place, User
from reasoning.services import audit, checkpoints, clock, figures
from reasoning.services.verification import Wanted, verify

AGAIN_AFTER = timedelta(minutes=15)
"""How long after a check was asked for it can be asked for again, though it has no result yet."""

OBSERVATIONS = 20
"""Of each step, that are kept."""

LOCK = 7_215_001
"""The advisory lock of whoever checks: one check at a time."""


@dataclass(frozen=True)
class Check:
    """A check that was asked for, and its result: None while there is none."""

    asked: AuditEvent
    result: AuditEvent | None

    @property
    def verdict(self) -> Verdict | None:
        return Verdict(self.result.code) if self.result else None

    @property
    def report(self) -> dict[str, Any]:
        """The report as the command prints it for programs; empty without one."""
        found: dict[str, Any] = json.loads((self.result.detail if self.result else "") or "{}")
        return found


def ask(*, user: User, place: Place) -> AuditEvent:
    """Record that the log is to be checked. Tell the broker after the commit.

    Raises Refused for people who neither audit nor administer, Conflict while a check goes on.
    """
    if not figures.rooms_of(user):
        raise Refused(_("This needs the role of an auditor or an administrator."))
    last = latest()
    if last and last.result is None and last.asked.recorded_at > clock.now() - AGAIN_AFTER:
        raise Conflict(_("A check is going on already."))
    return audit.remember(action=Action.CHECK_ASKED, place=place, user=user)


def latest() -> Check | None:
    """The check that was asked for last."""
    return next(iter(listed(1)), None)


def listed(most: int = 10) -> list[Check]:
    """Checks, the newest first."""
    events = AuditEvent.objects.filter(action=Action.CHECK_ASKED)
    return [_check(asked) for asked in events.order_by("-recorded_at")[:most]]


def carry_out(asked_id: UUID) -> Verdict | None:
    """Check the log and record how it went; None when that was done, or somebody else is at it."""
    asked = AuditEvent.objects.filter(action=Action.CHECK_ASKED, pk=asked_id).first()
    if asked is None or _check(asked).result or not _locked("pg_try_advisory_lock"):
        return None
    try:
        verdict, report = _verified()
    finally:
        _locked("pg_advisory_unlock")
    audit.remember(
        action=Action.CHECKED,
        place=Place.SYSTEM,
        subject_id=asked.pk,
        code=verdict,
        detail=json.dumps(report, ensure_ascii=False),
    )
    return verdict


def _verified() -> tuple[Verdict, dict[str, Any]]:
    try:
        report: Report = verify(Wanted(policy=checkpoints.policy()))
    except AuditError as error:
        return Verdict.COULD_NOT_VERIFY, {"error": error.detail}
    found = report.as_dict()
    for step in found["steps"]:
        step["omitted"] += len(step["observations"][OBSERVATIONS:])
        step["observations"] = step["observations"][:OBSERVATIONS]
    return report.verdict, found


def _check(asked: AuditEvent) -> Check:
    results = AuditEvent.objects.filter(
        action=Action.CHECKED, subject_id=asked.pk, recorded_at__gte=asked.recorded_at
    )
    return Check(asked, results.order_by("recorded_at").first())


def _locked(function: str) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [LOCK])
        return bool(cursor.fetchone()[0])
