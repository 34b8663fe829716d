"""What an engine said of itself when a deployment was looked at."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.models.deployment import Deployment
from reasoning.models.evidence import Evidence, committed_text, reference, salt


class ProbeOccasion(models.TextChoices):
    ASKED = "asked", _("somebody asked")
    WORKER_START = "worker_start", _("a worker started")
    RUN = "run", _("a run was about to begin")


class Probe(Evidence):
    """One look at a deployment's engine; passed when ``differing`` and ``failure_code`` are empty.

    ``differing`` names what is not as the deployment says: model, version, weights, fingerprint,
    window, tokenizer, token_ids. ``tokenizer`` is agrees, differs, or unknown where the engine
    renders by itself; ``token_ids`` and ``parser`` are yes, no or unknown.
    """

    KIND = "deployment.probed"
    TEXTS = ("failure",)

    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="probes")
    occasion = models.CharField(max_length=20, choices=ProbeOccasion.choices)
    differing = ArrayField(models.CharField(max_length=40))
    engine = models.CharField(max_length=40)
    version = models.CharField(max_length=100)
    model = models.CharField(max_length=200)
    window = models.PositiveIntegerField(null=True)
    fingerprint = models.CharField(max_length=200)
    tokenizer = models.CharField(max_length=10)
    token_ids = models.CharField(max_length=10)
    parser = models.CharField(max_length=10)
    failure_code = models.CharField(max_length=60)
    failure = committed_text()
    failure_salt = salt()

    class Meta(Evidence.Meta):
        indexes = [models.Index(fields=["deployment", "-recorded_at"], name="probe_deployment")]

    PLAIN = (
        "occasion engine version model window fingerprint tokenizer token_ids parser failure_code"
    )

    def facts(self) -> dict[str, Any]:
        return {
            "deployment_id": reference(self.deployment_id),
            "differing": list(self.differing),
            **{name: getattr(self, name) for name in self.PLAIN.split()},
        }

    @property
    def passed(self) -> bool:
        """Whether the engine is the one that the deployment says."""
        return not self.differing and not self.failure_code
