"""POST questions/: stored and queued, or a field-named error and nothing stored."""

import json

import pytest

from reasoning.models import Approval, Question, Run, RunState, RunStatus, Verdict
from reasoning.services import registry
from tests.api.expectations import field_errors, nothing_stored, problem, refusals

ADDRESS = "/api/v1/questions/"


def ask(client, key=None, **fields):
    headers = {"HTTP_IDEMPOTENCY_KEY": key} if key is not None else {}
    body = {"workspace": "finance", "text": "Why is the sky blue?", **fields}
    return client.post(ADDRESS, body, format="json", **headers)


def raw(client, body, **headers):
    return client.generic("POST", ADDRESS, body, content_type="application/json", **headers)


# Accepted ---------------------------------------------------------------------------------------


def test_a_question_is_stored_and_queued(analyst, registered, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as sent:
        answer = ask(analyst, case_reference="AML-7", metadata={"desk": "4"}, priority=4)
    assert answer.status_code == 202
    body = answer.json()
    question = Question.objects.get(pk=body["id"])
    assert answer["Location"] == f"{ADDRESS}{question.pk}/"
    assert "Idempotent-Replayed" not in answer
    assert len(sent) == 1
    assert {name: body[name] for name in ("workspace", "case_reference", "text", "language")} == {
        "workspace": "finance",
        "case_reference": "AML-7",
        "text": "Why is the sky blue?",
        "language": "en",
    }
    assert (body["status"], body["submitted_by"]) == ("queued", "analyst")
    assert (body["submitted_by_name"], body["decision"]) == ("Amira Haddad", None)
    assert (body["priority"], body["metadata"]) == (4, {"desk": "4"})
    assert body["created_at"] == question.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    [run] = body["runs"]
    assert (run["number"], run["status"], run["trace_id"]) == (1, "queued", None)
    assert RunState.objects.get(pk=run["id"]).status == RunStatus.QUEUED


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Quelles sont les obligations de déclaration de la banque ?", "fr"),
        ("ما هي التزامات البنك في الإبلاغ عن المعاملات المشبوهة؟", "ar"),
        ("銀行は疑わしい取引をどのように届け出る必要がありますか。", "ja"),
    ],
)
def test_every_language_is_kept_as_it_was_asked(analyst, registered, text, language):
    body = ask(analyst, text=text).json()
    assert (body["text"], body["language"], body["language_source"]) == (text, language, "detected")


def test_a_stated_language_counts(analyst, registered):
    body = ask(analyst, language="de").json()
    assert (body["language"], body["language_source"], body["detected_language"]) == (
        "de",
        "stated",
        "en",
    )


def test_versions_may_be_named(analyst, registered):
    body = ask(
        analyst,
        prompt_version=str(registered.prompt.pk),
        sampling_profile=registered.profile.label,
        deployment=registered.deployment.name,
    ).json()
    [run] = body["runs"]
    assert run["prompt_version"] == registered.prompt.label
    assert run["sampling_profile"] == registered.profile.label
    assert run["deployment"] == registered.deployment.label


def test_an_escaped_pair_of_surrogates_is_a_character(analyst, registered):
    answer = raw(analyst, rb'{"workspace": "finance", "text": "What is \ud83d\ude00?"}')
    assert answer.json()["text"] == "What is 😀?"


# Idempotency ------------------------------------------------------------------------------------


def test_the_same_key_and_body_give_the_same_question(
    analyst, registered, django_capture_on_commit_callbacks
):
    first = ask(analyst, key="case-7")
    with django_capture_on_commit_callbacks() as sent:
        second = ask(analyst, key="case-7")
    assert second.status_code == 202
    assert second["Idempotent-Replayed"] == "true"
    assert second.json()["id"] == first.json()["id"]
    assert sent == []
    assert Question.objects.count() == Run.objects.count() == 1


