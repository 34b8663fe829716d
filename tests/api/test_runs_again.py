"""POST questions/{id}/runs/: the same question once more."""

from uuid import uuid4

import pytest

from reasoning.models import QuestionState, Run
from reasoning.services import registry
from tests.api.expectations import field_errors, problem, refusals


def address(identifier):
    return f"/api/v1/questions/{identifier}/runs/"


def again(client, trace, **pins):
    return client.post(address(trace.question_id), pins, format="json")


def test_another_run_is_queued(analyst, trace, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks() as sent:
        answer = again(analyst, trace)
    assert answer.status_code == 202
    run = answer.json()
    assert (run["number"], run["status"], run["trace_id"]) == (2, "queued", None)
    assert Run.objects.get(pk=run["id"]).question_id == trace.question_id
    assert QuestionState.objects.get(pk=trace.question_id).status == "queued"
    assert len(sent) == 1


def test_no_body_is_needed(analyst, trace):
    assert analyst.post(address(trace.question_id)).status_code == 202


def test_versions_may_be_named(analyst, trace, registered):
    run = again(analyst, trace, sampling_profile=registered.profile.label).json()
    assert run["sampling_profile"] == registered.profile.label


def test_a_run_that_is_not_over_is_in_the_way(analyst, people, submitted):
    problem(analyst.post(address(submitted.question.pk)), 409, "conflict")
    assert refusals(people["analyst"], question_id=submitted.question.pk) == ["conflict"]
    assert Run.objects.count() == 1


@pytest.mark.parametrize(
    ("pins", "errors"),
    [
        ({"prompt_version": "nothing"}, {"prompt_version": "unknown"}),
        ({"prompt_version": 5}, {"prompt_version": "not_text"}),
        ({"deployment": "a\x00"}, {"deployment": "nul"}),
        ({"sampling_profile": ""}, {"sampling_profile": "blank"}),
        ({"sampling_profile": "a" * 81}, {"sampling_profile": "too_long"}),
        ({"seed": "5"}, {"seed": "unknown"}),
    ],
)
def test_a_wrong_version_is_named(analyst, trace, pins, errors):
    assert field_errors(again(analyst, trace, **pins)) == errors
    assert Run.objects.count() == 1


def test_what_nobody_approved_is_refused(analyst, people, trace):
    registry.propose_prompt(author=people["admin"], name="newer", text="Think.", source="")
    answer = again(analyst, trace, prompt_version="newer")
    assert field_errors(answer) == {"prompt_version": "not_approved"}


@pytest.mark.parametrize("role", ["reviewer", "auditor"])
def test_only_analysts_ask_again(client_for, people, trace, role):
    problem(again(client_for(people[role]), trace), 403, "refused")
    assert refusals(people[role], question_id=trace.question_id) == ["refused"]
    assert Run.objects.count() == 1


def test_others_find_nothing(outsider, analyst, trace):
    problem(again(outsider, trace), 404, "not_found")
    problem(analyst.post(address(uuid4())), 404, "not_found")
    assert Run.objects.count() == 1


def test_nobody_asks_again_without_a_name(client, trace):
    problem(client.post(address(trace.question_id)), 401, "not_authenticated")
