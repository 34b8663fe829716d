"""The stop switch on the web: confirm, stop, the banner, resume, history."""

import pytest

from reasoning.core.errors import EngineUnavailable
from reasoning.models import Action, AuditEvent, Halt, Membership, Place
from reasoning.services import gates, halts

ABOUT = ("everything", "workspace", "deployment")


def page(browser, path, status=200):
    answer = browser.get(path)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.fixture
def names(submitted):
    return {
        "everything": {},
        "workspace": {"workspace": "finance"},
        "deployment": {"deployment": str(submitted.run.deployment_id)},
    }


@pytest.mark.parametrize("scope", ABOUT)
def test_stopped_with_a_reason_told_to_everybody_and_resumed_with_one(
    browse, submitted, names, people, scope
):
    admin, analyst = browse("admin"), browse("analyst")
    question = f"/questions/{submitted.question.pk}/"
    assert "waiting for its turn" in page(analyst, question)
    index = page(admin, "/stop/")
    assert "Nothing is stopped." in index
    query = "".join(f"?{name}={value}" for name, value in names[scope].items())
    assert f'href="/stop/confirm/{query}"' in index
    confirm = page(admin, f"/stop/confirm/{query}")
    for value in names[scope].values():
        assert f'value="{value}"' in confirm
    assert not Halt.objects.exists()

    answer = admin.post("/stop/confirm/", {**names[scope], "reason": "Odd <answers>."})
    assert answer["Location"] == "/stop/"
    halt = Halt.objects.get()
    assert (halt.scope, halt.by) == (scope, people["admin"])
    shown = page(analyst, question)
    assert "banner-stop" in shown
    assert "Odd &lt;answers&gt;." in shown
    assert 'data-status="stopped"' in shown
    assert shown.count("waiting: stopped") == 3  # its status, its run, and the live view's label
    assert "waiting: stopped" in page(analyst, "/questions/")
    assert "/stop/" not in shown

    assert f'href="/stop/{halt.pk}/resume/"' in page(admin, "/stop/")
    assert "Odd &lt;answers&gt;." in page(admin, f"/stop/{halt.pk}/resume/")
    assert admin.post(f"/stop/{halt.pk}/resume/", {"reason": " "}).status_code == 400
    answer = admin.post(f"/stop/{halt.pk}/resume/", {"reason": "It was the plug."})
    assert answer["Location"] == "/stop/"
    assert not Halt.objects.exists()
    assert "banner-stop" not in page(analyst, question)
    history = page(browse("auditor"), "/stop/")
    for told in ("Odd &lt;answers&gt;.", "It was the plug.", people["admin"].get_full_name()):
        assert told in history
    assert "/stop/confirm/" not in history
    events = AuditEvent.objects.filter(action__in=[Action.STOPPED, Action.RESUMED])
    assert {event.place for event in events} == {Place.PAGE}


def test_an_operators_stop_can_be_resumed_by_an_administrator(browse, db):
    halts.stop(user=None, place=Place.SYSTEM)
    shown = page(browse("admin"), "/stop/")
    assert shown.count("an operator, on the command line") == 2
    halt = Halt.objects.get()
    assert browse("admin").post(f"/stop/{halt.pk}/resume/", {"reason": "Well."}).status_code == 302


def test_what_is_stopped_already_is_not_stopped_again(browse, db):
    browser = browse("admin")
    assert browser.post("/stop/confirm/", {"reason": ""}).status_code == 302
    answer = browser.post("/stop/confirm/", {"reason": ""})
    assert answer.status_code == 400
    assert "This is stopped already." in answer.content.decode()


def test_who_may_not(browse, outsider, people, submitted):
    for browser in (browse("analyst"), browse("reviewer"), outsider):
        page(browser, "/stop/", 404)
        page(browser, "/stop/confirm/", 404)
        assert browser.post("/stop/confirm/", {}).status_code == 404
    auditor = browse("auditor")
    assert auditor.post("/stop/confirm/", {}).status_code == 403
    halt = halts.stop(user=people["admin"], place=Place.PAGE)
    assert auditor.post(f"/stop/{halt.pk}/resume/", {"reason": "Me."}).status_code == 403
    assert Halt.objects.get() == halt
    refused = AuditEvent.objects.filter(action=Action.REFUSED, actor_id=people["auditor"].pk)
    assert refused.count() == 2


def test_another_workspaces_stop_is_not_ones_own(browse, people, submitted):
    Membership.objects.filter(user=people["admin"], workspace__slug="finance").delete()
    page(browse("admin"), "/stop/confirm/?workspace=finance", 404)
    halt = halts.stop(user=None, place=Place.SYSTEM, workspace=submitted.question.workspace)
    assert str(halt.pk) not in page(browse("admin"), "/stop/")
    answer = browse("admin").post(f"/stop/{halt.pk}/resume/", {"reason": "Me."})
    assert answer.status_code == 403


def test_a_question_says_that_its_engine_is_away(browse, submitted):
    base_url = submitted.run.deployment.base_url
    gates.shut(base_url=base_url, error=EngineUnavailable(), probe=False)
    for path in ("/questions/", f"/questions/{submitted.question.pk}/"):
        assert "waiting for the engine" in page(browse("analyst"), path)
