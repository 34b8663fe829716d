"""A trace: what came back in an attempt, and everything needed to say how it came about."""

from collections.abc import Iterable
from typing import Any

from django.utils.translation import gettext
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reasoning.api.shapes.evidence import TokenIds, erasable
from reasoning.api.shapes.fields import Shape
from reasoning.models import Ending, Finding, Severity, Trace
from reasoning.models.sampling_profile import decimal
from reasoning.services import finding_words
from reasoning.services.exports import CAPTION
from reasoning.services.integrity import Mismatch
from reasoning.services.log_state import LogState

LOG_STATES = ["committed", "sequenced", "witnessed"]
"""Written with its evidence; in the log; under a checkpoint that witnesses signed."""


class FindingShape(Shape):
    """What an automatic check saw."""

    code = serializers.CharField()
    severity = serializers.ChoiceField(Severity.choices)
    message = serializers.SerializerMethodField()

    def get_message(self, finding: Finding) -> str:
        return finding_words.sentence_of(finding)


class PromptShape(Shape):
    """The prompt version, and exactly what was sent."""

    name = serializers.CharField(source="run.prompt_version.name")
    version = serializers.CharField(source="run.prompt_version.label")
    sha256 = serializers.CharField(source="run.prompt_version.sha256")
    rendered = erasable(source="prompt_rendered")
    token_ids = TokenIds(source="prompt_token_ids")


class SamplingShape(Shape):
    """The parameters, decimals and the seed as text."""

    profile = serializers.CharField(source="run.sampling_profile.label")
    temperature = serializers.SerializerMethodField()
    top_p = serializers.SerializerMethodField()
    max_tokens = serializers.IntegerField(source="run.sampling_profile.max_tokens")
    effective_max_tokens = serializers.IntegerField()
    sent = serializers.DictField(
        child=serializers.CharField(),
        source="effective_parameters",
        allow_null=True,
        help_text="Every parameter as it was sent, as JSON text; null of older traces.",
    )
    seed = serializers.CharField(source="run.seed")

    def get_temperature(self, trace: Trace) -> str:
        return decimal(trace.run.sampling_profile.temperature)

    def get_top_p(self, trace: Trace) -> str:
        return decimal(trace.run.sampling_profile.top_p)


class TokensShape(Shape):
    """How many tokens; null where a chunk of the answer spans the border."""

    prompt = serializers.IntegerField(source="prompt_tokens")
    thinking = serializers.IntegerField(source="thinking_tokens", allow_null=True)
    summary = serializers.IntegerField(source="summary_tokens", allow_null=True)


class LanguagesShape(Shape):
    """Detected languages; `und` is unknown."""

    question = serializers.CharField(source="language_of_question")
    thinking = serializers.CharField(source="language_of_thinking")
    summary = serializers.CharField(source="language_of_summary")


class EngineShape(Shape):
    """Who answered, as it said of itself; empty where it did not say."""

    deployment = serializers.CharField(source="run.deployment.label")
    base_url = serializers.CharField(
        source="attempt.base_url", help_text="The address that was asked: which replica."
    )
    model = serializers.CharField(source="engine_model")
    revision = serializers.CharField(source="engine_revision")
    engine = serializers.CharField()
    version = serializers.CharField(source="engine_version")
    fingerprint = serializers.CharField(source="engine_fingerprint")
    request_id = serializers.CharField(source="engine_request_id")
    tokenizer_sha256 = serializers.CharField()
    tokenizer_version = serializers.CharField(allow_null=True)
    window = serializers.IntegerField(source="engine_window", allow_null=True)
    flags = serializers.DictField(
        child=serializers.CharField(),
        source="engine_flags",
        allow_null=True,
        help_text="What the last look at the engine had found out; null where there was none.",
    )


class TimingsShape(Shape):
    """Milliseconds."""

    queued_ms = serializers.IntegerField()
    first_token_ms = serializers.IntegerField(allow_null=True)
    last_token_ms = serializers.IntegerField(allow_null=True)
    total_ms = serializers.IntegerField()


class LogShape(Shape):
    """Where the trace's entry stands in the log."""

    state = serializers.ChoiceField(LOG_STATES)
    index = serializers.IntegerField(allow_null=True)
    document_sha256 = serializers.CharField()


class MismatchShape(Shape):
    """A row that is not what was recorded, and where they differ."""

    kind = serializers.CharField()
    id = serializers.CharField()
    where = serializers.CharField()


class TraceShape(Shape):
    """Read `caption` first. `mismatches` is empty as long as the record is what was recorded."""

    caption = serializers.SerializerMethodField()
    id = serializers.UUIDField()
    question_id = serializers.UUIDField()
    run_id = serializers.UUIDField()
    attempt = serializers.IntegerField(source="attempt.number")
    attempt_id = serializers.UUIDField()
    created_at = serializers.DateTimeField(source="recorded_at")
    ending = serializers.ChoiceField(Ending.choices)
    failure_code = serializers.CharField()
    failure = erasable()
    raw_text = erasable()
    thinking = erasable()
    summary = erasable()
    defects = serializers.ListField(child=serializers.CharField())
    finish_reason = serializers.CharField()
    fidelity = serializers.CharField()
    findings = FindingShape(many=True, source="findings.all")
    prompt = PromptShape(source="*")
    output_token_ids = TokenIds()
    sampling = SamplingShape(source="*")
    tokens = TokensShape(source="*")
    languages = LanguagesShape(source="*")
    engine = EngineShape(source="*")
    timings = TimingsShape(source="*")
    log = serializers.SerializerMethodField()
    mismatches = serializers.SerializerMethodField()

    def get_caption(self, _trace: Trace) -> str:
        return gettext(CAPTION)

    @extend_schema_field(LogShape)
    def get_log(self, _trace: Trace) -> dict[str, Any]:
        log: LogState | None = self.context["log"]
        if log is None:
            return {"state": "committed", "index": None, "document_sha256": ""}
        return {
            "state": log.state.value,
            "index": log.index,
            "document_sha256": log.document_sha256.hex(),
        }

    @extend_schema_field(MismatchShape(many=True))
    def get_mismatches(self, _trace: Trace) -> list[dict[str, str]]:
        return [vars(mismatch) for mismatch in self.context["mismatches"]]


def shape_of(trace: Trace, log: LogState | None, mismatches: Iterable[Mismatch]) -> dict[str, Any]:
    """The trace as the API shows it."""
    context = {"log": log, "mismatches": list(mismatches)}
    return dict(TraceShape(trace, context=context).data)
