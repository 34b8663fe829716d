"""Numbered things that are never edited: what prompts, profiles and deployments share."""

from typing import Any, ClassVar

from django.db import models

from reasoning.models.approval import Approval, Verdict
from reasoning.models.evidence import Evidence


class RegisteredQuerySet(models.QuerySet[Any]):
    """Filters by approval."""

    def with_verdict(self) -> "RegisteredQuerySet":
        """Each with its last ``verdict``; None where nobody has judged it."""
        judged = Approval.objects.filter(subject_id=models.OuterRef("pk"))
        last = judged.order_by("-recorded_at", "-id").values("verdict")[:1]
        rows: RegisteredQuerySet = self.annotate(
            verdict=models.Subquery(last, output_field=models.CharField())
        )
        return rows

    def approved(self) -> "RegisteredQuerySet":
        """Those whose last verdict is an approval."""
        return self.with_verdict().filter(verdict=Verdict.APPROVED)


class Registered(Evidence):
    """A named, numbered version. Approved by someone other than its author."""

    SUBJECT: ClassVar[str]
    state: str
    """Where it stands, on rows that ``services.versions`` has read."""

    name = models.SlugField(max_length=60)
    number = models.PositiveIntegerField()

    objects = RegisteredQuerySet.as_manager()

    class Meta(Evidence.Meta):
        abstract = True

    def __str__(self) -> str:
        return self.label

    @property
    def label(self) -> str:
        """How people and the API name it: ``name@number``."""
        return f"{self.name}@{self.number}"
