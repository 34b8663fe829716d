"""Stored traces held against the engine again: who asked, where it stands, what came of it."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.core.matching import Unit
from reasoning.core.plausibility import Verdict as Plausible
from reasoning.models.evidence import Evidence, committed_bytes, committed_text, reference, salt
from reasoning.models.trace import Trace


class ComparisonKind(models.TextChoices):
    REPLAY = "replay", _("replay")
    RESCORE = "rescore", _("re-score")


class ComparisonRequest(Evidence):
    """The wish to have one trace replayed or re-scored.

    ``outcome`` and ``sentence`` are filled in for showing (``services.comparisons.of_trace``).
    """

    outcome: "Replay | Rescore | None"
    sentence: str

    KIND = "comparison.requested"

    trace = models.ForeignKey(Trace, models.PROTECT, related_name="comparisons")
    question_id = models.UUIDField()
    what = models.CharField(max_length=10, choices=ComparisonKind.choices)

    class Meta(Evidence.Meta):
        indexes = [models.Index(fields=["question_id"], name="comparison_question")]

    def facts(self) -> dict[str, Any]:
        return {
            "trace_id": reference(self.trace_id),
            "question_id": reference(self.question_id),
            "what": self.what,
        }

    def record_id(self) -> Any:
        return self.question_id


class ComparisonStatus(models.TextChoices):
    WAITING = "waiting", _("waiting")
    RUNNING = "running", _("under way")
    DONE = "done", _("done")


class ComparisonJob(models.Model):
    """Where a comparison stands. Not evidence.

    ``attempts`` is also the fence: a worker may renew and store only while it is what it was when
    the worker took the job. ``not_before`` delays another try.
    """

    request = models.OneToOneField(
        ComparisonRequest, models.PROTECT, primary_key=True, related_name="job"
    )
    status = models.CharField(max_length=10, choices=ComparisonStatus.choices)
    attempts = models.PositiveIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    not_before = models.DateTimeField()
    updated_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["updated_at"],
                name="comparisons_open",
                condition=models.Q(status__in=["waiting", "running"]),
            )
        ]


class Outcome(Evidence):
    """What both kinds share. ``failure_code`` is empty when the engine did what was asked.

    ``differing`` names the parts of the engine's identity that are not as they were recorded with
    the trace: model, version, fingerprint, window ...
    """

    request = models.OneToOneField(ComparisonRequest, models.PROTECT, related_name="%(class)s")
    trace_id = models.UUIDField()
    question_id = models.UUIDField()
    engine_model = models.CharField(max_length=200)
    engine_version = models.CharField(max_length=100)
    engine_fingerprint = models.CharField(max_length=200)
    engine_window = models.PositiveIntegerField(null=True)
    differing = ArrayField(models.CharField(max_length=40))
    failure_code = models.CharField(max_length=60)
    failure = committed_text()
    failure_salt = salt()

    class Meta(Evidence.Meta):
        abstract = True

    SHARED = "engine_model engine_version engine_fingerprint engine_window failure_code"
    PLAIN: str

    def facts(self) -> dict[str, Any]:
        return {
            "request_id": reference(self.request_id),
            "trace_id": reference(self.trace_id),
            "question_id": reference(self.question_id),
            "differing": list(self.differing),
            **{name: getattr(self, name) for name in f"{self.SHARED} {self.PLAIN}".split()},
        }

    def record_id(self) -> Any:
        return self.question_id


class Replay(Outcome):
    """The same prompt, parameters and seed sent again: how far the new output is the stored one.

    The first ``matched`` of ``compared`` units are the same; ``share`` is their ratio with four
    decimals. ``first_difference`` counts from 1. ``again`` is the new output's length.
    """

    KIND = "replay.recorded"
    TEXTS = ("raw_response", "raw_text", "output_token_ids", "failure")

    unit = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Unit])
    compared = models.PositiveIntegerField()
    again = models.PositiveIntegerField()
    matched = models.PositiveIntegerField()
    first_difference = models.PositiveIntegerField(null=True)
    share = models.CharField(max_length=6)
    finish_reason = models.CharField(max_length=40)
    engine_request_id = models.CharField(max_length=200)
    total_ms = models.BigIntegerField()
    raw_response = committed_bytes()
    raw_response_salt = salt()
    raw_text = committed_text()
    raw_text_salt = salt()
    output_token_ids = committed_bytes()
    output_token_ids_salt = salt()

    PLAIN = (
        "unit compared again matched first_difference share finish_reason engine_request_id "
        "total_ms"
    )


class Rescore(Outcome):
    """The stored ids scored by the engine (``core.plausibility``); decimals as text.

    ``scores`` holds four 32-bit floats a token, from which every figure can be computed again.
    ``likeliest`` of ``tokens`` were among the five likeliest at their place, at least ``expected``
    should be. ``deviation`` is in standard deviations. Empty texts where nothing was scored.
    """

    KIND = "rescore.recorded"
    TEXTS = ("scores", "failure")

    verdict = models.CharField(max_length=10, choices=[(one.value, one.value) for one in Plausible])
    tokens = models.PositiveIntegerField()
    mean_logprob = models.CharField(max_length=20)
    likeliest = models.PositiveIntegerField()
    expected = models.CharField(max_length=20)
    deviation = models.CharField(max_length=20)
    impossible = models.PositiveIntegerField()
    scores = committed_bytes()
    scores_salt = salt()

    PLAIN = "verdict tokens mean_logprob likeliest expected deviation impossible"
