"""Policies: changed by a new version with a reason, read through one function, never edited."""

from dataclasses import replace

import pytest

from reasoning.core import canonical
from reasoning.core.errors import Conflict, InvalidInput, Refused
from reasoning.models import Entry, PolicyVersion, Workspace
from reasoning.services import allowances, integrity, policies, registry, seeding
from reasoning.services.policies import Policy, policy_of


@pytest.fixture
def change(people, workspace):
    """Change finance's settings as the administrator."""

    def act(user="admin", reason="The regulator asked.", **wanted):
        return policies.change(user=people[user], workspace=workspace, reason=reason, **wanted)

    return act


def problems(caught):
    return {problem.field: problem.code for problem in caught.value.fields}


def test_before_anybody_sets_one_the_defaults_hold(workspace):
    policy = policy_of(workspace)
    assert policy == Policy()
    assert (policy.version, policy.approvals, policy.four_eyes) == (0, 1, True)
    assert (policy.decided_years, policy.undecided_years) == (7, 1)


def test_each_change_is_a_version_of_its_own_and_the_newest_counts(change, workspace, people):
    first = change(approvals=2, checklist=["Figures checked. ", "Sources read."])
    second = change(labels=["wrong figure"], preliminary_view=True, reason="Less anchoring.")
    assert (first.number, second.number) == (2, 3)
    policy = policy_of(workspace)
    assert policy.checklist == ("Figures checked.", "Sources read.")
    assert (policy.version, policy.approvals, policy.labels, policy.preliminary_view) == (
        3,
        2,
        ("wrong figure",),
        True,
    )
    assert policies.policy_in(PolicyVersion.objects.get(number=2)).preliminary_view is False
    kept = PolicyVersion.objects.get(number=3)
    assert (kept.actor_id, kept.reason) == (people["admin"].pk, "Less anchoring.")
    document = canonical.decode(bytes(Entry.objects.get(subject_id=kept.pk).document))
    assert document["facts"]["labels"] == ["wrong figure"]
    assert integrity.mismatches(workspace.policies.all()) == []


def test_the_history_shows_old_and_new_side_by_side(change, workspace):
    change(name="Finance and Risk", approvals=2)
    change(labels=["wrong"], reason="Reviewers asked.")
    newest, named, beginning = policies.history(workspace)
    assert newest.differences == [("labels", [], ["wrong"])]
    assert named.differences == [("name", "Finance", "Finance and Risk"), ("approvals", 1, 2)]
    assert (beginning.version.number, beginning.version.actor_kind) == (1, "system")
    assert beginning.differences == []
    assert policies.policy_in(beginning.version) == replace(Policy(), version=1)


def test_the_workspace_follows_its_newest_version(change, workspace, registered):
    change(name="Finance and Risk", default_prompt=registered.prompt.label)
    workspace.refresh_from_db()
    assert (workspace.name, workspace.default_prompt) == (
        "Finance and Risk",
        "magistral-small-2506@1",
    )


