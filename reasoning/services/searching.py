"""Searching everything that a person may read: words in 25 languages, identifiers, facets.

The words and facets are read from ``SearchRow``; what a page shows comes from the evidence itself.
"""

from dataclasses import dataclass
from datetime import datetime
from re import Pattern
from uuid import UUID

from reasoning.core.errors import InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.search_words import WITHOUT_STEMS
from reasoning.core.texts import require_text
from reasoning.models import User
from reasoning.services import access, clock, keyset, search_pages, withholding
from reasoning.services.facets import Condition, Facets, alone, beside_words, of_question, of_row
from reasoning.services.search_pages import Asked, Found
from reasoning.services.search_queries import Queries, queries_of

PAGE_SIZE = 20
WORDS_LIMIT = 300


@dataclass(frozen=True)
class Results:
    """One page, newest first; where the next begins (empty at the end); what to mark in texts.

    ``meaningless`` says that nothing of what was typed is looked for: words such as "the".
    ``looked_back_to`` is set where a page ends because so many rows had the words, and not because
    it is full: no older ones were looked at yet, and the next page goes on from there.
    """

    found: list[Found]
    cursor: str
    pattern: Pattern[str] | None
    meaningless: bool = False
    looked_back_to: datetime | None = None


def find(*, user: User, facets: Facets, cursor: str = "", size: int = PAGE_SIZE) -> Results:
    """What matches, in the workspaces that the user may read.

    Raises InvalidInput for a workspace that is not the user's, words that are too many, and a
    cursor that this did not give out.
    """
    require_text("q", facets.words, limit=WORDS_LIMIT, blank=True)
    queries = queries_of(facets.words)
    if facets.words.strip() and not queries.stems:
        return Results([], "", None, meaningless=True)
    rows, border = _rows(user, facets, queries, cursor, size + 1)
    last = rows[size - 1] if len(rows) > size else border
    after = keyset.cursor_of(last.recorded_at, last.subject_id) if last else ""
    looked_back_to = border.recorded_at if border else None
    return Results(rows[:size], after, queries.pattern, looked_back_to=looked_back_to)


def _rows(
    user: User, wanted: Facets, queries: Queries, cursor: str, most: int
) -> tuple[list[Found], Found | None]:
    """A case has few rows: they are read rather than all with its words."""
    rooms = _rooms(user, wanted.workspace)
    others = [*of_question(wanted), *_hidden(user)]
    after = keyset.parsed(cursor) if cursor else None
    if queries.stems and not wanted.case_reference:
        known = [*beside_words(wanted, rooms), *_rest(after, "row.recorded_at + interval '0'")]
        newest = min(one for one in (clock.now(), wanted.before, after and after[0]) if one)
        return search_pages.by_words(
            Asked(known, others, most, alone(wanted)),
            queries,
            newest=newest,
            oldest=wanted.after,
        )
    known = [*of_row(wanted, rooms), *_rest(after, "row.recorded_at")]
    return search_pages.by_facets(Asked([*known, *_words(queries)], others, most)), None


def _hidden(user: User) -> list[Condition]:
    """Nothing of questions from which the user keeps out; of those whose answer is withheld from
    them, only what was asked."""
    recused = "SELECT FROM reasoning_recusal WHERE question_id = row.question_id AND actor_id = %s"
    found: list[Condition] = [(f"NOT EXISTS ({recused})", [user.pk])]
    withheld = withholding.withheld_from(user).values("pk")
    if not withheld.query.is_empty():
        sql, values = withheld.query.sql_with_params()
        # A scalar subquery: with NOT IN all questions that wait would be gathered each time.
        of_row = f"SELECT true FROM ({sql}) AS withheld (id) WHERE id = row.question_id"  # noqa: S608
        found.append((f"(row.kind = 'question' OR ({of_row}) IS NOT TRUE)", list(values)))
    return found


def _words(queries: Queries) -> list[Condition]:
    if not queries.stems:
        return []
    alike = "(row.words @@ %s::tsquery OR (row.words @@ %s::tsquery AND row.language = ANY(%s)))"
    beginnings = queries.beginnings or queries.stems
    return [(alike, [queries.stems, beginnings, list(WITHOUT_STEMS)])]


def _rest(after: tuple[datetime, UUID] | None, moment: str) -> list[Condition]:
    return [(f"({moment}, row.subject_id) < (%s, %s)", list(after))] if after else []


def _rooms(user: User, slug: str) -> list[UUID]:
    rooms = [room.pk for room in access.workspaces_of(user) if slug in ("", room.slug)]
    if slug and not rooms:
        sentence = _("There is no such workspace for you.")
        raise InvalidInput.of("workspace", "unknown", sentence)
    return rooms
