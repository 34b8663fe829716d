"""An engine that was away or full: how much it is given until it has shown that it can."""

from django.db import models


class Gate(models.Model):
    """The gate before one engine, by its address; no row: it is open. Not evidence, and rebuilt by
    the next refusal if lost.

    ``room`` streams may be on the engine at once. Until ``closed_until`` no more than that; then
    one run is risked beyond, a probe. ``pause_seconds`` grows with each probe that fails.
    ``trouble`` is the error's code, ``since`` when it began.
    """

    base_url = models.CharField(max_length=300, primary_key=True)
    trouble = models.CharField(max_length=60)
    room = models.PositiveIntegerField()
    pause_seconds = models.PositiveIntegerField()
    closed_until = models.DateTimeField()
    since = models.DateTimeField()