@pytest.mark.parametrize(
    ("wanted", "errors"),
    [
        ({"approvals": 0}, {"approvals": "out_of_range"}),
        ({"approvals": 4}, {"approvals": "out_of_range"}),
        ({"approvals": True}, {"approvals": "out_of_range"}),
        ({"second_factor": 1}, {"second_factor": "not_boolean"}),
        ({"checklist": ["a", " A "]}, {"checklist": "repeated"}),
        ({"checklist": ["a", " "]}, {"checklist": "blank"}),
        ({"checklist": "abc"}, {"checklist": "malformed"}),
        ({"labels": ["x" * 41]}, {"labels": "too_long"}),
        ({"labels": [str(n) for n in range(31)]}, {"labels": "malformed"}),
        ({"name": " "}, {"name": "blank"}),
        ({"decided_years": 6}, {"decided_years": "shortened"}),
        ({"undecided_years": 0}, {"undecided_years": "out_of_range"}),
        ({"default_profile": "nothing"}, {"default_profile": "unknown"}),
        ({"reason": "  ", "approvals": 2}, {"reason": "blank"}),
        ({"approvals": 9, "name": ""}, {"approvals": "out_of_range", "name": "blank"}),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_stored(change, workspace, wanted, errors):
    with pytest.raises(InvalidInput) as caught:
        change(**wanted)
    assert problems(caught) == errors
    assert not workspace.policies.exists()


def test_retention_is_lengthened_and_never_shortened(change, workspace):
    change(decided_years=10)
    with pytest.raises(InvalidInput, match="another value") as caught:
        change(decided_years=9, undecided_years=2)
    assert problems(caught) == {"decided_years": "shortened"}
    assert policy_of(workspace).decided_years == 10


def test_a_change_made_from_an_older_version_is_refused(change, workspace):
    change(approvals=2, based_on=0)
    with pytest.raises(Conflict, match="meanwhile"):
        change(approvals=3, based_on=0)
    with pytest.raises(Conflict, match="changes nothing"):
        change(approvals=2, based_on=2)
    assert policy_of(workspace).approvals == 2


@pytest.mark.parametrize("name", ["analyst", "reviewer2", "auditor"])
def test_only_administrators_of_the_workspace_change_it(change, workspace, people, name):
    with pytest.raises(Refused):
        change(user=name, approvals=2)
    workspace.memberships.filter(user=people["admin"]).delete()
    with pytest.raises(Refused):
        change(approvals=2)
    assert policy_of(workspace).version == 0


def test_the_demonstration_has_a_policy_for_each_workspace(people):
    seeding.seed_policies()
    seeding.seed_policies()
    found = {room.slug: policy_of(room) for room in Workspace.objects.all()}
    assert {slug: policy.version for slug, policy in found.items()} == dict.fromkeys(found, 1)
    assert all(policy.checklist and policy.labels for policy in found.values())
    assert (found["legal"].approvals, found["healthcare"].preliminary_view) == (2, True)


# What may be used -------------------------------------------------------------------------------


@pytest.fixture
def allow(people, workspace, registered):
    """Allow or disallow the registered prompt in finance as the administrator."""

    def act(allowed, user="admin", reason="Tried on 40 cases.", subject=None):
        return allowances.set_allowed(
            user=people[user],
            workspace=workspace,
            subject=subject or registered.prompt,
            allowed=allowed,
            reason=reason,
        )

    return act


def test_a_version_is_disallowed_and_allowed_with_old_new_who_and_why(allow, workspace, registered):
    allow(False, reason="Answers were too long.")
    assert not workspace.allowed_prompts.filter(pk=registered.prompt.pk).exists()
    allow(True)
    assert workspace.allowed_prompts.filter(pk=registered.prompt.pk).exists()
    newest, oldest = allowances.history(workspace=workspace)
    assert (oldest.old, oldest.new, oldest.reason) == ("yes", "no", "Answers were too long.")
    assert (newest.old, newest.new, newest.reason) == ("no", "yes", "Tried on 40 cases.")
    assert (oldest.actor_name, oldest.workspace) == ("Tomás Ortega", workspace)
    assert allowances.history(subject=registered.prompt) == [newest, oldest]
    assert allowances.history(subject=registered.profile) == []


def test_what_cannot_be_allowed(allow, workspace, people):
    with pytest.raises(Refused):
        allow(False, user="reviewer2")
    with pytest.raises(Conflict, match="already"):
        allow(True)
    with pytest.raises(InvalidInput):
        allow(False, reason=" ")
    unapproved = registry.propose_prompt(author=people["admin"], name="p", text="Hm.", source="")
    with pytest.raises(Conflict, match="approved"):
        allow(True, subject=unapproved)
    with pytest.raises(Conflict, match="not allowed"):
        allow(False, subject=unapproved)
    assert allowances.history(workspace=workspace) == []
