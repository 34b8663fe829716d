"""First contents: the recommended prompt and profile, and the demonstration's people and rooms."""

import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction

from reasoning.core.prompts import EarlierTurns, card_prompt
from reasoning.models import (
    Deployment,
    Membership,
    PromptVersion,
    Registered,
    Role,
    SamplingProfile,
    User,
    Verdict,
    Workspace,
)
from reasoning.services import api_tokens, policies, registry

PROMPT = "magistral-small-2506"
PROFILE = "magistral-recommended"
DEPLOYMENT = "default"
WORKSPACES = {"finance": "Finance", "legal": "Legal", "healthcare": "Healthcare"}


POLICIES: dict[str, dict[str, Any]] = {
    "finance": {
        "approvals": 1,
        "conflict_statement": True,
        "decided_years": 10,
        "checklist": [
            "I compared every figure and date in the summary with the source documents.",
            "I checked each rule or threshold that the summary names against the current text.",
            "The thinking uses nothing about the customer that the file does not hold.",
        ],
        "labels": ["wrong figure", "wrong rule", "unsupported", "missing fact", "good point"],
    },
    "legal": {
        "approvals": 2,
        "conflict_statement": True,
        "decided_years": 10,
        "undecided_years": 2,
        "checklist": [
            "I looked up every statute and judgment that is cited: it exists and says this.",
            "The law of the right country and date was applied.",
            "Arguments against the conclusion were weighed.",
        ],
        "labels": ["invented citation", "wrong jurisdiction", "outdated law", "unsupported"],
    },
    "healthcare": {
        "approvals": 1,
        "preliminary_view": True,
        "decided_years": 30,
        "undecided_years": 3,
        "checklist": [
            "I checked doses, units and interactions against the current formulary.",
            "Contraindications in the patient's record were taken into account.",
            "The summary leaves the decision to the treating clinician.",
        ],
        "labels": ["wrong dose", "contraindication", "outdated guideline", "unsupported"],
    },
}
"""What each demonstration workspace demands, beyond the defaults."""


@dataclass(frozen=True)
class Person:
    """One of the demonstration's people, with the same roles in every workspace."""

    username: str
    display_name: str
    roles: tuple[Role, ...]


PEOPLE = (
    Person("analyst", "Amira Haddad", (Role.ANALYST,)),
    Person("analyst2", "Jonas Lindqvist", (Role.ANALYST,)),
    Person("reviewer", "Claire Fontaine", (Role.REVIEWER,)),
    Person("reviewer2", "Kenji Mori", (Role.REVIEWER, Role.PROMPT_APPROVER)),
    Person("auditor", "Elena Petrova", (Role.AUDITOR,)),
    Person("admin", "Tomás Ortega", (Role.ADMINISTRATOR, Role.PROMPT_AUTHOR)),
)


@transaction.atomic
def seed_registry() -> tuple[PromptVersion, SamplingProfile]:
    """The model card's prompt and its recommended sampling, once; someone must approve them."""
    prompt = PromptVersion.objects.filter(name=PROMPT, number=1).first()
    if prompt is None:
        card = card_prompt()
        prompt = registry.propose_prompt(
            author=None,
            name=PROMPT,
            text=card.text,
            source=card.source,
            earlier_turns=EarlierTurns.SUMMARIES,
        )
    profile = SamplingProfile.objects.filter(name=PROFILE, number=1).first()
    if profile is None:
        profile = registry.propose_profile(
            author=None, name=PROFILE, temperature="0.7", top_p="0.95", max_tokens=40_960
        )
    return prompt, profile


@transaction.atomic
def seed_people(known: Mapping[str, Mapping[str, str]]) -> dict[str, dict[str, str]]:
    """Workspaces and people. Credentials in ``known`` stay; the others are drawn anew.

    Returns ``{name: {"username", "password", "password_hash", "api_token"}}``: the only time they
    can be read.
    """
    for slug, name in WORKSPACES.items():
        Workspace.objects.get_or_create(
            slug=slug,
            defaults={
                "name": name,
                "default_prompt": PROMPT,
                "default_profile": PROFILE,
                "default_deployment": DEPLOYMENT,
            },
        )
    return {person.username: _person(person, known.get(person.username)) for person in PEOPLE}


def seed_policies() -> None:
    """The demonstration workspaces' policies, where nobody has set one yet."""
    for workspace in _demonstration_workspaces():
        if not policies.policy_of(workspace).version:
            policies.change(
                user=None,
                workspace=workspace,
                reason="Set up for the demonstration.",
                **POLICIES[workspace.slug],
            )


def _person(person: Person, known: Mapping[str, str] | None) -> dict[str, str]:
    user, _created = User.objects.get_or_create(
        username=person.username, defaults={"display_name": person.display_name}
    )
    for workspace in Workspace.objects.filter(slug__in=WORKSPACES):
        for role in person.roles:
            Membership.objects.get_or_create(user=user, workspace=workspace, role=role)
    if known and _has_password(user, known) and api_tokens.user_of(known["api_token"]):
        return {**known, "password_hash": user.password}
    password = "-".join(secrets.token_hex(2) for _ in range(3))
    user.set_password(password)
    user.save(update_fields=["password"])
    token = api_tokens.issue(user=user, name="demonstration")
    return {
        "username": user.username,
        "password": password,
        "password_hash": user.password,
        "api_token": token,
    }


def _has_password(user: User, known: Mapping[str, str]) -> bool:
    """Whether the password is still the known one. To try each takes a fifth of a second, and
    everybody waits for it at every start; an unchanged hash says the same."""
    return known.get("password_hash") == user.password or user.check_password(known["password"])


@transaction.atomic
def seed_deployment(columns: Mapping[str, Any]) -> Deployment:
    """The deployment as it was found; a new version only when something about it changed."""
    last: Deployment | None = Deployment.objects.filter(name=DEPLOYMENT).order_by("-number").first()
    if last and all(getattr(last, name) == value for name, value in columns.items()):
        return last
    return registry.propose_deployment(author=None, name=DEPLOYMENT, **columns)


@transaction.atomic
def allow(*versions: Registered) -> None:
    """Approve versions in the name of the demonstration's approver, and allow them everywhere."""
    approver = User.objects.get(username="reviewer2")
    for version in versions:
        if not registry.is_approved(version):
            registry.judge(
                judge=approver,
                subject=version,
                verdict=Verdict.APPROVED,
                reason="Approved for the demonstration.",
            )
        for workspace in _demonstration_workspaces():
            registry.kind_of(version).allowed_in(workspace).add(version)


def _demonstration_workspaces() -> Iterable[Workspace]:
    return Workspace.objects.filter(slug__in=WORKSPACES)
