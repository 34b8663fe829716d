"""GET and POST halts/, POST halts/{id}/resume/: the stop switch."""

import pytest

from reasoning.models import Action, AuditEvent, Halt, Membership, Place
from tests.api.expectations import field_errors, problem, refusals

REASON = "It answers nonsense."


@pytest.fixture
def woken(monkeypatch):
    calls = []
    monkeypatch.setattr("reasoning.tasks.wake", lambda: calls.append(1))
    return calls


def stop(client, **body):
    return client.post("/api/v1/halts/", body, format="json")


def resume(client, halt, **body):
    return client.post(f"/api/v1/halts/{halt.pk}/resume/", body, format="json")


@pytest.mark.parametrize("scope", ["everything", "workspace", "deployment"])
def test_stopped_seen_and_resumed(admin, analyst, submitted, people, woken, scope):
    label = submitted.run.deployment.label
    about = {"workspace": {"workspace": "finance"}, "deployment": {"deployment": label}}
    answer = stop(admin, reason=REASON, **about.get(scope, {}))
    assert answer.status_code == 201
    halt = answer.json()
    assert halt["scope"] == scope
    assert (halt["workspace"] == "finance") == (scope == "workspace")
    assert (halt["deployment"] == label) == (scope == "deployment")
    assert (halt["reason"], halt["stopped_by"]) == (REASON, "admin")
    assert analyst.get("/api/v1/halts/").json() == {"results": [halt], "next": None}

    question = f"/api/v1/questions/{submitted.question.pk}/"
    assert analyst.get(question).json()["runs"][0]["waiting"] == "stopped"
    listed = analyst.get("/api/v1/questions/").json()["results"]
    assert listed[0]["runs"][0]["waiting"] == "stopped"

    answer = resume(admin, Halt.objects.get(), reason="Mended.")
    assert (answer.status_code, answer.content) == (204, b"")
    assert woken
    assert analyst.get(question).json()["runs"][0]["waiting"] == "turn"
    events = AuditEvent.objects.filter(action__in=[Action.STOPPED, Action.RESUMED]).order_by("id")
    assert [(e.actor_id, e.place, e.code, e.detail) for e in events] == [
        (people["admin"].pk, Place.API, scope, reason) for reason in (REASON, "Mended.")
    ]


def test_new_questions_are_accepted_and_wait(admin, analyst, registered, monkeypatch):
    monkeypatch.setattr("reasoning.tasks.answer_run.delay", lambda _run: None)
    stop(admin)
    body = {"workspace": "finance", "text": "Is anybody there?"}
    answer = analyst.post("/api/v1/questions/", body, format="json")
    assert answer.status_code == 202
    assert answer.json()["runs"][0]["waiting"] == "stopped"


@pytest.mark.parametrize("name", ["analyst", "reviewer", "auditor"])
def test_others_are_refused_and_the_attempt_is_remembered(client_for, people, admin, name):
    client = client_for(people[name])
    problem(stop(client), 403, "refused")
    problem(stop(client, workspace="finance"), 403, "refused")
    assert not Halt.objects.exists()
    stop(admin)
    problem(resume(client, Halt.objects.get(), reason=REASON), 403, "refused")
    assert Halt.objects.exists()
    assert refusals(people[name]) == ["refused"] * 3


def test_what_cannot_be_stopped(admin, people, registered):
    assert field_errors(stop(admin, workspace="nowhere")) == {"workspace": "unknown"}
    assert field_errors(stop(admin, deployment="nothing@9")) == {"deployment": "unknown"}
    both = stop(admin, workspace="finance", deployment=registered.deployment.label)
    assert field_errors(both) == {"deployment": "not_allowed"}
    assert field_errors(stop(admin, everything=True)) == {"everything": "unknown"}
    Membership.objects.filter(user=people["admin"], workspace__slug="finance").delete()
    assert field_errors(stop(admin, workspace="finance")) == {"workspace": "unknown"}
    assert not Halt.objects.exists()
    assert stop(admin).status_code == 201
    problem(stop(admin), 409, "conflict")


def test_resuming_needs_a_reason_and_something_stopped(admin, people):
    stop(admin)
    halt = Halt.objects.get()
    assert field_errors(resume(admin, halt)) == {"reason": "required"}
    assert field_errors(resume(admin, halt, reason="  ")) == {"reason": "blank"}
    assert resume(admin, halt, reason="Mended.").status_code == 204
    problem(resume(admin, halt, reason="Again."), 404, "not_found")


def test_somebody_without_a_workspace_sees_what_stops_everything(admin, outsider, registered):
    stop(admin, workspace="finance")
    stop(admin, deployment=registered.deployment.label)
    assert outsider.get("/api/v1/halts/").json()["results"] == []
    stop(admin)
    [halt] = outsider.get("/api/v1/halts/").json()["results"]
    assert halt["scope"] == "everything"
