"""What a workspace demands of whoever asks and signs in it: one row for each change."""

from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models

from reasoning.models.evidence import Evidence, committed_text, reference, said, salt
from reasoning.models.workspace import Workspace

STATEMENT_LIMIT = 300
LABEL_LIMIT = 40


class PolicyVersion(Evidence):
    """A workspace's settings as they are from now on, and why. The newest is in force.

    Of its runs ``run_limit`` may be in flight at once (None: the service's setting; 0: any number).
    Free workers are shared by ``weight``; analysts may ask for up to ``highest_priority``.
    ``approvals`` is how many reviewers must approve, ``training`` whether each needs a current
    training record; they sign a statement in ``statement_language`` (empty: in their own).
    ``checklist`` holds the statements that each of them must answer, ``labels`` what annotations
    may be labelled with. Evidence of decided questions is kept ``decided_years`` from the
    decision, of others ``undecided_years``.
    """

    KIND = "policy.changed"
    TEXTS = ("reason",)

    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="policies")
    number = models.PositiveIntegerField()
    name = models.CharField(max_length=100)
    default_prompt = models.CharField(max_length=80)
    default_profile = models.CharField(max_length=80)
    default_deployment = models.CharField(max_length=80)
    run_limit = models.PositiveIntegerField(null=True)
    weight = models.PositiveSmallIntegerField(default=1)
    highest_priority = models.PositiveSmallIntegerField(default=5)
    approvals = models.PositiveSmallIntegerField()
    second_factor = models.BooleanField()
    preliminary_view = models.BooleanField()
    conflict_statement = models.BooleanField()
    training = models.BooleanField(default=False)
    statement_language = models.CharField(max_length=10, default="")
    checklist = ArrayField(models.CharField(max_length=STATEMENT_LIMIT))
    labels = ArrayField(models.CharField(max_length=LABEL_LIMIT))
    decided_years = models.PositiveSmallIntegerField()
    undecided_years = models.PositiveSmallIntegerField()
    reason = committed_text()
    reason_salt = salt()

    class Meta(Evidence.Meta):
        constraints = [
            models.UniqueConstraint(fields=["workspace", "number"], name="policy_number"),
            models.CheckConstraint(
                condition=models.Q(approvals__gte=1, approvals__lte=3), name="approvals_range"
            ),
        ]

    SETTINGS = (
        "name default_prompt default_profile default_deployment run_limit weight "
        "highest_priority approvals second_factor preliminary_view conflict_statement training "
        "statement_language checklist "
        "labels decided_years undecided_years"
    )

    def facts(self) -> dict[str, Any]:
        settings = {name: getattr(self, name) for name in self.SETTINGS.split()}
        later = {
            **said(run_limit=settings.pop("run_limit")),
            **said(1, weight=settings.pop("weight")),
            **said(5, highest_priority=settings.pop("highest_priority")),
            **said(False, training=settings.pop("training")),
            **said("", statement_language=settings.pop("statement_language")),
        }
        return {
            "workspace_id": reference(self.workspace_id),
            "number": self.number,
            **settings,
            **later,
        }
