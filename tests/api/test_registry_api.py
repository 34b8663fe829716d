"""prompts/, sampling-profiles/ and deployments/: what may be used, and proposing more."""

from types import SimpleNamespace
from uuid import uuid4

import pytest

from reasoning.models import (
    Approval,
    Change,
    Deployment,
    PromptVersion,
    SamplingProfile,
    StreamLimit,
    Verdict,
)
from reasoning.services import registry
from tests.api.expectations import field_errors, problem, refusals
from tests.conftest import deployment_columns

PROMPT = {"name": "careful", "text": "Think twice.", "source": "our own"}
PROFILE = {"name": "cold", "temperature": "0.2", "top_p": "0.9", "max_tokens": 1000}
NOUNS = ("prompts", "sampling-profiles", "deployments")


def deployment(**changes):
    columns = {
        name: value if isinstance(value, bool | int) else str(value)
        for name, value in deployment_columns().items()
    }
    return {"name": "second", **columns, **changes}


def propose(client, noun, body):
    return client.post(f"/api/v1/{noun}/", body, format="json")


def judge(client, noun, identifier, act="approve", **body):
    address = f"/api/v1/{noun}/{identifier}/{act}/"
    return client.post(address, body or {"reason": "Tested on 200 cases."}, format="json")


@pytest.fixture
def proposed(admin):
    """A prompt version that the administrator proposed."""
    return SimpleNamespace(**propose(admin, "prompts", PROMPT).json())


# Listing ----------------------------------------------------------------------------------------


def test_prompts_are_listed_with_their_state(analyst, admin, registered):
    propose(admin, "prompts", PROMPT)
    careful, card = analyst.get("/api/v1/prompts/").json()["results"]
    assert (careful["version"], careful["state"], careful["allowed_in"]) == (
        "careful@1",
        "proposed",
        [],
    )
    assert (careful["proposed_by"], careful["text"]) == ("admin", "Think twice.")
    assert (card["version"], card["state"]) == (registered.prompt.label, "approved")
    assert card["allowed_in"] == ["finance", "healthcare", "legal"]
    assert (card["sha256"], card["source"]) == (registered.prompt.sha256, registered.prompt.source)


def test_profiles_show_decimals_as_text(analyst, registered):
    [profile] = analyst.get("/api/v1/sampling-profiles/").json()["results"]
    assert (profile["temperature"], profile["top_p"], profile["max_tokens"]) == (
        "0.7",
        "0.95",
        40_960,
    )


def test_deployments_show_what_was_approved(analyst, registered):
    [found] = analyst.get("/api/v1/deployments/").json()["results"]
    expected = {**deployment(), "name": "default", "version": "default@1", "state": "approved"}
    assert {name: found[name] for name in expected} == expected


def test_a_list_can_be_of_what_may_be_used(analyst, admin, registered, workspace):
    propose(admin, "prompts", PROMPT)
    listed = analyst.get("/api/v1/prompts/", {"workspace": "finance"}).json()["results"]
    assert [prompt["version"] for prompt in listed] == [registered.prompt.label]
    workspace.allowed_prompts.clear()
    assert analyst.get("/api/v1/prompts/", {"workspace": "finance"}).json()["results"] == []


def test_others_rooms_are_not_named(outsider, registered):
    [prompt] = outsider.get("/api/v1/prompts/").json()["results"]
    assert prompt["allowed_in"] == []


@pytest.mark.parametrize("noun", NOUNS)
def test_listing_refusals(client, analyst, registered, noun):
    problem(client.get(f"/api/v1/{noun}/"), 401, "not_authenticated")
    assert field_errors(analyst.get(f"/api/v1/{noun}/?name=a")) == {"name": "unknown"}
    assert field_errors(analyst.get(f"/api/v1/{noun}/?workspace=%00")) == {"workspace": "nul"}


# Proposing --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("noun", "model", "body"),
    [
        ("prompts", PromptVersion, PROMPT),
        ("sampling-profiles", SamplingProfile, PROFILE),
        ("deployments", Deployment, deployment()),
    ],
)
def test_a_version_is_proposed_and_numbered(admin, people, registered, noun, model, body):
    first, second = propose(admin, noun, body), propose(admin, noun, body)
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json()["version"] == f"{body['name']}@1"
    assert second.json()["version"] == f"{body['name']}@2"
    row = model.objects.get(pk=second.json()["id"])
    assert row.actor_id == people["admin"].pk
    assert not registry.is_approved(row)


