"""Everything that happened to a record, in the order of the log."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from reasoning.core import canonical
from reasoning.core.errors import Malformed
from reasoning.models import Entry, User


@dataclass(frozen=True)
class Happening:
    """One entry of the log, as people read it. ``facts`` is empty when its bytes are damaged."""

    entry_id: int
    kind: str
    subject_id: UUID
    recorded_at: datetime
    actor_kind: str
    actor_id: str
    actor_name: str
    document_sha256: str
    facts: dict[str, Any]


def of_record(record_id: UUID) -> list[Happening]:
    """Every entry of one question's record, oldest first."""
    entries = list(Entry.objects.filter(record_id=record_id).order_by("id"))
    documents = [_decoded(entry) for entry in entries]
    names = _names(documents)
    return [
        _happening(entry, document, names)
        for entry, document in zip(entries, documents, strict=True)
    ]


def _decoded(entry: Entry) -> dict[str, Any]:
    try:
        return canonical.decode(bytes(entry.document))
    except Malformed:
        return {}


def _names(documents: Iterable[dict[str, Any]]) -> dict[str, str]:
    """Printed names by pseudonymous id."""
    ids = {document.get("actor", {}).get("id") for document in documents} - {None}
    return {str(user.pk): user.get_full_name() for user in User.objects.filter(pk__in=ids)}


def _happening(entry: Entry, document: dict[str, Any], names: dict[str, str]) -> Happening:
    actor = document.get("actor", {})
    return Happening(
        entry_id=entry.pk,
        kind=entry.kind,
        subject_id=entry.subject_id,
        recorded_at=entry.recorded_at,
        actor_kind=actor.get("kind", ""),
        actor_id=actor.get("id") or "",
        actor_name=names.get(actor.get("id") or "", ""),
        document_sha256=bytes(entry.document_sha256).hex(),
        facts=document.get("facts", {}),
    )
