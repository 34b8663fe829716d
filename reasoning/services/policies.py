"""What a workspace demands: read through ``policy_of``, changed by a new version, never edited."""

from dataclasses import dataclass, fields
from typing import Any

from django.conf import settings as settings_file
from django.db import transaction

from reasoning.core.errors import Conflict, FieldError, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import require_text, text_problem
from reasoning.models import PolicyVersion, Role, User, Workspace
from reasoning.models.policy_version import LABEL_LIMIT, STATEMENT_LIMIT
from reasoning.services import access, registry
from reasoning.services.audit import actor_of
from reasoning.services.evidence import SYSTEM, record

REASON_LIMIT = 2_000
BEGINNING = "As it was before the first change."
APPROVALS = (1, 3)
YEARS = (1, 100)
RUN_LIMIT = (0, 100_000)
SHARE = {"weight": (1, 100), "highest_priority": (0, 9)}
"""Of free workers, and of the queue: against the other workspaces."""
CHECKLIST_ITEMS = 30
LABELS = 30


@dataclass(frozen=True)
class Policy:
    """A workspace's policy, as ``policy_of`` finds it in force.

    ``version`` counts the changes; 0 are the defaults that hold before anybody has set one.
    ``checklist`` holds the statements that a reviewer answers, ``labels`` what annotations may be
    labelled with. Statements are signed in ``statement_language``; empty: in the signer's own.
    Years count from the decision, or from the question where none was made.
    """

    version: int = 0
    approvals: int = 1
    second_factor: bool = False
    preliminary_view: bool = False
    conflict_statement: bool = False
    training: bool = False
    statement_language: str = ""
    checklist: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    decided_years: int = 7
    undecided_years: int = 1

    @property
    def four_eyes(self) -> bool:
        """Whoever asked, for the question or a run of it, never decides; no workspace can switch
        that off."""
        return True


_TERMS = tuple(field.name for field in fields(Policy) if field.name != "version")
_DEFAULTS = {kind.default: kind for kind in registry.KINDS}
_OWN = ("name", *_DEFAULTS, "run_limit", *SHARE)
"""What the workspace's own row repeats, for those who use it at every question."""
_FLAGS = ("second_factor", "preliminary_view", "conflict_statement", "training")


def policy_of(workspace: Workspace) -> Policy:
    """The policy in force in a workspace."""
    newest = workspace.policies.order_by("-number").first()
    return policy_in(newest) if newest else Policy()


def policy_in(row: PolicyVersion) -> Policy:
    """The policy that a version states."""
    terms = {name: getattr(row, name) for name in _TERMS}
    terms |= {"checklist": tuple(row.checklist), "labels": tuple(row.labels)}
    return Policy(version=row.number, **terms)


def settings_of(workspace: Workspace) -> dict[str, Any]:
    """Everything that ``change`` can change, as it is in force."""
    policy = policy_of(workspace)
    own = {name: getattr(workspace, name) for name in _OWN}
    return own | {name: getattr(policy, name) for name in _TERMS}


@transaction.atomic
def change(
    *,
    user: User | None,
    workspace: Workspace,
    reason: str,
    based_on: int | None = None,
    **wanted: Any,
) -> PolicyVersion:
    """Put a new version of a workspace's settings in force, for administrators (None: the system).

    ``wanted`` names what becomes different (``settings_of`` has the names); the rest stays as it
    is. ``based_on`` is the version that the change was made from: Conflict when another one is in
    force by now, or when nothing would change. Raises InvalidInput naming every wrong field.
    """
    if user is not None:
        access.require_role(user, workspace, Role.ADMINISTRATOR)
    workspace = Workspace.objects.select_for_update().get(pk=workspace.pk)
    present = settings_of(workspace)
    version = policy_of(workspace).version
    if based_on is not None and based_on != version:
        raise Conflict(_("These settings were changed by someone else meanwhile. Look again."))
    require_text("reason", reason, limit=REASON_LIMIT)
    settings = present | {name: _plain(value) for name, value in wanted.items()}
    _require_sound(workspace, settings, present)
    if settings == present:
        raise Conflict(_("This changes nothing."))
    if version == 0 and user is not None:
        version = _record_beginning(workspace, present).number
    row = PolicyVersion(workspace=workspace, number=version + 1, reason=reason, **settings)
    record(actor_of(user), row)
    own = {name: settings[name] for name in _OWN}
    Workspace.objects.filter(pk=workspace.pk).update(**own)
    return row


