"""Recording: an evidence row and its entry, in one transaction, or neither."""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from django.db import transaction

from reasoning.core import canonical, commitments
from reasoning.core.documents import Actor
from reasoning.models import ActorKind, Entry, Evidence
from reasoning.services import clock, search_index, tallies
from reasoning.services.inserting import insert, insert_values

SYSTEM = Actor(ActorKind.SYSTEM, None, "")
COLUMNS = ("subject_id", "record_id", "kind", "recorded_at", "document")


def record(actor: Actor, *rows: Evidence, at: datetime | None = None) -> list[Entry]:
    """Insert rows with their entries, in the given order.

    Stamps who and when (``at``, or the database's time), draws a salt for each committed text that
    has none yet, and stores the exact bytes of each document. Within the caller's ``atomic`` block
    all of that stands or falls with it: there is no savepoint to go back to.
    """
    with transaction.atomic(savepoint=False):
        moment = at or clock.now()
        entries = [_sealed(row, actor, moment) for row in rows]
        for _of_one_kind, group in groupby(rows, key=_model):
            insert(list(group))
        stored = _insert(entries)
        _derive(rows)
        return stored


def _derive(rows: Iterable[Evidence]) -> None:
    """What searches and charts read instead of evidence; it stands or falls with it."""
    for model, group in groupby(rows, key=_model):
        ids = [row.pk for row in group]
        search_index.add(model, ids)
        tallies.add(model, ids)


def _insert(entries: list[Entry]) -> list[Entry]:
    """Store entries: the columns that the application may write, and no others."""
    if not entries:
        return []
    values = [[getattr(entry, column) for column in COLUMNS] for entry in entries]
    numbers = insert_values(Entry, COLUMNS, values, returning="id")
    for entry, number in zip(entries, numbers, strict=True):
        entry.pk, entry._state.adding = number, False
    return entries


def _model(row: Evidence) -> type[Evidence]:
    return type(row)


def _sealed(row: Evidence, actor: Actor, moment: datetime) -> Entry:
    row.recorded_at = moment
    row.actor_id, row.actor_kind, row.actor_name = actor.id, actor.kind, actor.name
    document = row.document(_committed(row, row.commits_to()))
    return Entry(
        subject_id=row.id,
        record_id=row.record_id(),
        kind=row.KIND,
        recorded_at=moment,
        document=canonical.encode(document),
    )


def _committed(row: Evidence, names: Iterable[str]) -> dict[str, bytes]:
    found = {}
    for name in names:
        salt = getattr(row, f"{name}_salt") or commitments.new_salt()
        setattr(row, f"{name}_salt", salt)
        found[name] = commitments.commit(salt, getattr(row, name))
    return found
