"""The rooms of auditors and administrators."""

from datetime import timedelta
from uuid import uuid4

import pytest

from reasoning.core.errors import EngineBusy, EngineUnavailable
from reasoning.models import AuditEvent, Membership, Place
from reasoning.services import (
    claims,
    clock,
    gates,
    halts,
    heartbeats,
    log_checks,
    review,
    samples,
)
from reasoning.web import health
from tests.conftest import PASSWORD

FOR_AUDITORS = ["/oversight/people/", "/oversight/samples/"]
HEALTH = "/oversight/health/"
FOR_BOTH = ["/oversight/", "/oversight/?days=7&workspace=finance", "/oversight/log/"]


@pytest.fixture
def decision(people, trace):
    user = people["reviewer"]
    claims.claim(user=user, trace=trace)
    return review.sign(
        user=user,
        trace=trace,
        meaning="rejected",
        rationale="A secret rationale.",
        password=PASSWORD,
        document_sha256_shown=review.document_sha256(trace),
    )


def read(browser, address):
    answer = browser.get(address)
    assert answer.status_code == 200, address
    return answer.content.decode()


@pytest.mark.parametrize("address", FOR_AUDITORS + FOR_BOTH)
def test_who_may_open_what(browse, people, decision, address):
    read(browse("auditor"), address)
    assert browse("admin").get(address).status_code == (200 if address in FOR_BOTH else 403)
    assert browse("reviewer").get(address).status_code == 403
    assert AuditEvent.objects.filter(action="refused", actor_id=people["reviewer"].pk).exists()


def test_figures_have_charts_with_tables_and_no_texts(browse, people, decision):
    shown = read(browse("admin"), "/oversight/")
    assert shown.count("<svg viewBox") == 2
    assert "Nothing is waiting here" in shown
    assert "Claire Fontaine" in shown
    assert "100.0 %" in shown
    assert "secret" not in shown
    assert f"/oversight/people/{people['reviewer'].pk}/" not in shown
    audited = read(browse("auditor"), "/oversight/?days=7")
    assert f"/oversight/people/{people['reviewer'].pk}/" in audited


def test_a_persons_decisions_and_looks(browse, people, decision):
    person = people["reviewer"].pk
    browse("reviewer").get(f"/traces/{decision.trace_id}/")
    browse("reviewer").get("/search/?q=needle")
    shown = read(browse("auditor"), f"/oversight/people/{person}/")
    assert f"/decisions/{decision.pk}/" in shown
    assert "too fast to be read" in shown
    assert "did not follow the model" in shown
    looked = read(browse("auditor"), f"/oversight/people/{person}/looks/")
    assert str(decision.trace_id) in looked
    assert "q: needle" in looked


def test_people_of_other_workspaces_are_not_there(browse, people, decision):
    auditor = browse("auditor")
    Membership.objects.filter(user=people["auditor"]).exclude(workspace__slug="legal").delete()
    Membership.objects.filter(user=people["reviewer"], workspace__slug="legal").delete()
    for side in ("", "looks/"):
        address = f"/oversight/people/{people['reviewer'].pk}/{side}"
        assert auditor.get(address).status_code == 404
    for page in ("record", "readers"):
        assert auditor.get(f"/questions/{decision.question_id}/{page}/").status_code == 404
    refused = AuditEvent.objects.filter(action="refused", actor_id=people["auditor"].pk)
    assert refused.filter(code="not_found").count() == 4


def test_a_record_has_each_line_with_its_proof(browse, decision):
    shown = read(browse("analyst"), f"/questions/{decision.question_id}/record/")
    for what in ("Question submitted", "Trace stored", "Decision signed", "Took the review"):
        assert what in shown
    assert "A secret rationale." in shown
    assert "waiting" in shown
    assert "/readers/" not in shown
    proof = f"/questions/{decision.question_id}/record/{decision.pk}.tlog-proof"
    assert browse("analyst").get(proof).status_code == 409  # not in the log yet
    assert browse("analyst").get(proof.replace(str(decision.pk), str(uuid4()))).status_code == 404


def test_auditors_see_who_looked(browse, decision):
    address = f"/questions/{decision.question_id}/readers/"
    browse("analyst2").get(f"/traces/{decision.trace_id}/")
    shown = read(browse("auditor"), address)
    assert "Jonas Lindqvist" in shown
    assert str(decision.trace_id) in shown
    assert browse("reviewer").get(address).status_code == 403


