"""A signed verdict on one trace."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.core.passkeys import Assertion
from reasoning.models.evidence import Evidence, committed_text, reference, salt
from reasoning.models.passkey import Passkey
from reasoning.models.trace import Trace


class Meaning(models.TextChoices):
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    SENT_BACK = "sent_back", _("sent back")


class Decision(Evidence):
    """Who decided what on which record, and on what grounds.

    ``actor_name`` is the printed name. ``trace_document_sha256`` binds the decision to the exact
    document of the trace, so a decision copied to another trace does not verify. One signed with a
    ``passkey`` keeps the assertion; ``nonce`` (hex) makes what was signed unlike anything else.
    """

    KIND = "decision.signed"
    TEXTS = ("rationale", "statement")

    trace = models.ForeignKey(Trace, models.PROTECT, related_name="decisions")
    question_id = models.UUIDField(db_index=True)
    meaning = models.CharField(max_length=10, choices=Meaning.choices)
    rationale = committed_text()
    rationale_salt = salt()
    statement = committed_text()
    statement_salt = salt()
    signer_role = models.CharField(max_length=20)
    authentication_method = models.CharField(max_length=20)
    trace_document_sha256 = models.CharField(max_length=64)
    passkey = models.ForeignKey(Passkey, models.PROTECT, null=True, related_name="decisions")
    nonce = models.CharField(max_length=64, default="")
    authenticator_data = models.BinaryField(null=True)
    client_data = models.BinaryField(null=True)
    signature = models.BinaryField(null=True)

    class Meta(Evidence.Meta):
        constraints = [models.UniqueConstraint(fields=["trace"], name="one_decision_per_trace")]
        indexes = [
            models.Index(fields=["recorded_at", "id"], name="decision_newest"),
            models.Index(fields=["actor_id", "-recorded_at", "-id"], name="decision_person"),
        ]

    def facts(self) -> dict[str, Any]:
        facts = {
            "trace_id": reference(self.trace_id),
            "question_id": reference(self.question_id),
            "meaning": self.meaning,
            "signer_role": self.signer_role,
            "authentication_method": self.authentication_method,
            "trace_document_sha256": self.trace_document_sha256,
        }
        return facts | self._passkey_facts() if self._has_passkey() else facts

    def _has_passkey(self) -> bool:
        """Whether any of a passkey's columns is filled, so that none can be in silence."""
        parts = (self.passkey_id, self.nonce, self.authenticator_data, self.client_data)
        return any(part not in {None, ""} for part in (*parts, self.signature))

    def _passkey_facts(self) -> dict[str, Any]:
        """With which key, and the assertion; what it signs is all the rest (``core.passkeys``)."""
        return {
            "passkey_id": reference(self.passkey_id),
            "nonce": self.nonce,
            "assertion": self.assertion.facts(),
        }

    @property
    def assertion(self) -> Assertion:
        """What the passkey gave."""
        parts = (self.authenticator_data, self.client_data, self.signature)
        return Assertion(*(bytes(part or b"") for part in parts))

    def record_id(self) -> Any:
        return self.question_id
