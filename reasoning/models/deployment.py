"""Where questions are answered: a model on an engine at an address."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from reasoning.core.think import ThinkForm
from reasoning.inference.requests import EngineKind
from reasoning.models.evidence import said
from reasoning.models.registered import Registered


class Renderer(models.TextChoices):
    """Who turns the prompt into tokens."""

    MISTRAL_COMMON = "mistral_common", "mistral-common"
    ENGINE = "engine", "the engine's own template"


class Deployment(Registered):
    """Model, weights, tokenizer, engine and address, as approved.

    ``replicas`` are further addresses of the same: equal in everything. ``fingerprints`` are those
    that its engines may give (vLLM's ``system_fingerprint``), at whichever address; none: what they
    give is not compared.
    ``window`` is in tokens of the engine. ``credential`` names the environment variable that holds
    the engine's key, never the key. ``grammar`` forces the think form on models that were not
    trained for it.
    """

    KIND = "deployment.proposed"
    SUBJECT = "deployment"

    engine = models.CharField(
        max_length=20, choices=[(kind.value, kind.value) for kind in EngineKind]
    )
    engine_version = models.CharField(max_length=100)
    base_url = models.URLField(max_length=300)
    replicas = ArrayField(models.URLField(max_length=300), default=list)
    model = models.CharField(max_length=200)
    revision = models.CharField(max_length=100)
    tokenizer_sha256 = models.CharField(max_length=64)
    tokenizer_version = models.CharField(max_length=20)
    renderer = models.CharField(max_length=20, choices=Renderer.choices)
    think_form = models.CharField(
        max_length=20, choices=[(form.value, form.value) for form in ThinkForm]
    )
    window = models.PositiveIntegerField()
    fingerprints = ArrayField(models.CharField(max_length=200), default=list)
    grammar = models.TextField()
    credential = models.CharField(max_length=60)
    demonstration = models.BooleanField()

    class Meta(Registered.Meta):
        constraints = [models.UniqueConstraint(fields=["name", "number"], name="deployment_number")]

    def facts(self) -> dict[str, Any]:
        plain = (
            "name number engine engine_version base_url model revision tokenizer_sha256 "
            "tokenizer_version renderer think_form window grammar credential demonstration"
        )
        later = said([], replicas=list(self.replicas), fingerprints=list(self.fingerprints))
        return {name: getattr(self, name) for name in plain.split()} | later
