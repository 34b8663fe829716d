"""Figures for auditors and administrators: backlog, throughput, times, overrides, findings.

All but the backlog are read from tallies, of the months that are whole in a period and of the days
before them, so that a page costs about the same however many traces there are; no text is read.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce

from reasoning.models import (
    FindingTally,
    Meaning,
    Membership,
    Pace,
    PromptVersion,
    ReviewClaim,
    ReviewTally,
    Role,
    Span,
    User,
    Workspace,
)
from reasoning.services import clock

ROLES = (Role.AUDITOR, Role.ADMINISTRATOR)
PERIODS = (7, 30, 90, 365)
"""Days."""

OLDEST = 20_000
"""Reviews of the backlog that are looked at, the oldest of them."""

AGES = (1, 3, 7, 30)
"""Borders between ages of waiting reviews, in days."""


@dataclass(frozen=True)
class Backlog:
    """Waiting reviews by language and age; ``ages`` counts one more than there are borders.

    ``more``: only the oldest were counted. ``held`` are reviews that somebody holds, by name.
    """

    total: int
    more: bool
    ages: list[int]
    languages: list[tuple[str, int]]
    held: list[tuple[str, int]]


@dataclass
class Line:
    """What was decided by one reviewer, or in one language. Times are in seconds."""

    key: Any
    name: str = ""
    meanings: Counter[str] = field(default_factory=Counter)
    timed: int = 0
    seconds: int = 0
    fast: int = 0

    @property
    def decided(self) -> int:
        return self.meanings.total()

    @property
    def overridden(self) -> int:
        """Rejected and sent back: the reviewer did not follow the model."""
        return self.decided - self.meanings[Meaning.APPROVED]

    @property
    def override_rate(self) -> float:
        """From 0 to 1, of what was decided."""
        return self.overridden / self.decided if self.decided else 0.0

    @property
    def mean_seconds(self) -> float | None:
        """Of reviews whose time is known; None without any."""
        return self.seconds / self.timed if self.timed else None


@dataclass(frozen=True)
class Share:
    """How many of the traces of a language or a prompt version have one finding."""

    name: str
    code: str
    traces: int
    of: int

    @property
    def rate(self) -> float:
        return self.traces / self.of if self.of else 0.0


def rooms_of(user: User) -> list[Workspace]:
    """The workspaces whose figures the user may see: as an auditor or an administrator."""
    held = Membership.objects.filter(user=user, role__in=ROLES).values("workspace")
    return list(Workspace.objects.filter(pk__in=held).order_by("name"))


_BACKLOG = """
SELECT language, width_bucket(extract(epoch FROM now() - asked_at) / 86400, %s::numeric[]), count(*)
  FROM (SELECT language, asked_at FROM reasoning_questionstate
         WHERE status = 'in_review' AND workspace_id = ANY(%s) ORDER BY asked_at LIMIT %s) AS oldest
 GROUP BY 1, 2
