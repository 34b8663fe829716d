"""Prompt versions, sampling profiles and deployments: named, numbered, approved by another."""

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reasoning.api.shapes.evidence import Username, erasable
from reasoning.api.shapes.fields import Checked, Choice, Flag, Shape, Text, Whole
from reasoning.core.prompts import EarlierTurns
from reasoning.core.think import ThinkForm
from reasoning.inference.requests import EngineKind
from reasoning.models import EARLIER_TURNS, Renderer, SamplingProfile, Verdict
from reasoning.models.sampling_profile import decimal
from reasoning.services.capacity import STREAMS
from reasoning.services.deployments import (
    ADDRESS_PATTERN,
    CREDENTIAL_PATTERN,
    DIGEST_PATTERN,
    FINGERPRINT_PATTERN,
    FINGERPRINTS,
    GRAMMAR_LIMIT,
    REPLICAS,
    WINDOW,
)
from reasoning.services.registry import (
    MAX_TOKENS_LIMIT,
    NAME_PATTERN,
    PROMPT_LIMIT,
    SOURCE_LIMIT,
)
from reasoning.services.versions import PROPOSED

NAME_FORM = _("small letters, digits, _ and -")
STATES = [PROPOSED, *Verdict.values]


class UsableShape(Shape):
    """How a list of versions is narrowed."""

    workspace = Text(limit=50, required=False, help_text="Only what may be used there now.")


class JudgeShape(Shape):
    """Why a version is approved or retired."""

    reason = Text(limit=2_000)


class RegisteredShape(Shape):
    """`version` is how the API names it: `name@number`. `allowed_in` lists your workspaces only."""

    id = serializers.UUIDField()
    name = serializers.CharField()
    number = serializers.IntegerField()
    version = serializers.CharField(source="label")
    state = serializers.SerializerMethodField()
    allowed_in = serializers.SerializerMethodField()
    proposed_by = Username()
    created_at = serializers.DateTimeField(source="recorded_at")

    @extend_schema_field(serializers.ChoiceField(STATES))
    def get_state(self, row: Any) -> str:
        return str(getattr(row, "verdict", None) or PROPOSED)

    def get_allowed_in(self, row: Any) -> list[str]:
        found: list[str] = self.context["allowed"].get(row.pk, [])
        return found


class PromptVersionShape(RegisteredShape):
    """A system prompt, verbatim; `sha256` is of its UTF-8."""

    text = erasable()
    sha256 = serializers.CharField()
    source = serializers.CharField()  # type: ignore[assignment]
    earlier_turns = serializers.ChoiceField(
        EARLIER_TURNS, help_text="What follow-up questions carry of the conversation before them."
    )


class ProposePromptShape(Shape):
    """A new version of a prompt."""

    name = Text(limit=60, pattern=NAME_PATTERN, form=NAME_FORM)
    text = Text(limit=PROMPT_LIMIT)
    source = Text(limit=SOURCE_LIMIT, blank=True, default="")  # type: ignore[assignment]
    earlier_turns = Choice(EARLIER_TURNS, default=EarlierTurns.NONE.value)


class SamplingProfileShape(RegisteredShape):
    """Sampling parameters; decimals as text."""

    temperature = serializers.SerializerMethodField()
    top_p = serializers.SerializerMethodField()
    max_tokens = serializers.IntegerField()

    def get_temperature(self, row: SamplingProfile) -> str:
        return decimal(row.temperature)

    def get_top_p(self, row: SamplingProfile) -> str:
        return decimal(row.top_p)


class ProposeProfileShape(Shape):
    """A new version of a sampling profile; the service checks the ranges."""

    name = Text(limit=60, pattern=NAME_PATTERN, form=NAME_FORM)
    temperature = Checked({"type": ["number", "string"], "minimum": 0, "maximum": 2})
    top_p = Checked({"type": ["number", "string"], "exclusiveMinimum": 0, "maximum": 1})
    max_tokens = Checked({"type": "integer", "minimum": 1, "maximum": MAX_TOKENS_LIMIT})


class DeploymentShape(RegisteredShape):
    """Model, weights, tokenizer, engine and address. `credential` names a variable, not a key."""

    engine = serializers.ChoiceField([kind.value for kind in EngineKind])
    engine_version = serializers.CharField()
    base_url = serializers.CharField()
    replicas = serializers.ListField(
        child=serializers.CharField(), help_text="Further addresses of the same, equal in all."
    )
    model = serializers.CharField()
    revision = serializers.CharField()
    tokenizer_sha256 = serializers.CharField()
    tokenizer_version = serializers.CharField()
    renderer = serializers.ChoiceField(Renderer.choices)
    think_form = serializers.ChoiceField([form.value for form in ThinkForm])
    window = serializers.IntegerField(help_text="In tokens of the engine.")
    fingerprints = serializers.ListField(
        child=serializers.CharField(),
        help_text="Those that vLLM may give with an answer; empty: not compared.",
    )
    grammar = serializers.CharField()
    credential = serializers.CharField()
    demonstration = serializers.BooleanField()


class StreamsShape(Shape):
    """How many streams a deployment has at once: null the service's setting, 0 any number."""

    streams = Checked({"type": "integer", "minimum": 0, "maximum": STREAMS[1]}, allow_null=True)
    reason = Text(limit=2_000)


class ProposeDeploymentShape(Shape):
    """A new version of a deployment."""

    name = Text(limit=60, pattern=NAME_PATTERN, form=NAME_FORM)
    engine = Choice([kind.value for kind in EngineKind])
    engine_version = Text(limit=100, blank=True, default="")
    base_url = Text(limit=300, pattern=ADDRESS_PATTERN, form="https://host:port")
    replicas = Checked(
        {"type": "array", "items": {"type": "string", "maxLength": 300}, "maxItems": REPLICAS},
        default=list,
    )
    model = Text(limit=200)
    revision = Text(limit=100, blank=True, default="")
    tokenizer_sha256 = Text(
        limit=64,
        blank=True,
        default="",
        pattern=DIGEST_PATTERN,
        form=_("SHA-256 in hexadecimal"),
    )
    tokenizer_version = Text(limit=20, blank=True, default="")
    renderer = Choice(Renderer.choices)
    think_form = Choice([form.value for form in ThinkForm])
    window = Whole(low=WINDOW[0], high=WINDOW[1])
    fingerprints = Checked(
        {
            "type": "array",
            "items": {"type": "string", "pattern": f"^{FINGERPRINT_PATTERN}$"},
            "maxItems": FINGERPRINTS,
        },
        default=list,
    )
    grammar = Text(limit=GRAMMAR_LIMIT, blank=True, default="")
    credential = Text(
        limit=60, blank=True, default="", pattern=CREDENTIAL_PATTERN, form="INFERENCE_API_KEY"
    )
    demonstration = Flag(default=False)
