"""What may be used, and proposing more: prompts, sampling profiles and deployments."""

from collections import defaultdict
from typing import Any, ClassVar
from uuid import UUID

from rest_framework.request import Request
from rest_framework.response import Response

from reasoning.api.base import ApiView
from reasoning.api.schema import BODY, operation
from reasoning.api.shapes import registry as shapes
from reasoning.api.shapes.evidence import list_of, usernames
from reasoning.models import (
    Deployment,
    PromptVersion,
    Registered,
    SamplingProfile,
    Verdict,
    Workspace,
)
from reasoning.services import capacity, registry


class RegistryView(ApiView):
    """A view of one kind of registered version; ``allowed`` is the workspaces' list of them."""

    model: ClassVar[type[Registered]]
    shape: ClassVar[type[shapes.RegisteredShape]]
    allowed: ClassVar[str]

    def listed(self) -> Response:
        """Every version with its state; with ``workspace``, only those usable there."""
        wanted = self.query(shapes.UsableShape).get("workspace")
        found = self.shown(self._rows().order_by("name", "number"))
        if wanted:
            found = [row for row in found if _usable(row, wanted)]
        return Response({"results": found, "next": None})

    def one(self, identifier: UUID, status: int) -> Response:
        """One version, as it is in the database now."""
        return Response(self.shown(self._rows().filter(pk=identifier))[0], status=status)

    def shown(self, rows: Any) -> list[dict[str, Any]]:
        rows = list(rows)
        context = {**usernames(rows), "allowed": self._allowed()}
        return [dict(self.shape(row, context=context).data) for row in rows]

    def _rows(self) -> Any:
        manager: Any = self.model._default_manager
        return manager.all().with_verdict()

    def _allowed(self) -> dict[UUID, list[str]]:
        """In which of the user's workspaces each version is allowed, by its id."""
        mine = Workspace.objects.filter(memberships__user=self.user).distinct().order_by("slug")
        found: dict[UUID, list[str]] = defaultdict(list)
        for slug, identifier in mine.values_list("slug", self.allowed):
            found[identifier].append(slug)
        return found


def _usable(row: dict[str, Any], workspace: str) -> bool:
    return row["state"] == Verdict.APPROVED and workspace in row["allowed_in"]


# Prompts ----------------------------------------------------------------------------------------


class Prompts(RegistryView):
    """Prompt versions."""

    model, shape, allowed = PromptVersion, shapes.PromptVersionShape, "allowed_prompts"

    @operation(
        "prompts_list",
        "List prompt versions",
        parameters=[shapes.UsableShape],
        answers={200: list_of(shapes.PromptVersionShape)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        """Every version with its state; with `workspace`, those that may be used there now."""
        return self.listed()

    @operation(
        "prompts_propose",
        "Propose a prompt version",
        request=shapes.ProposePromptShape,
        answers={201: shapes.PromptVersionShape},
        refusals=[*BODY, 403],
    )
    def post(self, request: Request) -> Response:
        """For prompt authors. Used only after someone else has approved it."""
        body = self.body(shapes.ProposePromptShape)
        return self.one(registry.propose_prompt(author=self.user, **body).pk, 201)


# Sampling profiles ------------------------------------------------------------------------------


class SamplingProfiles(RegistryView):
    """Versions of sampling profiles."""

    model, shape, allowed = SamplingProfile, shapes.SamplingProfileShape, "allowed_profiles"

    @operation(
        "sampling_profiles_list",
        "List sampling profiles",
        parameters=[shapes.UsableShape],
        answers={200: list_of(shapes.SamplingProfileShape)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        """Every version with its state; with `workspace`, those that may be used there now."""
        return self.listed()

    @operation(
        "sampling_profiles_propose",
        "Propose a sampling profile",
        request=shapes.ProposeProfileShape,
        answers={201: shapes.SamplingProfileShape},
        refusals=[*BODY, 403],
    )
    def post(self, request: Request) -> Response:
        """For prompt authors. Used only after someone else has approved it."""
        body = self.body(shapes.ProposeProfileShape)
        return self.one(registry.propose_profile(author=self.user, **body).pk, 201)


# Deployments ------------------------------------------------------------------------------------


class Deployments(RegistryView):
    """Versions of deployments."""

    model, shape, allowed = Deployment, shapes.DeploymentShape, "allowed_deployments"

    @operation(
        "deployments_list",
        "List deployments",
        parameters=[shapes.UsableShape],
        answers={200: list_of(shapes.DeploymentShape)},
        refusals=[400],
    )
    def get(self, request: Request) -> Response:
        """Every version with its state; with `workspace`, those that may be used there now."""
        return self.listed()

    @operation(
        "deployments_propose",
        "Propose a deployment",
        request=shapes.ProposeDeploymentShape,
        answers={201: shapes.DeploymentShape},
        refusals=[*BODY, 403],
    )
    def post(self, request: Request) -> Response:
        """For prompt authors. Used only after someone else has approved it."""
        body = self.body(shapes.ProposeDeploymentShape)
        return self.one(registry.propose_deployment(author=self.user, **body).pk, 201)


class DeploymentStreams(ApiView):
    """How much a deployment is given."""

    @operation(
        "deployments_limit",
        "Limit a deployment's streams",
        request=shapes.StreamsShape,
        answers={200: shapes.StreamsShape},
        refusals=[*BODY, 403, 404, 409],
    )
    def post(self, request: Request, pk: UUID) -> Response:
        """How many it has at once, over all its addresses. For administrators."""
        body = self.body(shapes.StreamsShape)
        deployment = registry.version(Deployment, str(pk))
        capacity.limit_streams(user=self.user, deployment=deployment, **body)
        return Response(body)


# Judging ----------------------------------------------------------------------------------------


def judging(versions: type[RegistryView], verdict: Verdict) -> type[RegistryView]:
    """The view that approves, or retires, one of these versions."""
    act = {Verdict.APPROVED: "approve", Verdict.RETIRED: "retire"}[verdict]

    class Judgement(RegistryView):
        """Approving or retiring one version."""

        model, shape, allowed = versions.model, versions.shape, versions.allowed

        @operation(
            f"{versions.model.SUBJECT}s_{act}",
            f"{act.title()} a version",
            request=shapes.JudgeShape,
            answers={200: versions.shape},
            refusals=[*BODY, 403, 404],
        )
        def post(self, request: Request, pk: UUID) -> Response:
            """For prompt approvers; refused to its author. The last verdict counts."""
            subject = registry.version(self.model, str(pk))
            reason = self.body(shapes.JudgeShape)["reason"]
            registry.judge(judge=self.user, subject=subject, verdict=verdict, reason=reason)
            return self.one(subject.pk, 200)

    return Judgement
