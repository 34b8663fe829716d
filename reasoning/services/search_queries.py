"""What was typed, as PostgreSQL looks for it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from re import Pattern

from django.db import connection

from reasoning.core import search_words
from reasoning.core.errors import InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.search_words import CONFIGURATIONS

TERMS_LIMIT = 20

_ORDER = re.compile(r"('(?:[^']|'')*')|<(?:-|\d+)>")
"""A lexeme, or the sign that the next one follows it."""


@dataclass(frozen=True)
class Queries:
    """The queries in all languages, and by beginnings of words; what to mark in texts."""

    stems: str
    beginnings: str
    pattern: Pattern[str] | None

    @property
    def stems_indexed(self) -> str:
        """The stems in any order, as their index knows them."""
        return loosely(self.stems)

    @property
    def beginnings_indexed(self) -> str:
        """The beginnings in any order, no longer than their index knows them."""
        return search_words.indexed(loosely(self.beginnings))

    @property
    def exact(self) -> bool:
        """Whether the indexes tell all; otherwise vectors are to be looked at."""
        known = self.stems_indexed, self.beginnings_indexed
        return (self.stems, self.beginnings) == known


def queries_of(typed: str) -> Queries:
    """The queries for what was typed; empty ones where nothing of it is ever looked for."""
    wish = search_words.parse(typed)
    if len(wish.terms) + len(wish.runs) > TERMS_LIMIT:
        sentence = _("Look for at most %(limit)s words at once.")
        raise InvalidInput.of("q", "too_many", sentence, limit=TERMS_LIMIT)
    runs = [search_words.run_query(run) for run in wish.runs]
    by_configuration = _lexed(wish.terms)
    simple = [search_words.by_beginning(one) for one in by_configuration.get("simple", [])]
    return Queries(
        " | ".join(sorted({_all(found, runs) for found in by_configuration.values()} - {""})),
        _all(simple, []) if any(":*" in one for one in simple) else "",
        search_words.pattern(
            [one for found in by_configuration.values() for one in found] + simple, wish.runs
        ),
    )


def loosely(query: str) -> str:
    """The query for the same words in any order."""
    return _ORDER.sub(lambda found: found.group(1) or "&", query)


def _all(queries: Iterable[str], runs: list[str]) -> str:
    parts = [f"({one})" for one in (*queries, *runs) if one]
    return f"({' & '.join(parts)})" if parts else ""


def _lexed(terms: tuple[str, ...]) -> dict[str, list[str]]:
    """Each term's tsquery in each configuration; empty for words that it does not index."""
    names = sorted({*CONFIGURATIONS.values(), "simple"})
    statement = """
        SELECT name, array_agg(phraseto_tsquery(name::regconfig, term)::text ORDER BY place)
          FROM unnest(%s::text[]) AS name
          CROSS JOIN unnest(%s::text[]) WITH ORDINALITY AS each (term, place) GROUP BY name"""
    with connection.cursor() as cursor:
        cursor.execute(statement, [[f"pg_catalog.{name}" for name in names], list(terms)])
        found = {name.removeprefix("pg_catalog."): queries for name, queries in cursor.fetchall()}
    return found or {"simple": []}
