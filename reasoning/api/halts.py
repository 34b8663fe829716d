"""The stop switch."""

from typing import Any

from rest_framework.request import Request
from rest_framework.response import Response

from reasoning import tasks
from reasoning.api.base import ApiView
from reasoning.api.schema import BODY, operation
from reasoning.api.shapes.evidence import list_of
from reasoning.api.shapes.halt import HaltShape, ResumeShape, StopShape
from reasoning.models import Place
from reasoning.services import access, halts


class Halts(ApiView):
    """What is stopped, and stopping more."""

    @operation(
        "halts_list",
        "See what is stopped",
        answers={200: list_of(HaltShape)},
        refusals=[],
    )
    def get(self, request: Request) -> Response:
        """Everything that concerns your workspaces, the widest first. New questions are accepted
        meanwhile, and wait."""
        found = halts.concerning(access.rooms_of(self.user))
        return Response({"results": HaltShape(found, many=True).data, "next": None})

    @operation(
        "halts_stop",
        "Stop work",
        request=StopShape,
        answers={201: HaltShape},
        refusals=[*BODY, 403, 409],
    )
    def post(self, request: Request) -> Response:
        """For administrators. Nothing within the scope is begun any more; what is in flight ends
        within seconds as labelled traces, and its runs wait."""
        body = self.body(StopShape)
        reason = body.pop("reason", "")
        workspace, deployment = halts.named(user=self.user, **body)
        halt = halts.stop(
            user=self.user,
            reason=reason,
            place=Place.API,
            workspace=workspace,
            deployment=deployment,
        )
        return Response(HaltShape(halt).data, status=201)


class ResumeHalt(ApiView):
    """Letting work go on."""

    @operation(
        "halts_resume",
        "Resume work",
        request=ResumeShape,
        answers={204: None},
        refusals=[*BODY, 403, 404],
    )
    def post(self, request: Request, pk: Any) -> Response:
        """For administrators, with a reason. What waited goes on in its order."""
        reason = self.body(ResumeShape)["reason"]
        halts.resume(user=self.user, halt=halts.standing(pk), reason=reason, place=Place.API)
        tasks.wake()
        return Response(status=204)
