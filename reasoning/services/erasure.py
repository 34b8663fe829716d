"""Erasing texts of evidence: the word and its salt go, the commitment and every proof stay.

Whether a text may go is decided before this is called: legal holds, mandatory retention and a
second person's consent are not there yet, and neither is the choice of the other rows that repeat a
text (a trace's raw output, a note's quote). Here one row's texts are erased, in one transaction
with the evidence that they were, and from the index of searches too. PostgreSQL keeps the old row
version until its next VACUUM, and backups keep it for as long as they are kept.
"""

from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.db import connection, transaction

from reasoning.core import canonical
from reasoning.core.errors import Conflict, InvalidInput, Malformed
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import Draft, Entry, Erasure, Evidence, User
from reasoning.services import search_index
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record

LEGAL_BASIS_LIMIT = 200
REASON_LIMIT = 2_000


@transaction.atomic
def erase(
    *, user: User | None, subject: Evidence, fields: Sequence[str], legal_basis: str, reason: str
) -> Erasure:
    """Erase texts of one row for good, and record that, why and by whom (None: the system).

    Raises InvalidInput for fields that are no committed texts of the row, and Conflict when one of
    them was erased before.
    """
    require_text("legal_basis", legal_basis, limit=LEGAL_BASIS_LIMIT)
    require_text("reason", reason, limit=REASON_LIMIT)
    _require_erasable(subject, fields)
    erasure = Erasure(
        subject=str(subject._meta.model_name),
        subject_id=subject.pk,
        question_id=subject.record_id(),
        fields=list(fields),
        legal_basis=legal_basis,
        reason=reason,
    )
    record(actor_of(user), erasure)
    with connection.cursor() as cursor:
        cursor.execute("SELECT reasoning_erase(%s)", [erasure.pk])
    subject.refresh_from_db()
    search_index.renew(subject)
    Draft.objects.filter(question=erasure.question_id).delete()  # they may quote what is gone
    return erasure


def recorded(ids: Iterable[UUID]) -> dict[UUID, set[str]]:
    """The texts that logged erasures took, by the row they were taken from.

    Only what an entry's document says counts: an erasure that was not logged took nothing lawfully.
    """
    found: dict[UUID, set[str]] = {}
    ids = list(ids)
    if not ids:
        return found
    erasures = Erasure.objects.filter(subject_id__in=ids).values("pk")
    for entry in Entry.objects.filter(subject_id__in=erasures, kind=Erasure.KIND):
        facts = _facts(entry)
        if facts.get("subject_id") in {str(one) for one in ids}:
            found.setdefault(UUID(facts["subject_id"]), set()).update(facts.get("fields", ()))
    return found


def _facts(entry: Entry) -> dict[str, Any]:
    """An entry's facts; none when its bytes are damaged."""
    try:
        facts = canonical.decode(bytes(entry.document)).get("facts")
    except Malformed:
        return {}
    return facts if isinstance(facts, dict) else {}


def _require_erasable(subject: Evidence, fields: Sequence[str]) -> None:
    unknown = set(fields) - set(subject.commits_to())
    if unknown or not fields or len(set(fields)) != len(fields):
        raise InvalidInput.of(
            "fields", "unknown", _("Name texts of this record, each of them once.")
        )
    subject.refresh_from_db()
    if any(getattr(subject, name) is None for name in fields):
        raise Conflict(_("This text was erased before."))
