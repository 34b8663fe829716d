"""Handing evidence out: everything of one question's record, with what is needed to check it."""

from base64 import b64encode
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.db import transaction

from reasoning.core.documents import timestamp
from reasoning.models import (
    EVIDENCE,
    Action,
    Entry,
    Evidence,
    Passkey,
    Place,
    Question,
    User,
)
from reasoning.services import audit, clock, integrity, withholding

SCHEMA = "magistral-audit/evidence/v1"
CAPTION = (
    "Model-generated working text, recorded unaltered. It may omit or misstate what influenced the "
    "answer, and it is not an explanation of the decision or a justification for it. Check it "
    "against the sources. The decision and its reasons are the reviewer's."
)

HOW_TO_CHECK = (
    "Decode each item's document from base64: its SHA-256 is document_sha256. The document is JSON "
    "and commits to every text of the item: commitments[name] is HMAC-SHA256 with the salt "
    "(base64) as the key and the text (UTF-8; bytes are given in base64) as the message. A "
    "decision's facts name the document_sha256 of the trace it was signed for."
)


@transaction.atomic
def evidence_of(*, user: User, question: Question, place: Place) -> dict[str, Any]:
    """The whole record of a question as one JSON-ready object; the download is itself recorded.

    Each item holds the canonical document (base64 of the exact bytes), its SHA-256, and every
    committed text with its salt, so that ``HMAC-SHA256(salt, text)`` can be compared with the
    document's commitment. Raises IntegrityMismatch when a row is not what was recorded, and
    AnswerWithheld when an answer is withheld from the user.
    """
    withholding.require_revealed(user, question)
    audit.remember(
        action=Action.DOWNLOADED, place=place, user=user, question=question, subject_id=question.pk
    )
    entries = list(Entry.objects.filter(record_id=question.pk).order_by("id"))
    pinned = _pinned(question)
    rows = {row.pk: row for row in (*_rows(entries), *pinned)}
    _require_present(entries, rows)
    integrity.require_intact(rows.values())
    entries = [*Entry.objects.filter(subject_id__in=[row.pk for row in pinned]), *entries]
    return {
        "schema": SCHEMA,
        "caption": CAPTION,
        "how_to_check": HOW_TO_CHECK,
        "question_id": str(question.pk),
        "workspace": question.workspace.slug,
        "made_at": timestamp(clock.now()),
        "items": [_item(entry, rows[entry.subject_id]) for entry in entries],
    }


def _require_present(entries: Iterable[Entry], rows: Mapping[UUID, Evidence]) -> None:
    """Raise IntegrityMismatch when an entry's row is gone."""
    for entry in entries:
        if entry.subject_id not in rows:
            raise integrity.mismatch_error(
                integrity.Mismatch(entry.kind, str(entry.subject_id), "row")
            )


def _rows(entries: Iterable[Entry]) -> list[Evidence]:
    """The evidence rows behind the entries."""
    ids = [entry.subject_id for entry in entries]
    return [row for model in EVIDENCE for row in model._default_manager.filter(pk__in=ids)]


def _pinned(question: Question) -> list[Evidence]:
    """What the runs used, and the passkeys that signed: each once."""
    runs = question.runs.select_related("prompt_version", "sampling_profile", "deployment")
    found: dict[Any, Evidence] = {}
    for run in runs:
        for row in (run.prompt_version, run.sampling_profile, run.deployment):
            found[row.pk] = row
    for passkey in Passkey.objects.filter(decisions__question_id=question.pk):
        found[passkey.pk] = passkey
    return list(found.values())


def _item(entry: Entry, row: Evidence) -> dict[str, Any]:
    return {
        "kind": entry.kind,
        "id": str(entry.subject_id),
        "recorded_at": timestamp(entry.recorded_at),
        "document": b64encode(bytes(entry.document)).decode(),
        "document_sha256": bytes(entry.document_sha256).hex(),
        "facts": row.facts(),
        "texts": {name: _text(row, name) for name in row.commits_to()},
    }


def _text(row: Evidence, name: str) -> dict[str, Any]:
    """A committed text with its salt; bytes as base64; None for both once erased."""
    value, salt = getattr(row, name), getattr(row, f"{name}_salt")
    key = "text" if isinstance(value, str | None) else "bytes"
    shown = value if isinstance(value, str | None) else b64encode(bytes(value)).decode()
    return {"salt": b64encode(bytes(salt)).decode() if salt else None, key: shown}