def test_the_order_of_a_bodys_names_does_not_matter(analyst, registered):
    key = {"HTTP_IDEMPOTENCY_KEY": "k"}
    first = raw(analyst, b'{"workspace": "finance", "text": "Why?"}', **key)
    second = raw(analyst, b'{"text": "Why?", "workspace": "finance"}', **key)
    assert first.json()["id"] == second.json()["id"]


def test_a_key_with_another_body_is_refused(analyst, registered):
    ask(analyst, key="case-7")
    answer = ask(analyst, key="case-7", text="Something else entirely?")
    errors = field_errors(answer, 422, "idempotency_conflict")
    assert errors == {"Idempotency-Key": "idempotency_conflict"}
    assert Question.objects.count() == 1


def test_keys_belong_to_their_user(analyst, analyst2, registered):
    first, second = ask(analyst, key="1"), ask(analyst2, key="1", text="Another person's?")
    assert (first.status_code, second.status_code) == (202, 202)


@pytest.mark.parametrize("key", ["", "a" * 256, "a\tb"])
def test_a_malformed_key_is_refused(analyst, registered, key):
    assert field_errors(ask(analyst, key=key)) == {"Idempotency-Key": "malformed"}
    assert nothing_stored()


def test_a_wrong_value_is_named_with_a_key_too(analyst, registered):
    body = (
        rb'{"workspace": "finance", "text": "a\ud800", "priority": 1.5, "metadata": {"a": 1e400}}'
    )
    answer = raw(analyst, body, HTTP_IDEMPOTENCY_KEY="k")
    assert field_errors(answer) == {
        "text": "surrogate",
        "priority": "out_of_range",
        "metadata": "malformed",
    }


# Bad input --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"text": ""}, {"text": "blank"}),
        ({"text": " \n\t\u3000"}, {"text": "blank"}),
        ({"text": None}, {"text": "null"}),
        ({"text": 5}, {"text": "not_text"}),
        ({"text": ["Why?"]}, {"text": "not_text"}),
        ({"text": "a\x00b"}, {"text": "nul"}),
        ({"text": "a" * 400_001}, {"text": "too_long"}),
        ({"workspace": "nowhere"}, {"workspace": "unknown"}),
        ({"workspace": ""}, {"workspace": "unknown"}),
        ({"workspace": "fin\x00ance"}, {"workspace": "unknown"}),
        ({"workspace": 1}, {"workspace": "unknown"}),
        ({"case_reference": "a\x00"}, {"case_reference": "nul"}),
        ({"case_reference": "a" * 201}, {"case_reference": "too_long"}),
        ({"case_reference": {}}, {"case_reference": "not_text"}),
        ({"language": "tlh"}, {"language": "unknown"}),
        ({"language": ["fr"]}, {"language": "unknown"}),
        ({"priority": 10}, {"priority": "out_of_range"}),
        ({"priority": -1}, {"priority": "out_of_range"}),
        ({"priority": "5"}, {"priority": "out_of_range"}),
        ({"priority": True}, {"priority": "out_of_range"}),
        ({"priority": 2**70}, {"priority": "out_of_range"}),
        ({"metadata": []}, {"metadata": "malformed"}),
        ({"metadata": {"a": 1}}, {"metadata": "malformed"}),
        ({"metadata": {"a\x00": "b"}}, {"metadata": "malformed"}),
        ({"metadata": {str(i): "" for i in range(21)}}, {"metadata": "malformed"}),
        ({"prompt_version": "nothing"}, {"prompt_version": "unknown"}),
        ({"prompt_version": "magistral-small-2506@2"}, {"prompt_version": "unknown"}),
        ({"prompt_version": "a\x00b"}, {"prompt_version": "nul"}),
        ({"sampling_profile": "nothing@1"}, {"sampling_profile": "unknown"}),
        ({"sampling_profile": 7}, {"sampling_profile": "not_text"}),
        ({"deployment": "nothing"}, {"deployment": "unknown"}),
        ({"deployment": "default@99999999999999999999"}, {"deployment": "unknown"}),
        ({"answer": "42"}, {"answer": "unknown"}),
        ({"seed": 1, "temperature": 0}, {"seed": "unknown", "temperature": "unknown"}),
    ],
)
def test_a_wrong_value_is_named(analyst, registered, fields, errors):
    assert field_errors(ask(analyst, **fields)) == errors
    assert nothing_stored()