def test_sampling_values_may_be_numbers(admin, people):
    answer = propose(admin, "sampling-profiles", {**PROFILE, "temperature": 0.15, "top_p": 1})
    assert (answer.json()["temperature"], answer.json()["top_p"]) == ("0.15", "1")


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"temperature": "2.1"}, {"temperature": "out_of_range"}),
        ({"temperature": -0.1}, {"temperature": "out_of_range"}),
        ({"temperature": "warm"}, {"temperature": "out_of_range"}),
        ({"temperature": "NaN"}, {"temperature": "out_of_range"}),
        ({"temperature": "-Infinity"}, {"temperature": "out_of_range"}),
        ({"temperature": True}, {"temperature": "out_of_range"}),
        ({"temperature": []}, {"temperature": "out_of_range"}),
        ({"temperature": "0.1234"}, {"temperature": "too_precise"}),
        ({"top_p": 0}, {"top_p": "out_of_range"}),
        ({"top_p": "1.001"}, {"top_p": "out_of_range"}),
        ({"max_tokens": 0}, {"max_tokens": "out_of_range"}),
        ({"max_tokens": 131_073}, {"max_tokens": "out_of_range"}),
        ({"max_tokens": "1000"}, {"max_tokens": "out_of_range"}),
        ({"max_tokens": 1.5}, {"max_tokens": "out_of_range"}),
        ({"top_k": 5}, {"top_k": "unknown"}),
        ({"name": "Cold Profile"}, {"name": "malformed"}),
        ({"name": "cold@1"}, {"name": "malformed"}),
        ({"name": "c" * 61}, {"name": "too_long"}),
        ({"name": ""}, {"name": "blank"}),
        (
            {"temperature": 3, "top_p": 0, "max_tokens": -1},
            {"temperature": "out_of_range", "top_p": "out_of_range", "max_tokens": "out_of_range"},
        ),
    ],
)
def test_sampling_values_out_of_range_are_named(admin, people, fields, errors):
    assert field_errors(propose(admin, "sampling-profiles", {**PROFILE, **fields})) == errors
    assert not SamplingProfile.objects.exists()


@pytest.mark.parametrize("number", [b"1e999999999", b"1e-999999999", b"0." + b"1" * 5000])
def test_monstrous_numbers_are_refused_in_no_time(admin, people, number):
    body = b'{"name": "cold", "temperature": ' + number + b', "top_p": 1, "max_tokens": 1}'
    answer = admin.generic(
        "POST", "/api/v1/sampling-profiles/", body, content_type="application/json"
    )
    assert set(field_errors(answer)) == {"temperature"}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"text": ""}, {"text": "blank"}),
        ({"text": "a\x00"}, {"text": "nul"}),
        ({"text": "a" * 20_001}, {"text": "too_long"}),
        ({"source": "a" * 301}, {"source": "too_long"}),
        ({"sha256": "0" * 64}, {"sha256": "unknown"}),
    ],
)
def test_a_wrong_prompt_is_named(admin, people, fields, errors):
    assert field_errors(propose(admin, "prompts", {**PROMPT, **fields})) == errors
    assert not PromptVersion.objects.exists()


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"engine": "magic"}, {"engine": "unknown"}),
        ({"base_url": "file:///etc/passwd"}, {"base_url": "malformed"}),
        ({"base_url": "http://user:key@engine:8000"}, {"base_url": "malformed"}),
        ({"base_url": "http://engine:8000/?key=1"}, {"base_url": "malformed"}),
        ({"replicas": "http://engine:8000"}, {"replicas": "malformed"}),
        ({"replicas": ["file:///etc/passwd"]}, {"replicas": "malformed"}),
        ({"replicas": ["http://two:8000", "http://two:8000"]}, {"replicas": "repeated"}),
        ({"fingerprints": "one"}, {"fingerprints": "malformed"}),
        ({"fingerprints": [""]}, {"fingerprints": "malformed"}),
        ({"fingerprints": ["two words"]}, {"fingerprints": "malformed"}),
        ({"fingerprints": ["a\x00"]}, {"fingerprints": "malformed"}),
        ({"fingerprints": ["a" * 201]}, {"fingerprints": "malformed"}),
        ({"fingerprints": [1]}, {"fingerprints": "malformed"}),
        ({"fingerprints": [f"{n}" for n in range(129)]}, {"fingerprints": "malformed"}),
        ({"fingerprints": ["one", "one"]}, {"fingerprints": "repeated"}),
        ({"fingerprints": ["one"], "engine": "llama_cpp"}, {"fingerprints": "unsupported"}),
        ({"tokenizer_sha256": "../../etc/passwd"}, {"tokenizer_sha256": "malformed"}),
        ({"credential": "SECRET_KEY"}, {"credential": "malformed"}),
        ({"credential": "INFERENCE_"}, {"credential": "malformed"}),
        ({"window": 0}, {"window": "out_of_range"}),
        ({"window": "40960"}, {"window": "out_of_range"}),
        ({"demonstration": "no"}, {"demonstration": "not_boolean"}),
        ({"renderer": "me"}, {"renderer": "unknown"}),
        ({"think_form": None}, {"think_form": "null"}),
        ({"model": "a\x00"}, {"model": "nul"}),
    ],
)
def test_a_wrong_deployment_is_named(admin, people, fields, errors):
    assert field_errors(propose(admin, "deployments", deployment(**fields))) == errors
    assert not Deployment.objects.exists()


