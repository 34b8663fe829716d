"""GET /metrics: operators' figures, for whoever has the token."""

import re
from datetime import timedelta

import pytest

from reasoning.core.errors import EngineBusy
from reasoning.models import Place, RunState
from reasoning.services import clock, gates, halts, scheduling

LINE = re.compile(r'(magistral_[a-z_]+)(?:\{((?:[a-z]+="[^"]*",?)+)\})? ([0-9.]+)')


@pytest.fixture
def scrape(client, settings):
    settings.METRICS_TOKEN = "for-prometheus"

    def get():
        answer = client.get("/metrics", headers={"Authorization": "Bearer for-prometheus"})
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        lines = [one for one in answer.content.decode().splitlines() if not one.startswith("#")]
        found = [LINE.fullmatch(line) for line in lines]
        return {(match[1], match[2] or ""): float(match[3]) for match in found}

    return get


def test_figures_of_queue_engines_stops_and_log(scrape, submitted, people):
    labels = f'status="queued",deployment="{submitted.run.deployment.label}"'
    RunState.objects.update(queued_at=clock.now() - timedelta(minutes=5))
    found = scrape()
    assert found["magistral_runs", labels] == 1
    assert found["magistral_runs_oldest_seconds", labels] >= 300
    assert found["magistral_halts", 'scope="everything"'] == 0
    assert found["magistral_log_lag_seconds", ""] >= 0
    assert found["magistral_log_size", ""] >= found["magistral_log_signed_size", ""]

    scheduling.take_next(worker="test:1")
    gates.shut(base_url=submitted.run.deployment.base_url, error=EngineBusy(), probe=False)
    halts.stop(user=people["admin"], place=Place.PAGE, workspace=submitted.question.workspace)
    found = scrape()
    assert ("magistral_runs", labels) not in found
    assert found["magistral_runs", labels.replace("queued", "running")] == 1
    assert found["magistral_gates_closed", 'trouble="engine_busy"'] == 1
    assert found["magistral_halts", 'scope="workspace"'] == 1


def test_no_content_and_nobody(client, settings, submitted, people):
    settings.METRICS_TOKEN = "t"
    page = client.get("/metrics", headers={"Authorization": "Bearer t"}).content.decode()
    question = submitted.question
    for secret in (question.text, question.case_reference, str(question.pk), "analyst", "finance"):
        assert secret not in page


@pytest.mark.parametrize("given", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": "é"}])
def test_without_the_token_it_is_not_there(client, settings, db, given):
    settings.METRICS_TOKEN = "for-prometheus"
    assert client.get("/metrics", headers=given).status_code == 404


def test_nowhere_unless_a_token_is_set(client, db):
    assert client.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 404
