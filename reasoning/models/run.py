"""One request to answer a question, with everything pinned; its attempts; where it stands."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from reasoning.models.deployment import Deployment
from reasoning.models.evidence import Evidence, reference, said
from reasoning.models.prompt_version import PromptVersion
from reasoning.models.question import Question
from reasoning.models.sampling_profile import SamplingProfile
from reasoning.models.workspace import Workspace


class Run(Evidence):
    """What is to be sent where: prompt version, sampling profile, deployment and seed.

    ``follows_trace`` is the answer that a follow-up question goes on from.
    """

    KIND = "run.requested"

    question = models.ForeignKey(Question, models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    prompt_version = models.ForeignKey(
        PromptVersion, models.PROTECT, related_name="+", db_index=False
    )
    sampling_profile = models.ForeignKey(
        SamplingProfile, models.PROTECT, related_name="+", db_index=False
    )
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="+", db_index=False)
    seed = models.BigIntegerField()
    follows_trace = models.ForeignKey(
        "reasoning.Trace", models.PROTECT, null=True, related_name="carried_by"
    )

    class Meta(Evidence.Meta):
        constraints = [models.UniqueConstraint(fields=["question", "number"], name="run_number")]
        indexes = [
            models.Index(fields=["deployment", "-id"], name="run_of_deployment"),
            models.Index(fields=["prompt_version", "-id"], name="run_of_prompt"),
            models.Index(fields=["sampling_profile", "-id"], name="run_of_profile"),
        ]

    def facts(self) -> dict[str, Any]:
        return {
            "question_id": reference(self.question_id),
            "number": self.number,
            "prompt_version_id": reference(self.prompt_version_id),
            "sampling_profile_id": reference(self.sampling_profile_id),
            "deployment_id": reference(self.deployment_id),
            "seed": str(self.seed),
            **said(follows_trace_id=reference(self.follows_trace_id)),
        }

    def record_id(self) -> Any:
        return self.question_id


class RunStatus(models.TextChoices):
    QUEUED = "queued", _("queued")
    RUNNING = "running", pgettext_lazy("status", "thinking")
    FINISHED = "finished", _("finished")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


class Wait(models.TextChoices):
    """What a queued run waits for."""

    STOPPED = "stopped", _("waiting: stopped")
    ENGINE = "engine", _("waiting for the engine")
    TURN = "turn", _("waiting for its turn")


class RunState(models.Model):
    """Queue, lease and fence of a run. Not evidence.

    ``workspace`` and ``deployment`` are the question's and the run's: the scheduler needs no join.
    ``queued_at`` is the run's place in the queue, which it keeps from attempt to attempt;
    ``not_before`` delays a retry, and after ``deadline`` there is none. ``fence`` counts attempts:
    an attempt may store its trace only while its number is the fence. ``troubles`` are those that
    failed by a fault that may be the run's own. ``base_url`` is the replica that the last attempt
    was sent to. ``lease_until`` is the time (of the database) after which another worker may take
    over.
    """

    run = models.OneToOneField(Run, models.PROTECT, primary_key=True, related_name="state")
    workspace = models.ForeignKey(Workspace, models.PROTECT, related_name="+", db_index=False)
    deployment = models.ForeignKey(Deployment, models.PROTECT, related_name="+", db_index=False)
    status = models.CharField(max_length=10, choices=RunStatus.choices)
    priority = models.PositiveSmallIntegerField(default=5)
    queued_at = models.DateTimeField()
    not_before = models.DateTimeField()
    deadline = models.DateTimeField()
    fence = models.PositiveIntegerField(default=0)
    troubles = models.PositiveIntegerField(default=0)
    worker = models.CharField(max_length=200, default="")
    base_url = models.CharField(max_length=300, default="")
    lease_until = models.DateTimeField(null=True)
    cancel_requested_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField()

    class Meta:
        # No index has lease_until: renewing a lease touches none of them.
        indexes = [
            models.Index(
                fields=["priority", "workspace", "deployment", "queued_at"],
                name="run_lanes",
                condition=models.Q(status="queued"),
            ),
            models.Index(
                fields=["deadline"], name="run_deadlines", condition=models.Q(status="queued")
            ),
            models.Index(
                fields=["workspace", "deployment", "base_url"],
                name="run_streams",
                condition=models.Q(status="running"),
            ),
        ]


class Attempt(Evidence):
    """One try of a run by a worker, recorded when it begins. ``base_url``: the engine asked."""

    KIND = "attempt.started"

    run = models.ForeignKey(Run, models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    question_id = models.UUIDField()
    base_url = models.CharField(max_length=300, default="")

    class Meta(Evidence.Meta):
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="attempt_number")]
        indexes = [models.Index(fields=["question_id"], name="attempt_question")]

    def facts(self) -> dict[str, Any]:
        return {
            "run_id": reference(self.run_id),
            "number": self.number,
            "question_id": reference(self.question_id),
            **said("", base_url=self.base_url),
        }

    def record_id(self) -> Any:
        return self.question_id


class PartialOutput(models.Model):
    """Text that an attempt has received so far. Becomes a trace's raw text if the worker dies."""

    attempt = models.ForeignKey(Attempt, models.PROTECT, related_name="partial_output")
    sequence = models.PositiveIntegerField()
    text = models.TextField()
    token_ids = models.BinaryField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["attempt", "sequence"], name="partial_sequence")
        ]
