"""The registry on the web: reading, comparing, proposing, judging, allowing."""

from uuid import uuid4

import pytest

from reasoning.models import (
    Approval,
    AuditEvent,
    Change,
    Deployment,
    Entry,
    PromptVersion,
    SamplingProfile,
)
from reasoning.services import clock, incidents, questions, registry
from reasoning.services.evidence import SYSTEM, _sealed
from tests import approving
from tests.conftest import deployment_columns

OLD = "Think step by step.\nAnswer in one sentence.\n"
NEW = "Think step by step.\nAnswer in two short sentences.\n"
FORMS = {
    "prompts": {"name": "careful", "text": OLD, "source": "own", "earlier_turns": "summaries"},
    "sampling-profiles": {
        "name": "cold",
        "temperature": "0.2",
        "top_p": "0.9",
        "max_tokens": "1000",
    },
    "deployments": {"name": "second"},
}
MODELS = {
    "prompts": PromptVersion,
    "sampling-profiles": SamplingProfile,
    "deployments": Deployment,
}


@pytest.fixture
def two(people, registered):
    """Two versions of a prompt that the administrator proposed."""
    return [
        registry.propose_prompt(author=people["admin"], name="careful", text=text, source="own")
        for text in (OLD, NEW)
    ]


def page(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200, path
    return answer.content.decode()


def form(noun):
    columns = deployment_columns()
    columns.pop("demonstration")
    return FORMS[noun] | (columns if noun == "deployments" else {})


# Reading ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", MODELS)
def test_versions_are_listed_with_their_state(browse, registered, noun):
    listed = page(browse("auditor"), f"/registry/{noun}/")
    [row] = MODELS[noun].objects.all()
    assert f"/registry/{noun}/{row.pk}/" in listed
    assert "label-approved" in listed
    assert "Propose" not in listed
    assert "/propose/" in page(browse("admin"), f"/registry/{noun}/")


@pytest.mark.parametrize("noun", MODELS)
def test_a_versions_page_has_everything(browse, submitted, registered, noun):
    row = MODELS[noun].objects.get()
    shown = page(browse("reviewer2"), f"/registry/{noun}/{row.pk}/")
    assert "Approved for the demonstration." in shown
    assert "Kenji Mori" in shown
    assert "1 run used it." in shown
    assert f"/registry/incidents/?{noun}={row.pk}" in shown
    assert shown.count("not allowed") == 0
    assert f"/registry/{noun}/{row.pk}/retire/" in shown
    assert f"/registry/{noun}/{row.pk}/approve/" not in shown
    assert str(row.pk) in shown
    assert {"prompts": "Markdown", "sampling-profiles": "0.95", "deployments": "40960"}[
        noun
    ] in shown


def test_an_engine_must_be_looked_at_before_approval(browse, people, registered):
    row = registry.propose_deployment(author=people["admin"], name="other", **deployment_columns())
    browser, address = browse("reviewer2"), f"/registry/deployments/{row.pk}/"
    refused = browser.post(f"{address}approve/", {"reason": "Looks fine."})
    assert refused.status_code == 400
    assert "manage.py probe_deployment other@1" in refused.content.decode()
    approving.looked_at(row, differing=["model"])
    assert "Differs:" in page(browser, address)
    approving.looked_at(row)
    assert "As described" in page(browser, address)
    assert browser.post(f"{address}approve/", {"reason": "Looks fine."}).status_code == 302


def test_a_version_that_is_not_as_logged_is_called_out(browse, two):
    row = PromptVersion(name="forged", number=1, text="Be kind.", sha256="0" * 64, source="")
    entry = _sealed(row, SYSTEM, clock.now())
    row.source = "elsewhere"
    PromptVersion.objects.bulk_create([row])
    Entry.objects.bulk_create([entry])
    alarm = "does not match the log"
    assert alarm in page(browse("auditor"), f"/registry/prompts/{row.pk}/")
    assert alarm not in page(browse("auditor"), f"/registry/prompts/{two[0].pk}/")


def test_two_versions_are_compared_word_by_word(browse, two):
    old, new = two
    shown = page(browse("auditor"), f"/registry/prompts/compare/?old={old.pk}&new={new.pk}")
    assert "removed: </span>one" in shown
    assert "added: </span>two short sentences" in shown
    assert "Think step by step." in shown
    assert "<del><bdi>" + old.sha256 in shown
    assert "<ins><bdi>" + new.sha256 in shown


def test_profiles_and_deployments_are_compared_in_a_table(browse, people, registered):
    other = registry.propose_profile(
        author=None, name="cold", temperature="0.2", top_p="0.95", max_tokens=40_960
    )
    shown = page(
        browse("auditor"),
        f"/registry/sampling-profiles/compare/?old={registered.profile.pk}&new={other.pk}",
    )
    assert "<del><bdi>0.7</bdi></del>" in shown
    assert "<ins><bdi>0.2</bdi></ins>" in shown
    assert shown.count("<strong>yes</strong>") == 1


def test_what_is_not_there(browse, registered):
    browser = browse("admin")
    for path in (
        "models/",
        "prompts/compare/",
        "prompts/compare/?old=x&new=y",
        f"prompts/{uuid4()}/",
        f"prompts/propose/?from={uuid4()}",
    ):
        assert browser.get(f"/registry/{path}").status_code == 404


# Proposing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", MODELS)
def test_a_version_is_proposed_from_an_existing_one(browse, registered, people, noun):
    origin = MODELS[noun].objects.get()
    browser = browse("admin")
    filled = page(browser, f"/registry/{noun}/propose/?from={origin.pk}")
    assert f'value="{origin.name}"' in filled
    answer = browser.post(f"/registry/{noun}/propose/", form(noun))
    row = MODELS[noun].objects.exclude(pk=origin.pk).get()
    assert answer["Location"] == f"/registry/{noun}/{row.pk}/"
    assert (row.number, row.actor_id) == (1, people["admin"].pk)
    shown = page(browser, f"/registry/{noun}/{row.pk}/")
    assert "Someone else must approve it" in shown
    assert "/approve/" not in shown


WRONG = {
    "prompts": [{"text": " "}, {"name": "Not A Name"}, {"earlier_turns": "all"}],
    "sampling-profiles": [{"temperature": "3"}, {"top_p": "warm"}, {"max_tokens": "0"}],
    "deployments": [
        {"base_url": "file:///etc/passwd"},
        {"replicas": "http://two:8000\nnowhere"},
        {"fingerprints": "one\ntwo words"},
        {"credential": "SECRET_KEY"},
        {"tokenizer_sha256": "../x"},
        {"window": "0"},
        {"engine": "magic"},
    ],
}


@pytest.mark.parametrize("noun", MODELS)
def test_what_is_wrong_is_named_at_its_field(browse, people, noun):
    browser = browse("admin")
    for changes in WRONG[noun]:
        answer = browser.post(f"/registry/{noun}/propose/", form(noun) | changes)
        assert answer.status_code == 400
        [field] = changes
        assert f'href="#id_{field}"' in answer.content.decode()
    assert not MODELS[noun].objects.exists()


def test_only_authors_propose(browse, registered):
    for name in ("analyst", "reviewer2", "auditor"):
        assert browse(name).get("/registry/prompts/propose/").status_code == 403
        assert browse(name).post("/registry/prompts/propose/", form("prompts")).status_code == 403
    assert PromptVersion.objects.count() == 1
    assert AuditEvent.objects.filter(action="refused").count() == 6


# Judging ----------------------------------------------------------------------------------------


def test_an_approver_approves_and_retires_with_a_reason(browse, two):
    browser, address = browse("reviewer2"), f"/registry/prompts/{two[0].pk}/"
    assert "Approve" in page(browser, f"{address}approve/")
    assert browser.post(f"{address}approve/", {"reason": " "}).status_code == 400
    assert browser.post(f"{address}approve/", {"reason": "Tried."}).status_code == 302
    assert "label-approved" in page(browser, address)
    assert browser.post(f"{address}retire/", {"reason": "Superseded."}).status_code == 302
    shown = page(browser, address)
    assert "label-cancelled" in shown
    assert shown.index("Superseded.") < shown.index("Tried.")
    assert browser.get(f"{address}praise/").status_code == 404


def test_the_author_and_those_without_the_role_are_refused(browse, two, people, workspace):
    workspace.memberships.create(user=people["admin"], role="prompt_approver")
    for name in ("admin", "analyst", "auditor"):
        address = f"/registry/prompts/{two[0].pk}/approve/"
        assert browse(name).get(address).status_code == 403
        assert browse(name).post(address, {"reason": "Mine."}).status_code == 403
    assert not Approval.objects.filter(subject_id=two[0].pk).exists()


# Allowing ---------------------------------------------------------------------------------------


def test_an_administrator_disallows_and_allows_again(browse, registered, workspace):
    browser = browse("admin")
    version = f"/registry/prompts/{registered.prompt.pk}/"
    address = f"{version}workspaces/finance/"
    assert address in page(browser, version)
    assert "default" in page(browser, address)
    assert browser.post(address, {"allowed": "no", "reason": ""}).status_code == 400
    assert browser.post(address, {"allowed": "no", "reason": "Too long."}).status_code == 302
    assert not workspace.allowed_prompts.exists()
    again = browser.post(address, {"allowed": "no", "reason": "Again."})
    assert "not allowed in this workspace" in again.content.decode()
    browser.post(address, {"allowed": "yes", "reason": "Shorter now."})
    assert workspace.allowed_prompts.exists()
    shown = page(browser, version)
    assert shown.index("Shorter now.") < shown.index("Too long.")
    assert Change.objects.filter(field="allowed").count() == 2


def test_nobody_else_allows_anything(browse, registered, outsider):
    address = f"/registry/prompts/{registered.prompt.pk}/workspaces/finance/"
    for name in ("analyst", "reviewer2", "auditor"):
        assert browse(name).post(address, {"allowed": "no", "reason": "x"}).status_code == 403
    assert outsider.post(address, {"allowed": "no", "reason": "x"}).status_code == 404
    assert browse("admin").get(address.replace("finance", "nowhere")).status_code == 404
    assert not Change.objects.exists()


# Incidents --------------------------------------------------------------------------------------


def test_runs_that_shared_something_are_listed_without_their_texts(browse, submitted, registered):
    shared = {noun: MODELS[noun].objects.get().pk for noun in MODELS}
    shared |= {"model": registered.deployment.model, "engine": "vllm 0.32.0"}
    auditor, admin = browse("auditor"), browse("admin")
    link = f"/questions/{submitted.question.pk}/"
    for name, value in shared.items():
        listed = page(auditor, f"/registry/incidents/?{name}={value}")
        assert link in listed
        assert "Combien" not in listed
        unread = page(admin, f"/registry/incidents/?{name}={value}")
        assert str(submitted.run.pk) in unread
        assert link not in unread


def test_strangers_runs_are_not_listed_and_nonsense_narrows_nothing(browse, submitted, outsider):
    address = f"/registry/incidents/?prompts={submitted.run.prompt_version_id}"
    assert str(submitted.run.pk) not in page(outsider, address)
    assert "Choose what they shared" in page(browse("auditor"), "/registry/incidents/?prompts=x")
    assert browse("auditor").get(f"{address}&after=x").status_code == 400


def test_long_lists_go_on_where_they_stopped(browse, submitted, people, registered):
    approving.allow(registry.propose_deployment(author=None, name="other", **deployment_columns()))
    for number in range(3):
        asked = questions.Asked(
            workspace="finance",
            text=f"Combien {number} ?",
            deployment=["default", "other"][number % 2],
        )
        questions.submit(user=people["analyst"], asked=asked)
    shared = incidents.Shared(model=registered.deployment.model)
    seen, cursor = [], ""
    while True:
        found = incidents.runs_sharing(user=people["auditor"], shared=shared, cursor=cursor, size=3)
        seen += [run.pk for run in found.runs]
        cursor = found.cursor
        if not cursor:
            break
    assert len(seen) == 4
    assert seen == sorted(seen, reverse=True)


def test_navigation_leads_those_who_work_with_it(browse, registered, people):
    for name, sees in (("admin", True), ("reviewer2", True), ("auditor", True), ("analyst", False)):
        assert ('href="/registry/"' in page(browse(name), "/")) is sees


def test_a_deployments_streams_are_limited(browse, registered):
    browser, path = browse("admin"), f"/registry/deployments/{registered.deployment.pk}/"
    assert f"{path}streams/" in page(browser, path)
    assert "Streams at once" in page(browser, f"{path}streams/")
    answer = browser.post(f"{path}streams/", {"streams": "8", "reason": "A small engine."})
    assert answer["Location"] == path
    assert registered.deployment.stream_limit.streams == 8
    assert browser.post(f"{path}streams/", {"streams": "9", "reason": " "}).status_code == 400
    assert browse("analyst").get(f"{path}streams/").status_code == 403
    assert "streams/" not in page(browse("analyst"), path)


def test_further_addresses_are_one_a_line(browse, registered):
    wanted = form("deployments") | {"replicas": "http://two:8000\r\n\r\n http://three:8000 "}
    browse("admin").post("/registry/deployments/propose/", wanted)
    row = Deployment.objects.exclude(pk=registered.deployment.pk).get()
    assert row.replicas == ["http://two:8000", "http://three:8000"]
    shown = page(browse("admin"), f"/registry/deployments/propose/?from={row.pk}")
    assert "http://two:8000\nhttp://three:8000" in shown


def test_fingerprints_are_one_a_line_and_compared_with_those_of_before(browse, registered):
    browser, old = browse("admin"), registered.deployment
    wanted = form("deployments") | {"fingerprints": "image-1\r\n\r\n image-2 "}
    browser.post("/registry/deployments/propose/", wanted)
    row = Deployment.objects.exclude(pk=old.pk).get()
    assert row.fingerprints == ["image-1", "image-2"]
    assert "image-1\nimage-2" in page(browser, f"/registry/deployments/propose/?from={row.pk}")
    assert "image-1, image-2" in page(browser, f"/registry/deployments/{row.pk}/")
    assert "not compared" in page(browser, f"/registry/deployments/{old.pk}/")
    shown = page(browser, f"/registry/deployments/compare/?old={old.pk}&new={row.pk}")
    assert "<del><bdi>not compared</bdi></del>" in shown
    assert "<ins><bdi>image-1, image-2</bdi></ins>" in shown


def test_a_look_shows_the_fingerprint_that_was_given(browse, registered):
    approving.looked_at(registered.deployment, fingerprint="image-3", differing=["fingerprint"])
    shown = page(browse("admin"), f"/registry/deployments/{registered.deployment.pk}/")
    assert '<bdi dir="ltr" class="hash">image-3</bdi>' in shown