def _record_beginning(workspace: Workspace, present: dict[str, Any]) -> PolicyVersion:
    """What held before anybody changed it, so that the first change has its old values too."""
    row = PolicyVersion(workspace=workspace, number=1, reason=BEGINNING, **present)
    record(SYSTEM, row)
    return row


@dataclass(frozen=True)
class Step:
    """A version, and what it made different: the setting's name, its old value and its new one."""

    version: PolicyVersion
    differences: list[tuple[str, Any, Any]]


def history(workspace: Workspace) -> list[Step]:
    """Every version with what it changed, newest first; the first one has nothing before it."""
    rows = list(workspace.policies.order_by("number"))
    steps = [
        Step(row, _differences(before, row))
        for before, row in zip([None, *rows], rows, strict=False)
    ]
    return steps[::-1]


def _differences(before: PolicyVersion | None, after: PolicyVersion) -> list[tuple[str, Any, Any]]:
    pairs = (
        (name, getattr(before, name), getattr(after, name))
        for name in PolicyVersion.SETTINGS.split()
        if before is not None
    )
    return [pair for pair in pairs if pair[1] != pair[2]]


def _plain(value: Any) -> Any:
    """Lists as tuples, and texts without white space at the edges, as they will be kept."""
    if isinstance(value, list | tuple):
        return tuple(_plain(one) for one in value)
    return value.strip() if isinstance(value, str) else value


def _require_sound(workspace: Workspace, settings: dict[str, Any], present: dict[str, Any]) -> None:
    problems = [
        text_problem("name", settings["name"], limit=100),
        _out_of_range("approvals", settings["approvals"], *APPROVALS),
        _limit_problem(settings["run_limit"]),
        *(_out_of_range(name, settings[name], *limits) for name, limits in SHARE.items()),
        *(_not_boolean(name, settings[name]) for name in _FLAGS),
        _language_problem(settings["statement_language"]),
        _list_problem("checklist", settings["checklist"], CHECKLIST_ITEMS, STATEMENT_LIMIT),
        _list_problem("labels", settings["labels"], LABELS, LABEL_LIMIT),
        *(_years_problem(name, settings, present) for name in ("decided_years", "undecided_years")),
    ]
    found = [problem for problem in problems if problem]
    for name, kind in _DEFAULTS.items():
        if settings[name] != present[name]:
            found += registry.problems_of(kind, name, settings[name], workspace)
    if found:
        raise InvalidInput(fields=found)


def _out_of_range(name: str, value: Any, low: int, high: int) -> FieldError | None:
    if isinstance(value, int) and not isinstance(value, bool) and low <= value <= high:
        return None
    sentence = _("Must be a whole number from %(low)s to %(high)s.")
    return FieldError(name, "out_of_range", sentence, {"low": low, "high": high})


def _limit_problem(value: Any) -> FieldError | None:
    return None if value is None else _out_of_range("run_limit", value, *RUN_LIMIT)


def _not_boolean(name: str, value: Any) -> FieldError | None:
    if isinstance(value, bool):
        return None
    return FieldError(name, "not_boolean", _("Must be true or false."))


def _language_problem(value: Any) -> FieldError | None:
    if value == "" or value in dict(settings_file.LANGUAGES):
        return None
    sentence = _("Must be a language of the interface.")
    return FieldError("statement_language", "unknown", sentence)


def _list_problem(name: str, items: Any, count: int, length: int) -> FieldError | None:
    """At most ``count`` different texts of one line."""
    if not isinstance(items, tuple) or len(items) > count:
        sentence = _("Must be a list of at most %(count)s texts.")
        return FieldError(name, "malformed", sentence, {"count": count})
    for item in items:
        if problem := text_problem(name, item, limit=length):
            return problem
    if len({item.casefold() for item in items}) != len(items):
        return FieldError(name, "repeated", _("One of these occurs twice."))
    return None


def _years_problem(
    name: str, settings: dict[str, Any], present: dict[str, Any]
) -> FieldError | None:
    """Evidence was stored under a promise: it may be kept longer, never shorter."""
    problem = _out_of_range(name, settings[name], *YEARS)
    if problem or settings[name] >= present[name]:
        return problem
    sentence = _("Retention can be lengthened, never shortened: it is %(years)s years now.")
    return FieldError(name, "shortened", sentence, {"years": present[name]})
