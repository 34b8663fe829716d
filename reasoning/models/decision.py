"""A signed verdict on one trace, or the withdrawal of one."""

from itertools import zip_longest
from typing import Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.core.passkeys import Assertion
from reasoning.models.evidence import Evidence, committed_text, reference, salt
from reasoning.models.passkey import Passkey
from reasoning.models.policy_version import STATEMENT_LIMIT
from reasoning.models.preliminary_view import PreliminaryView
from reasoning.models.trace import Trace


class Meaning(models.TextChoices):
    APPROVED = "approved", _("approved")
    REJECTED = "rejected", _("rejected")
    SENT_BACK = "sent_back", _("sent back")
    WITHDRAWN = "withdrawn", _("withdrawn")


VERDICTS = (Meaning.APPROVED, Meaning.REJECTED, Meaning.SENT_BACK)
"""What a signature can mean on a trace; the fourth takes such a signature back."""


class Answer(models.TextChoices):
    """To a statement of the checklist."""

    YES = "yes", _("yes")
    NO = "no", _("no")
    NOT_APPLICABLE = "not_applicable", _("does not apply")


UNSAID: dict[str, Any] = {
    "policy_version": 0,
    "approvals_required": 1,
    "statement_language": "",
    "checklist": [],
    "no_conflict": False,
    "preliminary_view_id": None,
    "withdraws_id": None,
    "asked_anew": None,
}
"""What decisions of form 1 have in the columns that their documents do not know."""


class DecisionQuerySet(models.QuerySet["Decision"]):
    """Signatures that count."""

    def standing(self) -> "DecisionQuerySet":
        """Verdicts that nobody has withdrawn."""
        return self.filter(withdraws=None, withdrawal=None)


class Decision(Evidence):
    """Who decided what on which record, and on what grounds.

    ``actor_name`` is the printed name. ``trace_document_sha256`` binds the decision to the exact
    document of the trace, so a decision copied to another trace does not verify. One signed with a
    ``passkey`` keeps the assertion; ``nonce`` (hex) makes what was signed unlike anything else.

    ``answers`` are those to the statements of ``checklist``, in order; ``no_conflict`` that the
    signer stated to have no conflict of interest; ``asked_anew`` what one who sends back wants to
    have asked. ``approvals_required`` and ``policy_version`` are the policy's as it was signed
    under. A withdrawal names the decision that it ``withdraws``.

    Rows of ``form`` 1 were signed before there was any of this: their documents do not know it.
    """

    KIND = "decision.signed"
    TEXTS = ("rationale", "statement", "asked_anew")
    NEWER_TEXTS: ClassVar[tuple[str, ...]] = ("asked_anew",)
    FORM = 2

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
    form = models.PositiveSmallIntegerField(default=FORM)
    policy_version = models.PositiveIntegerField(default=0)
    approvals_required = models.PositiveSmallIntegerField(default=1)
    statement_language = models.CharField(max_length=10, default="")
    checklist = ArrayField(models.CharField(max_length=STATEMENT_LIMIT), default=list)
    answers = ArrayField(models.CharField(max_length=20, choices=Answer.choices), default=list)
    no_conflict = models.BooleanField(default=False)
    asked_anew = committed_text()
    asked_anew_salt = salt()
    preliminary_view = models.ForeignKey(
        PreliminaryView, models.PROTECT, null=True, related_name="decisions"
    )
    withdraws = models.OneToOneField("self", models.PROTECT, null=True, related_name="withdrawal")

    objects = DecisionQuerySet.as_manager()

    class Meta(Evidence.Meta):
        constraints = [
            models.CheckConstraint(
                condition=models.Q(meaning=Meaning.WITHDRAWN, withdraws__isnull=False)
                | models.Q(~models.Q(meaning=Meaning.WITHDRAWN), withdraws__isnull=True),
                name="withdrawal_names_decision",
            )
        ]
        indexes = [
            models.Index(fields=["recorded_at", "id"], name="decision_newest"),
            models.Index(fields=["actor_id", "-recorded_at", "-id"], name="decision_person"),
        ]

    def commits_to(self) -> tuple[str, ...]:
        if self.form == 1:
            return tuple(name for name in self.committed() if name not in self.NEWER_TEXTS)
        return self.committed()

    def facts(self) -> dict[str, Any]:
        facts = {
            "trace_id": reference(self.trace_id),
            "question_id": reference(self.question_id),
            "meaning": self.meaning,
            "signer_role": self.signer_role,
            "authentication_method": self.authentication_method,
            "trace_document_sha256": self.trace_document_sha256,
        }
        return facts | self._newer_facts() | (self._passkey_facts() if self._has_passkey() else {})

    def _has_passkey(self) -> bool:
        """Whether any of a passkey's columns is filled, so that none can be in silence."""
        parts = (self.passkey_id, self.nonce, self.authenticator_data, self.client_data)
        return any(part not in {None, ""} for part in (*parts, self.signature))

    def _newer_facts(self) -> dict[str, Any]:
        """All of form 2; of form 1 whatever is filled in nevertheless, so that nothing can be in
        silence."""
        facts = {
            "policy_version": self.policy_version,
            "approvals_required": self.approvals_required,
            "statement_language": self.statement_language,
            "checklist": self.answered,
            "no_conflict": self.no_conflict,
            "preliminary_view_id": reference(self.preliminary_view_id),
            "withdraws_id": reference(self.withdraws_id),
        }
        if self.form != 1:
            return {"form": self.form, **facts}
        facts["asked_anew"] = self.asked_anew
        return {name: value for name, value in facts.items() if value != UNSAID[name]}

    @property
    def answered(self) -> list[dict[str, str]]:
        """The checklist with its answers; one that was left out is empty."""
        return [
            {"statement": statement, "answer": answer}
            for statement, answer in zip_longest(self.checklist, self.answers, fillvalue="")
        ]

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
