"""Finding records by an identifier: an id or a hash or the beginning of one, a case reference."""

import re
from collections.abc import Iterable, Iterator
from uuid import UUID

from django.db.models import Q

from reasoning.core.texts import text_problem
from reasoning.models import Decision, Entry, SearchRow, Trace, User
from reasoning.models.search_row import RecordKind
from reasoning.services import access
from reasoning.services.search_pages import Found
from reasoning.services.searching import WORDS_LIMIT

MOST = 10
MANY = 1000
"""Records of cases that begin alike, from which on the beginning says too little."""

_HEX = re.compile(r"[0-9a-f]{8,64}")
_INDEXED_BYTES = 8
_HASH_BETWEEN = "substring(document_sha256, 1, 8) BETWEEN %s AND %s"


def find(*, user: User, typed: str) -> list[Found]:
    """Records that the user may read and that have this id, hash or case reference, or one that
    begins so: of ids and hashes at least eight digits. The newest first, at most ten.
    """
    typed = typed.strip()
    if not typed or " " in typed or text_problem("q", typed, limit=WORDS_LIMIT):
        return []
    rooms = [room.pk for room in access.workspaces_of(user)]
    rows = SearchRow.objects.filter(_named(typed), workspace__in=rooms)
    return [
        Found(row.subject_id, row.question_id, row.trace_id, RecordKind(row.kind), row.recorded_at)
        for row in rows.defer("words").order_by("-recorded_at", "-subject_id")[:MOST]
    ]


def _named(typed: str) -> Q:
    condition = Q(subject_id__in=of_cases(typed=typed))
    digits = typed.lower().replace("-", "")
    if not _HEX.fullmatch(digits):
        return condition
    if len(digits) <= 32:
        low, high = UUID(digits.ljust(32, "0")), UUID(digits.ljust(32, "f"))
        condition |= Q(subject_id__gte=low, subject_id__lte=high)
    return condition | Q(subject_id__in=list(_behind(digits)))


def of_cases(*, typed: str) -> list[UUID]:
    """Questions of cases that begin so, in all workspaces; none where too many do."""
    if not typed.strip() or text_problem("q", typed, limit=WORDS_LIMIT):
        return []
    rows = SearchRow.objects.filter(case_reference__startswith=typed.strip().upper())
    ids = list(rows.values_list("pk", flat=True)[: MANY + 1])
    return ids if len(ids) <= MANY else []


def _behind(digits: str) -> Iterator[UUID]:
    """The searched rows that an id or hash leads to: an entry's own, or else its record's."""
    for entry in _entries(digits):
        yield entry.subject_id
        yield from (one for one in (entry.record_id,) if one)
    if len(digits) == 32:
        yield from _of_parts(UUID(digits))


def _of_parts(identifier: UUID) -> Iterable[UUID]:
    """Traces of a run, whose attempts and requests people quote, and the traces decided on."""
    yield from Trace.objects.filter(run=identifier).values_list("pk", flat=True)
    yield from Decision.objects.filter(trace=identifier).values_list("pk", flat=True)


def _entries(digits: str) -> Iterable[Entry]:
    """Entries whose document's SHA-256 begins so, or that are about the thing with this id."""
    whole = bytes.fromhex(digits[: len(digits) // 2 * 2])[:_INDEXED_BYTES]
    ends = [whole.ljust(_INDEXED_BYTES, filling) for filling in (b"\x00", b"\xff")]
    rows = list(Entry.objects.extra(where=[_HASH_BETWEEN], params=ends)[:MOST])  # noqa: S610
    same = [one for one in rows if bytes(one.document_sha256).hex().startswith(digits)]
    about = Entry.objects.filter(subject_id=UUID(digits)) if len(digits) == 32 else ()
    return [*same, *about]
