"""Prompt versions, sampling profiles and deployments: proposed, judged by another, looked up."""

import hashlib
import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, TypeVar
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Max

from reasoning.core.errors import FieldError, InvalidInput, NotFound, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.prompts import EarlierTurns
from reasoning.core.texts import require_text
from reasoning.models import (
    Approval,
    Deployment,
    PromptVersion,
    Registered,
    Role,
    SamplingProfile,
    User,
    Verdict,
    Workspace,
)
from reasoning.services import access, deployments, probes
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record
from reasoning.services.prepared import Query

PROMPT_LIMIT = 20_000
SOURCE_LIMIT = 300
NAME_PATTERN = "[a-z0-9][a-z0-9_-]{0,59}"
ID_PATTERN = "[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"
"""How an id is written. Thirty-two digits without the hyphens are a name like any other."""
MAX_TOKENS_LIMIT = 131_072
R = TypeVar("R", bound=Registered)


@dataclass(frozen=True)
class Kind:
    """One of the three kinds of registered versions.

    ``noun`` names it in addresses; ``allowed`` is the workspaces' column that lists those allowed,
    ``default`` the one that names what is used where nothing is named; ``pinned`` is the runs'
    column.
    """

    noun: str
    model: type[Registered]
    allowed: str
    default: str
    pinned: str

    def allowed_in(self, workspace: Workspace) -> Any:
        """The workspace's list of what is allowed, to read and to change."""
        return getattr(workspace, self.allowed)

    def default_in(self, workspace: Workspace) -> str:
        """What a workspace uses of this kind where nothing is named: ``name`` or ``name@1``."""
        named: str = getattr(workspace, self.default)
        return named


PROMPTS = Kind("prompts", PromptVersion, "allowed_prompts", "default_prompt", "prompt_version")
PROFILES = Kind(
    "sampling-profiles", SamplingProfile, "allowed_profiles", "default_profile", "sampling_profile"
)
DEPLOYMENTS = Kind(
    "deployments", Deployment, "allowed_deployments", "default_deployment", "deployment"
)
KINDS = (PROMPTS, PROFILES, DEPLOYMENTS)


def kind_of(subject: Registered) -> Kind:
    """The kind that a version is of."""
    return next(kind for kind in KINDS if isinstance(subject, kind.model))


@dataclass(frozen=True)
class Pinned:
    """What a run will use: all approved, all allowed in the workspace."""

    prompt_version: PromptVersion
    sampling_profile: SamplingProfile
    deployment: Deployment


# Proposing --------------------------------------------------------------------------------------


@transaction.atomic
def propose_prompt(
    *,
    author: User | None,
    name: str,
    text: str,
    source: str,
    earlier_turns: str = EarlierTurns.NONE,
) -> PromptVersion:
    """A new version of a system prompt; used only after someone else approved it.

    ``earlier_turns`` says what follow-up questions carry (``core.prompts.EarlierTurns``).
    """
    require_author(author)
    if earlier_turns not in tuple(EarlierTurns):
        raise InvalidInput.of("earlier_turns", "unknown", _("Must be one of those offered."))
    require_text("text", text, limit=PROMPT_LIMIT)
    require_text("source", source, limit=SOURCE_LIMIT, blank=True)
    digest = hashlib.sha256(text.encode()).hexdigest()
    prompt = PromptVersion(
        name=name, text=text, sha256=digest, source=source, earlier_turns=str(earlier_turns)
    )
    return _propose(author, prompt)


@transaction.atomic
def propose_profile(
    *, author: User | None, name: str, temperature: object, top_p: object, max_tokens: object
) -> SamplingProfile:
    """A new version of a sampling profile. Raises InvalidInput naming each value out of range."""
    require_author(author)
    problems: list[FieldError] = []
    profile = SamplingProfile(
        name=name,
        temperature=_decimal("temperature", temperature, Decimal(0), Decimal(2), problems),
        top_p=_decimal("top_p", top_p, Decimal("0.001"), Decimal(1), problems),
        max_tokens=_whole("max_tokens", max_tokens, 1, MAX_TOKENS_LIMIT, problems),
    )
    if problems:
        raise InvalidInput(fields=problems)
    return _propose(author, profile)


@transaction.atomic
def propose_deployment(*, author: User | None, name: str, **columns: Any) -> Deployment:
    """A new version of a deployment: an engine at an address, as it was found to be.

    Raises InvalidInput naming every column at fault (``services.deployments``).
    """
    require_author(author)
    deployments.require_sound(columns)
    return _propose(author, Deployment(name=name, **columns))


@transaction.atomic
def judge(*, judge: User, subject: Registered, verdict: Verdict, reason: str) -> Approval:
    """Approve or retire a version; refused to its author.

    Raises NotProbed for a deployment whose engine was not found to be as described of late.
    """
    require_judge(judge, subject)
    require_text("reason", reason, limit=2_000)
    if isinstance(subject, Deployment) and verdict == Verdict.APPROVED:
        probes.require_recent(subject)
    approval = Approval(
        subject=subject.SUBJECT, subject_id=subject.pk, verdict=verdict, reason=reason
    )
    record(actor_of(judge), approval)
    return approval


