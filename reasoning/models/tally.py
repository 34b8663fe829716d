"""Counts for charts, by day and by month. Never evidence: they can be made again at any time."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.models.decision import Meaning
from reasoning.models.workspace import Workspace


class Pace(models.TextChoices):
    """How long a review took, from taking it to signing."""

    MINUTE = "minute", _("under a minute")
    FIVE = "five", _("1 to 5 minutes")
    QUARTER = "quarter", _("5 to 15 minutes")
    HOUR = "hour", _("15 to 60 minutes")
    LONGER = "longer", _("over an hour")
    UNKNOWN = "unknown", _("not known")


class Span(models.TextChoices):
    """What a tally counts: a day, a month (by its first day), or a day whoever decided, in whatever
    language and time. A year is read as a few days and some months."""

    DAY = "day"
    MONTH = "month"
    TOTAL = "total"


class ReviewTally(models.Model):
    """How many decisions of one day (UTC) or month are alike, and the seconds their reviews took
    together.

    ``fast`` are those signed faster than anybody reads (``core.reading_pace``). Totals have the
    nil UUID as their reviewer, no language, and an unknown pace.
    """

    span = models.CharField(max_length=5, choices=Span.choices, default=Span.DAY)
    day = models.DateField()
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+", db_index=False)
    reviewer = models.UUIDField()
    language = models.CharField(max_length=8)
    meaning = models.CharField(max_length=10, choices=Meaning.choices)
    pace = models.CharField(max_length=10, choices=Pace.choices)
    fast = models.BooleanField()
    decisions = models.PositiveIntegerField()
    seconds = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "workspace",
                    "span",
                    "day",
                    "reviewer",
                    "language",
                    "meaning",
                    "pace",
                    "fast",
                ],
                name="one_review_tally",
            )
        ]


class FindingTally(models.Model):
    """How many traces of one day or month have one finding; those without a ``code`` are all.

    ``shard`` parts the counts between the database's sessions, so that workers do not wait for
    each other; whoever reads adds them up. There are no totals.
    """

    span = models.CharField(max_length=5, choices=Span.choices, default=Span.DAY)
    day = models.DateField()
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+", db_index=False)
    language = models.CharField(max_length=8)
    prompt_version_id = models.UUIDField()
    code = models.CharField(max_length=60)
    shard = models.SmallIntegerField()
    traces = models.PositiveIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "workspace",
                    "span",
                    "day",
                    "language",
                    "prompt_version_id",
                    "code",
                    "shard",
                ],
                name="one_finding_tally",
            )
        ]
