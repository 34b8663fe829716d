"""An account that waits for its owner to come for it."""

from django.conf import settings
from django.db import models


class Invitation(models.Model):
    """A one-time link, of which only the SHA-256 is kept; gone once it was used."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL, models.CASCADE, primary_key=True, related_name="invitation"
    )
    token_sha256 = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
