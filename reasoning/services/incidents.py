"""Every run that shared a model, an engine or a version: where to look when one of them was wrong.

Each of the versions asked for has an index of its runs, newest first, so that a page is a few short
reads however many runs there are. Ids are in the order of time (UUIDv7).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from reasoning.core.errors import InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Deployment, Membership, Run, User

PAGE_SIZE = 50


@dataclass(frozen=True)
class Shared:
    """What the runs have in common; empty values do not narrow. ``engine`` is ``vllm 0.32.0``."""

    prompt_version: str = ""
    sampling_profile: str = ""
    deployment: str = ""
    model: str = ""
    engine: str = ""


@dataclass(frozen=True)
class Page:
    """Runs, newest first, and where the next page begins (empty at the end)."""

    runs: list[Run]
    cursor: str


def runs_sharing(*, user: User, shared: Shared, cursor: str = "", size: int = PAGE_SIZE) -> Page:
    """The runs in the user's workspaces that share all of what is named, without any text.

    Raises InvalidInput for ids and cursors that are none.
    """
    pins = {name: _identifier(name, getattr(shared, name)) for name in _PINS}
    exact = {f"{name}_id": found for name, found in pins.items() if found}
    mine = Membership.objects.filter(user=user).values("workspace")
    rows = Run.objects.filter(question__workspace__in=mine, **exact)
    if before := _identifier("after", cursor):
        rows = rows.filter(pk__lt=before)
    found = sorted(
        (pk for narrowed in _by_deployment(rows, shared) for pk in narrowed[: size + 1]),
        reverse=True,
    )
    ids = found[:size]
    return Page(_read(ids), str(ids[-1]) if len(found) > size else "")


_PINS = ("prompt_version", "sampling_profile", "deployment")


def models_and_engines() -> tuple[list[str], list[str]]:
    """What deployments name: models, and engines with their versions."""
    rows = list(Deployment.objects.values_list("model", "engine", "engine_version").distinct())
    engines = {f"{engine} {version}".strip() for _model, engine, version in rows}
    return sorted({model for model, _engine, _version in rows}), sorted(engines)


def _by_deployment(rows: QuerySet[Run], shared: Shared) -> Iterator[QuerySet[Run, UUID]]:
    """The runs' ids, newest first; one query a deployment where a model or an engine is named."""
    ordered = rows.order_by("-id").values_list("pk", flat=True)
    if not (shared.model or shared.engine):
        yield ordered
        return
    for deployment in Deployment.objects.only("model", "engine", "engine_version"):
        engine = f"{deployment.engine} {deployment.engine_version}".strip()
        if shared.model in ("", deployment.model) and shared.engine in ("", engine):
            yield ordered.filter(deployment=deployment)


def _read(ids: list[UUID]) -> list[Run]:
    rows = Run.objects.filter(pk__in=ids).select_related(
        "state", "question__workspace", "prompt_version", "sampling_profile", "deployment"
    )
    shown = ("number", "recorded_at", "state__status", "question__workspace__name")
    labels = [f"{name}__{part}" for name in _PINS for part in ("name", "number")]
    return list(rows.only(*shown, *labels).order_by("-id"))


def _identifier(name: str, value: str) -> UUID | None:
    try:
        return UUID(value) if value else None
    except ValueError as error:
        raise InvalidInput.of(name, "malformed", _("This is not an id.")) from error
