"""A comparison: a stored trace replayed or re-scored, and what came of it."""

from collections.abc import Iterable
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reasoning.api.shapes.evidence import TokenIds, Username, erasable, usernames
from reasoning.api.shapes.fields import Shape
from reasoning.core.matching import Unit
from reasoning.core.plausibility import Verdict
from reasoning.models import ComparisonKind, ComparisonRequest, ComparisonStatus
from reasoning.services.comparison_words import sentence_of

UNITS = [unit.value for unit in Unit]
VERDICTS = [verdict.value for verdict in Verdict]


class OutcomeShape(Shape):
    """Who answered, and `differing`: what of that is not as recorded with the trace.

    `sentence` says it in words. `failure_code` is empty when the engine did what was asked.
    """

    id = serializers.UUIDField()
    recorded_at = serializers.DateTimeField()
    sentence = serializers.SerializerMethodField()
    engine_model = serializers.CharField()
    engine_version = serializers.CharField()
    engine_fingerprint = serializers.CharField()
    engine_window = serializers.IntegerField(allow_null=True)
    differing = serializers.ListField(child=serializers.CharField())
    failure_code = serializers.CharField()
    failure = erasable()

    def get_sentence(self, row: Any) -> str:
        return sentence_of(row)


class ReplayShape(OutcomeShape):
    """The first `matched` of `compared` units are the same again; `share` is their ratio.

    `first_difference` counts from 1. A replay never shows that an answer can be reproduced.
    """

    unit = serializers.ChoiceField(UNITS)
    compared = serializers.IntegerField()
    again = serializers.IntegerField(help_text="The new output's length.")
    matched = serializers.IntegerField()
    first_difference = serializers.IntegerField(allow_null=True)
    share = serializers.CharField()
    finish_reason = serializers.CharField()
    request_id = serializers.CharField(source="engine_request_id")
    total_ms = serializers.IntegerField()
    raw_text = erasable()
    output_token_ids = TokenIds()


class RescoreShape(OutcomeShape):
    """What the engine says of the stored tokens; decimals as text.

    `likeliest` of `tokens` were among the five likeliest at their place, at least `expected` should
    be, and `deviation` is the difference in standard deviations; `impossible` tokens lie outside
    top_p.
    """

    verdict = serializers.ChoiceField(VERDICTS)
    tokens = serializers.IntegerField()
    mean_logprob = serializers.CharField()
    likeliest = serializers.IntegerField()
    expected = serializers.CharField()
    deviation = serializers.CharField()
    impossible = serializers.IntegerField()


class ComparisonShape(Shape):
    """`replay` or `rescore` is null until it is done, and the other one always."""

    id = serializers.UUIDField()
    trace_id = serializers.UUIDField()
    what = serializers.ChoiceField(ComparisonKind.choices)
    status = serializers.ChoiceField(ComparisonStatus.choices, source="job.status")
    requested_by = Username()
    created_at = serializers.DateTimeField(source="recorded_at")
    replay = serializers.SerializerMethodField()
    rescore = serializers.SerializerMethodField()

    @extend_schema_field(ReplayShape(allow_null=True))
    def get_replay(self, request: ComparisonRequest) -> dict[str, Any] | None:
        row = getattr(request, "replay", None)
        return dict(ReplayShape(row).data) if row else None

    @extend_schema_field(RescoreShape(allow_null=True))
    def get_rescore(self, request: ComparisonRequest) -> dict[str, Any] | None:
        row = getattr(request, "rescore", None)
        return dict(RescoreShape(row).data) if row else None


def shapes_of(requests: Iterable[ComparisonRequest]) -> list[dict[str, Any]]:
    """Comparisons as they are shown; one query for all."""
    requests = list(requests)
    return list(ComparisonShape(requests, many=True, context=usernames(requests)).data)
