"""What an automatic check saw in a trace."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.models.evidence import Evidence, reference
from reasoning.models.trace import Trace


class Severity(models.TextChoices):
    INFO = "info", _("information")
    WARNING = "warning", _("warning")
    BLOCKING = "blocking", _("blocks approval")


class Finding(Evidence):
    """One observation. ``sentence`` is a gettext template, ``data`` fills it in (no user text)."""

    KIND = "finding.raised"

    trace = models.ForeignKey(Trace, models.PROTECT, related_name="findings")
    question_id = models.UUIDField()
    code = models.CharField(max_length=60)
    severity = models.CharField(max_length=10, choices=Severity.choices)
    sentence = models.CharField(max_length=400)
    data = models.JSONField(default=dict)

    class Meta(Evidence.Meta):
        indexes = [
            models.Index(fields=["code", "trace"], name="finding_code"),
            models.Index(fields=["question_id"], name="finding_question"),
        ]

    def facts(self) -> dict[str, Any]:
        return {
            "trace_id": reference(self.trace_id),
            "question_id": reference(self.question_id),
            "code": self.code,
            "severity": self.severity,
            "sentence": self.sentence,
            "data": self.data,
        }

    def record_id(self) -> Any:
        return self.question_id