def _propose(author: User | None, row: R) -> R:
    """Number and store a version; one proposer at a time for each name."""
    if not re.fullmatch(NAME_PATTERN, row.name):
        sentence = _("A name has 1 to 60 small letters, digits, “_” and “-”.")
        raise InvalidInput.of("name", "malformed", sentence)
    if re.fullmatch(ID_PATTERN, row.name):
        raise InvalidInput.of("name", "malformed", _("A name must not look like an id."))
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{row.SUBJECT}:{row.name}"])
    manager = type(row)._default_manager
    last = manager.filter(name=row.name).aggregate(last=Max("number"))["last"]
    row.number = (last or 0) + 1
    record(actor_of(author), row)
    return row


def require_judge(judge: User, subject: Registered) -> None:
    """Raise Refused unless this person may approve or retire the version."""
    access.require_role_somewhere(judge, Role.PROMPT_APPROVER)
    if subject.actor_id == judge.pk:
        raise Refused(_("You proposed this version; someone else must approve it."))


def require_author(author: User | None) -> None:
    """Raise Refused unless this person may propose versions (None: the system may)."""
    if author is not None:
        access.require_role_somewhere(author, Role.PROMPT_AUTHOR)


def _decimal(
    field: str, value: object, low: Decimal, high: Decimal, problems: list[FieldError]
) -> Decimal:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        number = Decimal("NaN")
    if isinstance(value, bool) or not (number.is_finite() and low <= number <= high):
        sentence = _("Must be a number from %(low)s to %(high)s.")
        problems.append(
            FieldError(field, "out_of_range", sentence, {"low": str(low), "high": str(high)})
        )
        return low
    if number != round(number, 3):
        problems.append(FieldError(field, "too_precise", _("At most three decimal places.")))
    return number


def _whole(field: str, value: object, low: int, high: int, problems: list[FieldError]) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        sentence = _("Must be a whole number from %(low)s to %(high)s.")
        problems.append(FieldError(field, "out_of_range", sentence, {"low": low, "high": high}))
        return low
    return value


# Looking up -------------------------------------------------------------------------------------


def pin(
    *, workspace: Workspace, prompt: str | None, profile: str | None, deployment: str | None
) -> Pinned:
    """What a run in this workspace will use; the workspace's defaults where nothing is named.

    Raises InvalidInput naming each of the three that is unknown, unapproved or not allowed here.
    """
    problems: list[FieldError] = []
    found = [
        _usable(kind, kind.pinned, name or kind.default_in(workspace), workspace, problems)
        for kind, name in zip(KINDS, (prompt, profile, deployment), strict=True)
    ]
    if problems:
        raise InvalidInput(fields=problems)
    return Pinned(*found)  # type: ignore[arg-type]  # None only together with a problem


def problems_of(kind: Kind, field: str, reference: str, workspace: Workspace) -> list[FieldError]:
    """What stands against using what a reference names in a workspace."""
    problems: list[FieldError] = []
    _usable(kind, field, reference, workspace, problems)
    return problems


def _usable(
    kind: Kind, field: str, reference: str, workspace: Workspace, problems: list[FieldError]
) -> Registered | None:
    """The newest approved version allowed here; or None, and what stands against it."""
    names = _naming(reference)
    usable = _newest_usable(kind, *names).first(workspace.pk, *names.values())
    if usable is None:
        candidates = _named(kind.model, reference)
        code, sentence = (
            ("unknown", _("There is no “%(name)s”."))
            if not candidates.exists()
            else ("not_approved", _("“%(name)s” is not approved for use."))
            if not candidates.approved().exists()
            else ("not_allowed", _("“%(name)s” is not allowed in this workspace."))
        )
        problems.append(FieldError(field, code, sentence, {"name": reference}))
    return usable


@cache
def _newest_usable(kind: Kind, *columns: str) -> Query[Registered]:
    """What is asked three times for each question, for a workspace and values of these columns."""
    manager: Any = kind.model._default_manager

    def newest(workspace: UUID, *values: Any) -> Any:
        named = manager.approved().filter(**dict(zip(columns, values, strict=True)))
        allowed = Workspace.objects.filter(pk=workspace).values(kind.allowed)
        return named.filter(pk__in=allowed).order_by("-number")

    return Query(newest, UUID, *(_COLUMNS[column] for column in columns))


_COLUMNS: dict[str, type[UUID | str | int]] = {"pk": UUID, "name": str, "number": int}
"""Of those that references name versions by."""
NO_NUMBER = -1


def _naming(reference: str) -> dict[str, Any]:
    """By which columns a reference names versions: an id, ``name@number``, or all of ``name``."""
    if re.fullmatch(ID_PATTERN, reference):
        return {"pk": UUID(reference)}
    name, at, number = reference.partition("@")
    if not at:
        return {"name": name}
    known = number.isascii() and number.isdigit() and len(number) < 10
    return {"name": name, "number": int(number) if known else NO_NUMBER}


def _named(model: type[R], reference: str) -> Any:
    """The versions that a reference names."""
    return model._default_manager.filter(**_naming(reference))


def version(model: type[R], reference: str) -> R:
    """One version by id or ``name@number``; the newest of a plain name. NotFound otherwise."""
    found = _named(model, reference).order_by("-number").first()
    if not isinstance(found, model):
        raise NotFound
    return found


def _approved(model: type[Registered]) -> Query[Registered]:
    manager: Any = model._default_manager
    return Query(lambda pk: manager.approved().filter(pk=pk), UUID)


def is_approved(row: Registered) -> bool:
    """Whether the last verdict on a version is an approval."""
    return _APPROVED[type(row)].exists(row.pk)


_APPROVED = {kind.model: _approved(kind.model) for kind in KINDS}
