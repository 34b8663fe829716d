"""How many streams a deployment is given at once: changed by administrators, with a reason.

(How many runs of a workspace may be in flight is one of its policy's settings: ``policies``.)
"""

from django.db import transaction

from reasoning.core.errors import Conflict, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text
from reasoning.models import Deployment, Role, StreamLimit, User
from reasoning.services import access, scheduling
from reasoning.services.audit import remember_change

REASON_LIMIT = 2_000
STREAMS = (0, 1_000_000)


def streams_of(deployment: Deployment) -> int | None:
    """The deployment's own limit; None where the service's setting holds, 0 for any number."""
    own = StreamLimit.objects.filter(pk=deployment.pk).first()
    return own.streams if own else None


@transaction.atomic
def limit_streams(*, user: User, deployment: Deployment, streams: int | None, reason: str) -> None:
    """Set how many streams a deployment has at once, over all its replicas (as ``streams_of``). For
    administrators of any workspace, which all share it.

    Raises Refused, InvalidInput naming the field, and Conflict when nothing would change.
    """
    access.require_role_somewhere(user, Role.ADMINISTRATOR)
    _require_sound(streams)
    require_text("reason", reason, limit=REASON_LIMIT)
    scheduling.lock()  # one change at a time, and none while a run is being chosen
    old = streams_of(deployment)
    if old == streams:
        raise Conflict(_("This changes nothing."))
    if streams is None:
        StreamLimit.objects.filter(pk=deployment.pk).delete()
    else:
        StreamLimit.objects.update_or_create(pk=deployment.pk, defaults={"streams": streams})
    old_text, new_text = ("" if value is None else str(value) for value in (old, streams))
    remember_change(
        user=user,
        subject=deployment,
        field="streams",
        old=old_text,
        new=new_text,
        reason=reason,
    )


def _require_sound(streams: object) -> None:
    low, high = STREAMS
    whole = isinstance(streams, int) and not isinstance(streams, bool)
    if streams is None or (whole and low <= streams <= high):  # type: ignore[operator]
        return
    sentence = _("Must be a whole number from %(low)s to %(high)s.")
    raise InvalidInput.of("streams", "out_of_range", sentence, low=low, high=high)
