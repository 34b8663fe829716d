"""A person's note on a span of a trace."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.models.evidence import Evidence, committed_text, reference, salt
from reasoning.models.trace import Trace


class AnnotatedPart(models.TextChoices):
    THINKING = "thinking", _("thinking")
    SUMMARY = "summary", _("summary")
    WHOLE = "whole", _("the whole trace")


class Annotation(Evidence):
    """A note, anchored by position (code points, end exclusive) and by the quoted text.

    The two anchors are the TextPositionSelector and TextQuoteSelector of the W3C Web Annotation
    Data Model; ``prefix`` and ``suffix`` are what stands on either side of the quote. Never edited:
    a reply says more, and one that ``resolves`` closes its thread until somebody replies again.

    Rows of ``form`` 1 were written before there were ``prefix``, ``suffix`` and ``resolves``: their
    documents do not know these, and never will.
    """

    KIND = "annotation.added"
    TEXTS = ("quote", "note", "prefix", "suffix")
    NEWER_TEXTS: ClassVar[tuple[str, ...]] = ("prefix", "suffix")
    FORM = 2

    trace = models.ForeignKey(Trace, models.PROTECT, related_name="annotations")
    question_id = models.UUIDField()
    part = models.CharField(max_length=10, choices=AnnotatedPart.choices)
    start = models.PositiveIntegerField()
    end = models.PositiveIntegerField()
    quote = committed_text()
    quote_salt = salt()
    note = committed_text()
    note_salt = salt()
    label = models.CharField(max_length=40)
    reply_to = models.ForeignKey("self", models.PROTECT, null=True, related_name="replies")
    form = models.PositiveSmallIntegerField(default=FORM)
    prefix = committed_text()
    prefix_salt = salt()
    suffix = committed_text()
    suffix_salt = salt()
    resolves = models.BooleanField(default=False)

    class Meta(Evidence.Meta):
        indexes = [
            models.Index(fields=["question_id"], name="annotation_question"),
            models.Index(fields=["actor_id", "-recorded_at", "-id"], name="annotation_person"),
        ]

    def commits_to(self) -> tuple[str, ...]:
        if self.form == 1:
            return tuple(name for name in self.committed() if name not in self.NEWER_TEXTS)
        return self.committed()

    def facts(self) -> dict[str, Any]:
        newer = {} if self.form == 1 else {"form": self.form, "resolves": self.resolves}
        return {
            **newer,
            "trace_id": reference(self.trace_id),
            "question_id": reference(self.question_id),
            "part": self.part,
            "start": self.start,
            "end": self.end,
            "label": self.label,
            "reply_to_id": reference(self.reply_to_id),
        }

    def record_id(self) -> Any:
        return self.question_id
