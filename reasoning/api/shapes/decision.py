"""A decision: who signed what, with which meaning."""

from rest_framework import serializers

from reasoning.api.shapes.evidence import Username, erasable
from reasoning.api.shapes.fields import Shape
from reasoning.models import Answer, Meaning


class ShortDecisionShape(Shape):
    """The last decision on a question that nobody has withdrawn."""

    id = serializers.UUIDField()
    trace_id = serializers.UUIDField()
    meaning = serializers.ChoiceField(Meaning.choices)
    signed_by = Username()
    signed_by_name = erasable(source="actor_name", help_text="The printed name, as recorded.")
    signed_at = serializers.DateTimeField(source="recorded_at")


class ChecklistAnswerShape(Shape):
    """One statement of the workspace's checklist, and the signer's answer."""

    statement = serializers.CharField()
    answer = serializers.ChoiceField([("", ""), *Answer.choices])


class DecisionShape(ShortDecisionShape):
    """A signature with everything it shows. A withdrawal names what it `withdraws`; what was
    withdrawn names the withdrawal in `withdrawn_by`."""

    rationale = erasable()
    statement = erasable()
    statement_language = serializers.CharField(help_text="Empty: not recorded.")
    asked_anew = serializers.CharField(
        allow_null=True, help_text="What is to be asked anew, of who sends back; else null."
    )
    checklist = ChecklistAnswerShape(many=True, source="answered")
    no_conflict = serializers.BooleanField(
        help_text="Whether the signer stated to have no conflict of interest."
    )
    preliminary_view = erasable(
        source="preliminary_view.view",
        default=None,
        help_text="What the signer had said before they saw the answer, where that was asked for.",
    )
    policy_version = serializers.IntegerField()
    approvals_required = serializers.IntegerField()
    withdraws = serializers.UUIDField(source="withdraws_id", allow_null=True)
    withdrawn_by = serializers.UUIDField(source="withdrawal.pk", default=None, allow_null=True)
    passkey_id = serializers.UUIDField(allow_null=True)
    signer_role = serializers.CharField()
    authentication_method = serializers.CharField()
    trace_document_sha256 = serializers.CharField()
