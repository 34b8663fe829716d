"""Passkeys as evidence: whose key signs decisions."""

from typing import Any

from django.db import models

from reasoning.core.strict import to_base64
from reasoning.models.evidence import Evidence, committed_text, salt


class Passkey(Evidence):
    """A passkey that somebody registered: its id, its public key (COSE), and the site it is for.

    It stays for as long as what was signed with it. Whether it still lets its owner in is for
    django-allauth's table to say.
    """

    KIND = "passkey.registered"
    TEXTS = ("name",)

    credential_id = models.BinaryField(max_length=1023, unique=True)
    public_key = models.BinaryField(max_length=2000)
    rp_id = models.CharField(max_length=253)
    name = committed_text()
    name_salt = salt()

    def facts(self) -> dict[str, Any]:
        return {
            "credential_id": to_base64(bytes(self.credential_id)),
            "public_key": to_base64(bytes(self.public_key)),
            "rp_id": self.rp_id,
        }