"""


def backlog(rooms: Iterable[Workspace]) -> Backlog:
    """What waits for a decision now."""
    ids = [room.pk for room in rooms]
    with connection.cursor() as cursor:
        cursor.execute(_BACKLOG, [list(AGES), ids, OLDEST])
        rows: list[tuple[str, int, int]] = cursor.fetchall()
    ages, languages = [0] * (len(AGES) + 1), Counter[str]()
    for language, age, count in rows:
        ages[age] += count
        languages[language] += count
    return Backlog(sum(ages), sum(ages) >= OLDEST, ages, languages.most_common(), _held(ids))


def _held(ids: list[UUID]) -> list[tuple[str, int]]:
    claims = ReviewClaim.objects.filter(
        expires_at__gt=clock.now(), trace__run__question__workspace__in=ids
    )
    names = Counter(one.reviewer.get_full_name() for one in claims.select_related("reviewer"))
    return names.most_common()


def by_reviewer(rooms: Iterable[Workspace], since: datetime) -> list[Line]:
    """Decisions of each reviewer, those who decided most first."""
    lines = _lines(_tallies(rooms, since), "reviewer")
    people = User.objects.in_bulk([line.key for line in lines])
    for line in lines:
        line.name = people[line.key].get_full_name() if line.key in people else str(line.key)
    return lines


def by_language(rooms: Iterable[Workspace], since: datetime) -> list[Line]:
    """Decisions on questions of each language, the most frequent first."""
    return _lines(_tallies(rooms, since), "language")


def by_day(rooms: Iterable[Workspace], since: datetime) -> list[Line]:
    """Decisions of each day (UTC) up to today, also of days without any."""
    first, last = since.date(), clock.now().date()
    totals = ReviewTally.objects.filter(workspace__in=list(rooms), span=Span.TOTAL, day__gte=first)
    found = {line.key: line for line in _lines(totals, "day")}
    days: list[date] = [first + timedelta(n) for n in range((last - first).days + 1)]
    return [found.get(day) or Line(day) for day in days]


def by_pace(rooms: Iterable[Workspace], since: datetime) -> list[tuple[Pace, int]]:
    """How many reviews took how long."""
    rows = _tallies(rooms, since).values("pace").annotate(count=Sum("decisions"))
    counts = {row["pace"]: row["count"] for row in rows}
    return [(pace, counts.get(pace, 0)) for pace in Pace]


def findings_by_language(rooms: Iterable[Workspace], since: datetime) -> list[Share]:
    """Findings of traces by the question's language, the most frequent first."""
    return _shares(rooms, since, "language", {})


def findings_by_prompt(rooms: Iterable[Workspace], since: datetime) -> list[Share]:
    """Findings of traces by the prompt version of their runs, the most frequent first."""
    versions = PromptVersion.objects.only("name", "number")
    names = {one.pk: one.label for one in versions}
    return _shares(rooms, since, "prompt_version_id", names)


def _tallies(rooms: Iterable[Workspace], since: datetime) -> QuerySet[ReviewTally]:
    return ReviewTally.objects.filter(_period(since), workspace__in=list(rooms))


def _period(since: datetime) -> Q:
    """The days up to the end of a month that has begun before, and the months from then on."""
    first = since.date()
    turn = first if first.day == 1 else (first.replace(day=1) + timedelta(31)).replace(day=1)
    return Q(span=Span.DAY, day__gte=first, day__lt=turn) | Q(span=Span.MONTH, day__gte=turn)


def _lines(tallies: QuerySet[ReviewTally], key: str) -> list[Line]:
    rows = tallies.values("meaning", "fast", "pace", key=F(key)).annotate(
        count=Sum("decisions"), spent=Sum("seconds")
    )
    lines: dict[Any, Line] = {}
    for row in rows:
        line = lines.setdefault(row["key"], Line(row["key"]))
        line.meanings[row["meaning"]] += row["count"]
        line.fast += row["count"] if row["fast"] else 0
        if row["pace"] != Pace.UNKNOWN:
            line.timed += row["count"]
            line.seconds += row["spent"]
    return sorted(lines.values(), key=lambda line: (-line.decided, str(line.key)))


def _shares(
    rooms: Iterable[Workspace], since: datetime, key: str, names: dict[Any, str]
) -> list[Share]:
    tallies = FindingTally.objects.filter(_period(since), workspace__in=list(rooms))
    rows = list(tallies.values("code", key=F(key)).annotate(count=Coalesce(Sum("traces"), 0)))
    totals = {row["key"]: row["count"] for row in rows if not row["code"]}
    shares = [
        Share(names.get(row["key"], str(row["key"])), row["code"], row["count"], totals[row["key"]])
        for row in rows
        if row["code"] and row["key"] in totals
    ]
    return sorted(shares, key=lambda one: (-one.traces, one.name, one.code))