@pytest.mark.parametrize("role", ["analyst", "reviewer", "reviewer2", "auditor"])
def test_only_prompt_authors_propose(client_for, people, role):
    client = client_for(people[role])
    problem(propose(client, "prompts", PROMPT), 403, "refused")
    problem(propose(client, "sampling-profiles", PROFILE), 403, "refused")
    problem(propose(client, "deployments", deployment()), 403, "refused")
    assert refusals(people[role]) == ["refused"] * 3
    assert not PromptVersion.objects.exists()


# Judging ----------------------------------------------------------------------------------------


def test_another_person_approves_and_retires(approver, people, proposed):
    approved = judge(approver, "prompts", proposed.id)
    assert (approved.status_code, approved.json()["state"]) == (200, "approved")
    retired = judge(approver, "prompts", proposed.id, "retire", reason="Superseded.")
    assert (retired.status_code, retired.json()["state"]) == (200, "retired")
    verdicts = Approval.objects.filter(subject_id=proposed.id).order_by("recorded_at", "id")
    assert [row.verdict for row in verdicts] == [Verdict.APPROVED, Verdict.RETIRED]
    assert {row.actor_id for row in verdicts} == {people["reviewer2"].pk}


def test_nobody_approves_their_own(admin, people, proposed, workspace):
    workspace.memberships.create(user=people["admin"], role="prompt_approver")
    answer = judge(admin, "prompts", proposed.id)
    assert "someone else" in problem(answer, 403, "refused")["detail"]
    assert refusals(people["admin"], subject_id=proposed.id) == ["refused"]
    assert not Approval.objects.filter(subject_id=proposed.id).exists()


@pytest.mark.parametrize("act", ["approve", "retire"])
@pytest.mark.parametrize("role", ["analyst", "reviewer", "auditor"])
def test_only_approvers_judge(client_for, people, proposed, role, act):
    problem(judge(client_for(people[role]), "prompts", proposed.id, act), 403, "refused")
    assert not Approval.objects.filter(subject_id=proposed.id).exists()


@pytest.mark.parametrize(
    ("body", "errors"),
    [
        ({"reason": ""}, {"reason": "blank"}),
        ({"reason": "a\x00"}, {"reason": "nul"}),
        ({"reason": "a" * 2001}, {"reason": "too_long"}),
        ({"verdict": "approved"}, {"verdict": "unknown"}),
    ],
)
def test_a_reason_is_needed(approver, proposed, body, errors):
    assert field_errors(judge(approver, "prompts", proposed.id, **body)) == errors
    assert not Approval.objects.filter(subject_id=proposed.id).exists()


@pytest.mark.parametrize("noun", NOUNS)
def test_what_does_not_exist_cannot_be_judged(approver, people, noun):
    problem(judge(approver, noun, uuid4()), 404, "not_found")
    assert refusals(people["reviewer2"]) == ["not_found"]


def test_a_prompt_is_no_profile(approver, proposed):
    problem(judge(approver, "sampling-profiles", proposed.id), 404, "not_found")


# Streams ----------------------------------------------------------------------------------------


def test_replicas_are_proposed_and_shown(admin, people):
    two = ["http://two:8000", "http://three:8000"]
    made = propose(admin, "deployments", deployment(replicas=two))
    assert (made.status_code, made.json()["replicas"]) == (201, two)


def test_fingerprints_are_proposed_and_shown(admin, people):
    assert propose(admin, "deployments", deployment()).json()["fingerprints"] == []
    made = propose(admin, "deployments", deployment(fingerprints=["one", "two"]))
    assert (made.status_code, made.json()["fingerprints"]) == (201, ["one", "two"])


def test_streams_are_limited_with_a_reason_that_is_kept(admin, analyst, registered):
    address = f"/api/v1/deployments/{registered.deployment.pk}/streams/"

    def limit(client, streams, reason="A small engine."):
        return client.post(address, {"streams": streams, "reason": reason}, format="json")

    assert limit(admin, 4).status_code == 200
    assert StreamLimit.objects.get().streams == 4
    assert limit(admin, 4).status_code == 409
    assert field_errors(limit(admin, -1)) == {"streams": "out_of_range"}
    assert field_errors(limit(admin, 5, reason="")) == {"reason": "blank"}
    assert limit(analyst, 5).status_code == 403
    assert limit(admin, None).status_code == 200
    assert not StreamLimit.objects.exists()
    changes = Change.objects.filter(field="streams").order_by("id")
    assert [(change.old, change.new) for change in changes] == [("", "4"), ("4", "")]
