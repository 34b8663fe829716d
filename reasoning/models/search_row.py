"""What searching reads instead of evidence. Never evidence: it can be made again at any time."""

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.contrib.postgres.search import SearchVectorField
from django.db import models
from django.db.models import Func
from django.db.models.functions import Cast
from django.utils.translation import gettext_lazy as _

from reasoning.core.search_words import WITHOUT_STEMS
from reasoning.models.workspace import Workspace


class RecordKind(models.TextChoices):
    QUESTION = "question", _("question")
    TRACE = "trace", _("trace")
    NOTE = "note", _("note")
    DECISION = "decision", _("decision")


DAY = Func(
    "recorded_at",
    template="ARRAY[(%(expressions)s AT TIME ZONE 'UTC')::date]",
    output_field=ArrayField(models.DateField()),
)
TAGS = Func(
    "kind",
    "language",
    Cast("workspace", models.TextField()),
    Cast("actor_id", models.TextField()),
    template="ARRAY[%(expressions)s]",
    output_field=ArrayField(models.TextField()),
)
"""What the indexes of words know beside them (``services.facets``, ``services.search_pages``)."""
BEGINNINGS = Func("words", function="reasoning_beginnings", output_field=SearchVectorField())
"""The first letters of all words (``core.search_words.BEGINNINGS``)."""


class SearchRow(models.Model):
    """The words of one question, trace, note or decision, and what searches narrow by.

    ``words`` are stems of the texts, each by the rules of its language, and pairs of neighbouring
    characters where a script has no spaces. ``language`` is the question's. ``case_reference`` is
    in capitals, of questions only. ``services.search_index`` writes rows, and makes them anew when
    a text is erased.
    """

    subject_id = models.UUIDField(primary_key=True)
    question_id = models.UUIDField(db_index=True)
    trace_id = models.UUIDField(null=True)
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+", db_index=False)
    kind = models.CharField(max_length=10, choices=RecordKind.choices)
    language = models.CharField(max_length=8)
    actor_id = models.UUIDField(null=True)
    recorded_at = models.DateTimeField()
    case_reference = models.TextField(null=True)
    words = SearchVectorField()

    class Meta:
        indexes = [
            GinIndex("words", DAY, TAGS, name="search_words"),
            GinIndex(
                BEGINNINGS,
                DAY,
                TAGS,
                name="search_beginnings",
                condition=models.Q(language__in=WITHOUT_STEMS),
            ),
            GinIndex(
                "words", DAY, TAGS, name="search_questions", condition=models.Q(kind="question")
            ),
            models.Index(fields=["-recorded_at", "-subject_id"], name="search_newest"),
            models.Index(fields=["kind", "-recorded_at", "-subject_id"], name="search_kind"),
            models.Index(
                fields=["language", "kind", "-recorded_at", "-subject_id"], name="search_language"
            ),
            models.Index(
                fields=["actor_id", "-recorded_at", "-subject_id"],
                name="search_person",
                condition=models.Q(actor_id__isnull=False),
            ),
            models.Index(
                fields=["case_reference"],
                name="search_case",
                opclasses=["text_pattern_ops"],
                condition=models.Q(case_reference__isnull=False),
            ),
        ]


class SearchPending(models.Model):
    """A trace whose words are not indexed yet: written with it, and gone once they are."""

    subject_id = models.UUIDField(primary_key=True)
