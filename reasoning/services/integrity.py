"""Re-checking what is shown: row against document, texts against commitments, document against log.

Each row must be what its entry's document says, each text must open its commitment or have been
erased by a recorded erasure, and the document must be the leaf that the newest signed checkpoint
covers. Whatever differs is an alarm: a line in the log, with identifiers only, and an audit event.
"""

import logging
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

from reasoning.core import canonical, commitments, strict
from reasoning.core.errors import IntegrityMismatch, Malformed
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Action, Entry, Evidence, Place, Question
from reasoning.services import audit, erasure, inclusion

log = logging.getLogger(__name__)

ALARMS_AT_ONCE = 10


@dataclass(frozen=True)
class Mismatch:
    """One row that is not what was recorded, and where they differ.

    ``where`` names a text or a fact, or is ``entry`` (there is none, or its columns differ from its
    document), ``document``, ``leaf`` or ``checkpoint``.
    """

    kind: str
    id: str
    where: str


def mismatches(rows: Iterable[Evidence]) -> list[Mismatch]:
    """Every difference between the rows and the log; empty when all is as recorded.

    Raises the alarm for what it finds. Four or five short queries, however many rows.
    """
    found = differences(rows)
    alarm(found)
    return found


def require_intact(rows: Iterable[Evidence]) -> None:
    """Raise IntegrityMismatch when a row is not what was recorded."""
    if found := mismatches(rows):
        raise mismatch_error(found[0])


def mismatch_error(found: Mismatch) -> IntegrityMismatch:
    """The error that names the record."""
    return IntegrityMismatch(
        _("%(kind)s %(id)s does not match the log (%(where)s)."),
        kind=found.kind,
        id=found.id,
        where=found.where,
    )


def differences(rows: Iterable[Evidence]) -> list[Mismatch]:
    """What ``mismatches`` finds, without an alarm: reads only."""
    rows = list(rows)
    entries = {
        entry.subject_id: entry
        for entry in Entry.objects.filter(subject_id__in=[row.pk for row in rows])
    }
    erased = erasure.recorded(row.pk for row in rows if _has_gaps(row))
    unlogged = inclusion.differences(entries.values())
    found = []
    for row in rows:
        entry = entries.get(row.pk)
        where = difference(row, entry, erased.get(row.pk, ())) or (
            unlogged.get(entry.pk, "") if entry else ""
        )
        if where:
            found.append(Mismatch(row.KIND, str(row.pk), where))
    return found


def difference(row: Evidence, entry: Entry | None, erased: Collection[str] = ()) -> str:
    """The first part in which a row and its entry differ, or an empty string.

    ``erased`` names the texts that may be missing.
    """
    if entry is None:
        return "entry"
    try:
        recorded = canonical.decode(bytes(entry.document))
        held = _commitments(recorded)
    except Malformed:
        return "document"
    for name in row.commits_to():
        if not (name in erased and is_erased(row, name)) and not _opens(row, name, held.get(name)):
            return name
    present = row.document(held)
    return _first_difference(present, recorded) or _entry_difference(row, entry)


def is_erased(row: Evidence, name: str) -> bool:
    """Whether a text and its salt are both gone."""
    return getattr(row, name) is None and getattr(row, f"{name}_salt") is None


def _has_gaps(row: Evidence) -> bool:
    return any(getattr(row, name) is None for name in row.commits_to())


def _commitments(document: Mapping[str, Any]) -> dict[str, bytes]:
    """The commitments a document holds; or Malformed."""
    held = document.get("commitments")
    if not isinstance(held, dict) or not all(isinstance(value, str) for value in held.values()):
        raise Malformed
    return {name: strict.from_hex(value) for name, value in held.items()}


def _opens(row: Evidence, name: str, commitment: bytes | None) -> bool:
    text, salt = getattr(row, name), getattr(row, f"{name}_salt")
    if text is None or salt is None or commitment is None:
        return False
    text = text if isinstance(text, str) else bytes(text)
    try:
        return commitments.opens(commitment, bytes(salt), text)
    except Malformed:
        return False


def _first_difference(present: dict[str, Any], recorded: dict[str, Any]) -> str:
    for key in sorted({*present, *recorded}):
        mine, theirs = present.get(key), recorded.get(key)
        if mine == theirs:
            continue
        if isinstance(mine, dict) and isinstance(theirs, dict):
            return _first_difference(mine, theirs)
        return key
    return ""


def _entry_difference(row: Evidence, entry: Entry) -> str:
    """The entry's own columns, by which it is found and signed, repeat row and document."""
    said = (row.KIND, row.record_id(), row.recorded_at, sha256(bytes(entry.document)).digest())
    held = (entry.kind, entry.record_id, entry.recorded_at, bytes(entry.document_sha256))
    return "" if said == held else "entry"


def alarm(found: Iterable[Mismatch]) -> None:
    """Say it where administrators look, and keep it as evidence; identifiers only."""
    for number, mismatch in enumerate(found):
        log.error("%s %s does not match the log (%s)", mismatch.kind, mismatch.id, mismatch.where)
        if number < ALARMS_AT_ONCE:
            of_record = Entry.objects.filter(subject_id=mismatch.id).values("record_id")
            audit.remember(
                action=Action.INTEGRITY_ALARM,
                place=Place.SYSTEM,
                question=Question.objects.filter(pk__in=of_record).first(),
                subject_id=UUID(mismatch.id),
                code=IntegrityMismatch.code,
                detail=mismatch.where,
            )
