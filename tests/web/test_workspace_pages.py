"""Workspaces and their policies on the web."""

import pytest

from reasoning.services import policies, seeding
from reasoning.services.policies import policy_of


@pytest.fixture
def given(registered, workspace):
    """What the form would send if nothing were changed."""
    settings = policies.settings_of(workspace)
    flags = ("second_factor", "preliminary_view", "conflict_statement")
    kept = {
        name: value for name, value in settings.items() if name not in flags and value is not None
    }
    lists = {name: "\n".join(settings[name]) for name in ("checklist", "labels")}
    return {**kept, **lists, "based_on": policy_of(workspace).version, "reason": "Asked for."}


def page(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


def test_a_change_is_put_in_force_and_shown_with_old_and_new(browse, given, workspace):
    browser = browse("admin")
    assert "Four eyes are always on" in page(browser, "/workspaces/finance/change/")
    wanted = {
        **given,
        "approvals": "2",
        "second_factor": "on",
        "checklist": "Figures checked.\r\n\r\n Rules checked. ",
        "labels": "wrong figure",
        "decided_years": "10",
        "run_limit": "4",
        "weight": "2",
        "highest_priority": "7",
        "default_prompt": "magistral-small-2506@1",
    }
    answer = browser.post("/workspaces/finance/change/", wanted)
    assert answer["Location"] == "/workspaces/finance/"
    workspace.refresh_from_db()
    policy = policy_of(workspace)
    assert (policy.approvals, policy.second_factor, policy.decided_years) == (2, True, 10)
    assert policy.checklist == ("Figures checked.", "Rules checked.")
    assert (workspace.run_limit, workspace.default_prompt) == (4, "magistral-small-2506@1")
    assert (workspace.weight, workspace.highest_priority) == (2, 7)
    shown = page(browser, "/workspaces/finance/")
    assert "Version 2 of its settings is in force" in shown
    assert "Tomás Ortega" in shown
    assert "Asked for." in shown
    row = shown[shown.index('<th scope="row">Approvals needed</th>') :][:200]
    assert "<td><bdi>1</bdi>" in row
    assert "<td><bdi>2</bdi>" in row
    assert "always: whoever asked never decides" in shown


WRONG = [
    ({"decided_years": "6"}, "never shortened"),
    ({"approvals": "4"}, "not one of the available"),
    ({"checklist": "a\na"}, "occurs twice"),
    ({"labels": "x" * 41}, "41 characters"),
    ({"name": ""}, "required"),
    ({"reason": ""}, "required"),
    ({"run_limit": "-1"}, "whole number"),
    ({"weight": "0"}, "whole number"),
    ({"highest_priority": "10"}, "whole number"),
    ({"default_prompt": "gone"}, "not one of the available"),
]


def test_what_is_wrong_is_named(browse, given, workspace):
    browser = browse("admin")
    for changes, says in WRONG:
        answer = browser.post("/workspaces/finance/change/", {**given, **changes})
        shown = answer.content.decode()
        assert answer.status_code == 400
        [field] = changes
        assert f'href="#id_{field}"' in shown
        assert says in shown
    assert policy_of(workspace).version == 0


def test_two_who_change_at_once_are_told(browse, given, workspace):
    policies.change(user=None, workspace=workspace, reason="First.", approvals=3)
    answer = browse("admin").post("/workspaces/finance/change/", {**given, "approvals": "2"})
    assert answer.status_code == 400
    assert "changed by someone else meanwhile" in answer.content.decode()
    assert policy_of(workspace).approvals == 3


def test_auditors_read_and_others_do_not_know_of_it(browse, given, outsider):
    seeding.seed_policies()
    assert "Finance" in page(browse("auditor"), "/workspaces/")
    shown = page(browse("auditor"), "/workspaces/finance/")
    assert "Set up for the demonstration." in shown
    assert "/change/" not in shown
    for browser, status in ((browse("auditor"), 403), (browse("analyst"), 404), (outsider, 404)):
        assert browser.get("/workspaces/finance/change/").status_code == status
        assert browser.post("/workspaces/finance/change/", given).status_code == status
    assert browse("analyst").get("/workspaces/finance/").status_code == 404
    assert "No workspace is yours" in page(outsider, "/workspaces/")


def test_what_was_allowed_is_part_of_the_workspaces_history(browse, given, registered):
    address = f"/registry/deployments/{registered.deployment.pk}/workspaces/finance/"
    browse("admin").post(address, {"allowed": "no", "reason": "The engine is being moved."})
    shown = page(browse("auditor"), "/workspaces/finance/")
    assert "The engine is being moved." in shown
    assert "default@1" in shown
    assert "None is allowed." in shown
