"""How many streams a deployment is given at once."""

from django.db import models

from reasoning.models.deployment import Deployment


class StreamLimit(models.Model):
    """A deployment's own limit of concurrent streams over all its replicas (0: any number). A
    deployment without one has the setting's. Not evidence: changes are audit events."""

    deployment = models.OneToOneField(
        Deployment, models.PROTECT, primary_key=True, related_name="stream_limit"
    )
    streams = models.PositiveIntegerField()
