"""Opening a workspace, as operators do it before anybody is there."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reasoning.core.errors import InvalidInput
from reasoning.models import Change, PromptVersion, Role, SamplingProfile, Workspace
from reasoning.services import access, integrity, registry
from reasoning.services.workspaces import open_workspace


def manage(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


def test_a_new_workspace_allows_nothing_and_is_on_record(people):
    room = open_workspace(slug="tax-law", name=" Tax law ", reason="A new department.")
    assert (room.name, room.default_prompt) == ("Tax law", "magistral-small-2506")
    for kind in registry.KINDS:
        assert not kind.allowed_in(room).exists()
    change = Change.objects.get(workspace=room)
    told = (change.actor_kind, change.subject, change.field, change.old, change.new, change.reason)
    assert told == ("system", "workspace", "name", "", "Tax law", "A new department.")
    assert not integrity.mismatches([change])


def test_somebody_who_has_an_account_can_be_its_administrator(people):
    manage("open_workspace", "tax", "Tax", "--administrator", "analyst", "--reason", "A new one.")
    room = Workspace.objects.get(slug="tax")
    assert access.roles_of(people["analyst"], room) == {Role.ADMINISTRATOR}
    change = Change.objects.get(workspace=room, subject="user")
    assert (change.field, change.new) == ("role", "administrator")


def test_the_first_brings_the_recommended_prompt_and_profile_to_be_approved(people):
    assert "invite NAME tax" in manage("open_workspace", "tax", "Tax", "--reason", "The first.")
    manage("open_workspace", "audit", "Audit", "--reason", "The second.")
    for version in (PromptVersion.objects.get(), SamplingProfile.objects.get()):
        assert not registry.is_approved(version)


@pytest.mark.parametrize(
    ("fields", "wrong"),
    [
        ({"slug": "Tax law"}, ["slug"]),
        ({"slug": "-tax"}, ["slug"]),
        ({"slug": "a" * 51}, ["slug"]),
        ({"slug": "finance"}, ["slug"]),
        ({"name": " "}, ["name"]),
        ({"name": "a" * 101, "slug": ""}, ["slug", "name"]),
        ({"reason": ""}, ["reason"]),
    ],
)
def test_a_wrong_field_is_named_and_nothing_is_opened(people, fields, wrong):
    before = Workspace.objects.count()
    with pytest.raises(InvalidInput) as error:
        open_workspace(**{"slug": "tax", "name": "Tax", "reason": "Why.", **fields})
    assert [problem.field for problem in error.value.fields] == wrong
    assert Workspace.objects.count() == before


def test_the_command_says_what_is_wrong(people):
    with pytest.raises(CommandError, match="slug: There is a workspace of this name"):
        manage("open_workspace", "finance", "Finance", "--reason", "Again.")
    with pytest.raises(CommandError, match="no active user nobody"):
        manage("open_workspace", "tax", "Tax", "--administrator", "nobody", "--reason", "Why.")
