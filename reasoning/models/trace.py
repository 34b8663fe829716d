"""What came back in an attempt, complete or not."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.models.evidence import (
    Evidence,
    committed_bytes,
    committed_text,
    reference,
    said,
    salt,
)
from reasoning.models.run import Attempt, Run


class Ending(models.TextChoices):
    """Why an attempt ended. Anything but ``finished`` is an incomplete trace."""

    FINISHED = "finished", _("the engine finished")
    CANCELLED = "cancelled", _("cancelled")
    ENGINE_ERROR = "engine_error", _("the engine reported an error")
    DISCONNECTED = "disconnected", _("the connection broke")
    TIMED_OUT = "timed_out", _("no answer in time")
    WORKER_LOST = "worker_lost", _("the worker was lost")
    HALTED = "halted", _("stopped by an administrator")
    REFUSED = "refused", _("refused before or by the engine")


class Trace(Evidence):
    """The raw output verbatim, its parts, and everything needed to say how it came about.

    ``raw_response`` holds the engine's bytes; ``raw_text`` the text in them; ``thinking`` and
    ``summary`` its parts. Token ids are little-endian uint32 (``core.token_ids``).
    ``prompt_token_ids`` are those rendered and sent. ``effective_parameters`` is what was sent
    besides them, numbers as text; ``engine_flags`` what the last look at the deployment had found.
    """

    KIND = "trace.stored"
    TEXTS = (
        "raw_response",
        "raw_text",
        "thinking",
        "summary",
        "prompt_rendered",
        "prompt_token_ids",
        "output_token_ids",
        "failure",
    )

    run = models.ForeignKey(Run, models.PROTECT, related_name="traces")
    attempt = models.OneToOneField(Attempt, models.PROTECT, related_name="trace")
    question_id = models.UUIDField()
    ending = models.CharField(max_length=20, choices=Ending.choices)
    failure_code = models.CharField(max_length=60)
    failure = committed_text()
    failure_salt = salt()
    raw_response = committed_bytes()
    raw_response_salt = salt()
    raw_text = committed_text()
    raw_text_salt = salt()
    thinking = committed_text()
    thinking_salt = salt()
    summary = committed_text()
    summary_salt = salt()
    defects = ArrayField(models.CharField(max_length=60))
    finish_reason = models.CharField(max_length=40)
    fidelity = models.CharField(max_length=20)
    prompt_rendered = committed_text()
    prompt_rendered_salt = salt()
    prompt_token_ids = committed_bytes()
    prompt_token_ids_salt = salt()
    output_token_ids = committed_bytes()
    output_token_ids_salt = salt()
    prompt_tokens = models.PositiveIntegerField()
    thinking_tokens = models.PositiveIntegerField(null=True)
    summary_tokens = models.PositiveIntegerField(null=True)
    effective_max_tokens = models.PositiveIntegerField()
    language_of_question = models.CharField(max_length=8)
    language_of_thinking = models.CharField(max_length=8)
    language_of_summary = models.CharField(max_length=8)
    thinking_probability = models.CharField(max_length=8)
    summary_probability = models.CharField(max_length=8)
    language_detector = models.CharField(max_length=100)
    engine_model = models.CharField(max_length=200)
    engine_revision = models.CharField(max_length=100)
    engine = models.CharField(max_length=20)
    engine_version = models.CharField(max_length=100)
    engine_fingerprint = models.CharField(max_length=200)
    engine_request_id = models.CharField(max_length=200)
    tokenizer_sha256 = models.CharField(max_length=64)
    queued_ms = models.BigIntegerField()
    first_token_ms = models.BigIntegerField(null=True)
    total_ms = models.BigIntegerField()
    # Not known of traces stored before these were recorded: NULL there, and not in their documents.
    last_token_ms = models.BigIntegerField(null=True)
    tokenizer_version = models.CharField(max_length=20, null=True)
    engine_window = models.PositiveIntegerField(null=True)
    engine_flags = models.JSONField(null=True)
    effective_parameters = models.JSONField(null=True)

    class Meta(Evidence.Meta):
        indexes = [models.Index(fields=["question_id"], name="trace_question")]

    PLAIN = (
        "ending failure_code finish_reason fidelity prompt_tokens thinking_tokens summary_tokens "
        "effective_max_tokens language_of_question language_of_thinking language_of_summary "
        "engine_model engine_revision engine engine_version engine_fingerprint engine_request_id "
        "tokenizer_sha256 queued_ms first_token_ms total_ms"
    )
    LATER = "last_token_ms tokenizer_version engine_window engine_flags effective_parameters"
    """In the document only where they are known, so that older ones stay what they were."""

    def facts(self) -> dict[str, Any]:
        return {
            "run_id": reference(self.run_id),
            "attempt_id": reference(self.attempt_id),
            "question_id": reference(self.question_id),
            "defects": list(self.defects),
            **{name: getattr(self, name) for name in self.PLAIN.split()},
            **said(**{name: getattr(self, name) for name in self.LATER.split()}),
            **said(
                "",
                thinking_probability=self.thinking_probability,
                summary_probability=self.summary_probability,
                language_detector=self.language_detector,
            ),
        }

    def record_id(self) -> Any:
        return self.question_id

    @property
    def complete(self) -> bool:
        """Whether the engine said that it had finished."""
        return self.ending == Ending.FINISHED