def test_a_sample_is_drawn_and_worked_through(browse, people, decision, monkeypatch):
    browser = browse("auditor")
    assert browser.post("/oversight/samples/", {"size": "5"}).status_code == 400
    day = decision.recorded_at.date().isoformat()
    wanted = {"size": "5", "since": day, "until": day, "reviewer": str(people["reviewer"].pk)}
    nothing = browser.post("/oversight/samples/", {**wanted, "language": "ja"})
    assert "Nothing was decided" in nothing.content.decode()
    later = clock.now() + timedelta(seconds=1)
    monkeypatch.setattr(samples.clock, "now", lambda: later)
    address = browser.post("/oversight/samples/", wanted).headers["Location"]
    assert "0 of 1 looked at" in read(browser, address)
    assert address in read(browser, "/oversight/samples/")
    browser.get(f"/traces/{decision.trace_id}/")
    again = read(browser, f"{address}?again=1")
    assert "1 of 1 looked at" in again
    assert "the same sample" in again
    assert "Claire Fontaine" in again
    assert browse("admin").get(address).status_code == 403


def test_the_log_is_checked_on_demand(browse, people, monkeypatch):
    sent = []
    monkeypatch.setattr("reasoning.tasks.dispatch_check", sent.append)
    assert "not checked from here yet" in read(browse("admin"), "/oversight/log/")
    assert browse("admin").post("/oversight/log/check/").status_code == 302
    assert browse("auditor").post("/oversight/log/check/").status_code == 302
    [asked] = sent
    assert log_checks.latest().asked.pk == asked
    assert "no result yet" in read(browse("auditor"), "/oversight/log/")
    assert browse("reviewer").post("/oversight/log/check/").status_code == 403


# Health -----------------------------------------------------------------------------------------


def test_health_is_for_administrators(browse, people, outsider):
    for name in ("analyst", "reviewer", "auditor"):
        assert browse(name).get(HEALTH).status_code == 403
        assert HEALTH not in browse(name).get("/oversight/").content.decode()
    assert outsider.get(HEALTH).status_code == 403
    refused = AuditEvent.objects.filter(action="refused", code="refused")
    assert refused.filter(actor_id=people["auditor"].pk, place="page").exists()
    assert HEALTH in read(browse("admin"), "/oversight/")


def test_health_says_what_is_wrong_and_what_to_do(browse, people, submitted):
    gates.shut(base_url=submitted.run.deployment.base_url, error=EngineUnavailable(), probe=False)
    halts.stop(user=people["admin"], place=Place.PAGE)
    shown = read(browse("admin"), HEALTH)
    assert "Nothing needs attention." not in shown
    assert "manage.py sequence" in shown
    assert 'href="/stop/"' in shown.partition("Queue")[0]
    assert f"The engine at <bdi>{submitted.run.deployment.base_url}</bdi>" in shown
    assert "does not answer" in shown
    for figure in ("Finance", "reasoning_entry", "Free under", "Oldest entry without"):
        assert figure in shown
    assert submitted.question.text not in shown


def test_an_engine_that_takes_nothing_is_not_given_0_streams(browse, submitted):
    gates.shut(base_url=submitted.run.deployment.base_url, error=EngineBusy(), probe=False)
    shown = read(browse("admin"), HEALTH)
    assert "nothing is sent until it takes a question again" in shown
    assert "streams at once" not in shown


def test_what_a_trouble_names_is_escaped():
    said = health._said("Look again: %(command)s", {"command": "<b>probe</b>"})
    assert said == "Look again: <bdi>&lt;b&gt;probe&lt;/b&gt;</bdi>"


def test_health_when_all_is_well(browse, submitted, as_role, settings, monkeypatch):
    monkeypatch.setattr(heartbeats, "QUIET_SECONDS", 300)  # on a busy machine
    settings.DEMONSTRATION, settings.SEQUENCER_ALARM_SECONDS = True, 3600
    for kind in heartbeats.Kind:
        heartbeats.beat(kind, "here:1")
    as_role("magistral_sequencer")
    shown = read(browse("admin"), HEALTH)
    assert "Nothing needs attention." in shown
    assert "here:1" in shown


def test_an_administrator_sees_the_queues_of_their_workspaces_alone(browse, people, submitted):
    Membership.objects.filter(user=people["admin"]).exclude(workspace__slug="legal").delete()
    shown = read(browse("admin"), HEALTH)
    assert "Legal" in shown
    assert "Finance" not in shown


def test_health_without_redis(browse, submitted, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    assert "Redis does not answer" in read(browse("admin"), HEALTH)