@pytest.mark.parametrize("escape", [rb"\ud800", rb"\udc00", rb"a\udfffb", rb"\ud800\ud800"])
@pytest.mark.parametrize("field", ["text", "case_reference", "prompt_version"])
def test_half_a_surrogate_pair_is_named(analyst, registered, escape, field):
    body = {"workspace": "finance", "text": "Why?", field: "HERE"}
    answer = raw(analyst, json.dumps(body).encode().replace(b"HERE", escape))
    assert field_errors(answer) == {field: "surrogate"}
    assert nothing_stored()


def test_half_a_surrogate_pair_names_no_workspace(analyst, registered):
    answer = raw(analyst, rb'{"workspace": "finance\ud800", "text": "Why?"}')
    assert field_errors(answer) == {"workspace": "unknown"}


def test_every_wrong_value_is_named_at_once(analyst, registered):
    answer = ask(analyst, text="", workspace="nowhere", language="tlh", priority=99)
    assert field_errors(answer) == {
        "text": "blank",
        "workspace": "unknown",
        "language": "unknown",
        "priority": "out_of_range",
    }


def test_what_is_missing_is_named(analyst, registered):
    answer = analyst.post(ADDRESS, {}, format="json")
    assert field_errors(answer) == {"text": "required", "workspace": "required"}


def test_a_text_over_the_window_is_counted(analyst, registered):
    answer = ask(analyst, text="word " * 45_000)
    assert field_errors(answer) == {"text": "over_window"}
    [error] = answer.json()["errors"]
    tokens, allowed = [int(word) for word in error["message"].split() if word.isdigit()]
    assert tokens >= 45_000
    assert allowed < registered.deployment.window
    assert nothing_stored()


@pytest.mark.parametrize("name", ["prompt", "profile", "deployment"])
def test_what_was_retired_is_refused(analyst, people, registered, name):
    registry.judge(
        judge=people["reviewer2"],
        subject=getattr(registered, name),
        verdict=Verdict.RETIRED,
        reason="Superseded.",
    )
    field = {"prompt": "prompt_version", "profile": "sampling_profile"}.get(name, name)
    assert field_errors(ask(analyst)) == {field: "not_approved"}
    assert nothing_stored()


def test_what_nobody_approved_is_refused(analyst, people, registered):
    registry.propose_prompt(author=people["admin"], name="newer", text="Think.", source="")
    assert field_errors(ask(analyst, prompt_version="newer@1")) == {
        "prompt_version": "not_approved"
    }
    assert Approval.objects.count() == 3


def test_what_the_workspace_does_not_allow_is_refused(analyst, registered, workspace):
    workspace.allowed_prompts.clear()
    assert field_errors(ask(analyst)) == {"prompt_version": "not_allowed"}
    assert nothing_stored()


# Who may ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", ["reviewer", "auditor", "admin"])
def test_only_analysts_ask(client_for, people, registered, role):
    answer = ask(client_for(people[role]))
    assert "analyst" in problem(answer, 403, "refused")["detail"]
    assert refusals(people[role]) == ["refused"]
    assert nothing_stored()


def test_a_workspace_of_others_is_unknown(outsider, registered):
    assert field_errors(ask(outsider)) == {"workspace": "unknown"}
    assert nothing_stored()


def test_nobody_asks_without_a_name(client, registered):
    problem(client.post(ADDRESS, {}, content_type="application/json"), 401, "not_authenticated")
    assert nothing_stored()
