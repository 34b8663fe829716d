"""POST runs/{id}/replay/, POST traces/{id}/rescore/ and GET traces/{id}/comparisons/."""

from uuid import uuid4

import pytest

from reasoning.models import ComparisonJob, ComparisonRequest, Replay, Rescore
from reasoning.services.evidence import SYSTEM, record
from tests.api.expectations import problem, refusals

NOBODY_SAID = {
    "engine_model": "",
    "engine_version": "",
    "engine_fingerprint": "",
    "engine_window": None,
    "differing": [],
    "failure_code": "",
    "failure": "",
}


@pytest.fixture
def replayable(answered):
    from reasoning.core.token_ids import pack
    from reasoning.models import Trace

    trace = answered()
    # The trace was made without an engine, so its prompt is given to it as it is read.
    original = Trace.from_db.__func__

    def with_prompt(cls, *args, **kwargs):
        row = original(cls, *args, **kwargs)
        row.prompt_token_ids = pack((1, 2))
        return row

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Trace, "from_db", classmethod(with_prompt))
        yield trace


def replay(client, run_id):
    return client.post(f"/api/v1/runs/{run_id}/replay/")


def rescore(client, trace_id):
    return client.post(f"/api/v1/traces/{trace_id}/rescore/")


@pytest.mark.parametrize("name", ["analyst", "reviewer"])
def test_a_replay_is_queued(client_for, people, replayable, name):
    answer = replay(client_for(people[name]), replayable.run_id)
    assert answer.status_code == 202
    shown = answer.json()
    assert (shown["what"], shown["status"]) == ("replay", "waiting")
    assert (shown["trace_id"], shown["requested_by"]) == (str(replayable.pk), name)
    assert shown["replay"] is shown["rescore"] is None
    assert ComparisonJob.objects.get(pk=shown["id"]).status == "waiting"


def test_a_re_score_is_queued_beside_it(analyst, replayable):
    assert replay(analyst, replayable.run_id).status_code == 202
    assert rescore(analyst, replayable.pk).json()["what"] == "rescore"
    problem(rescore(analyst, replayable.pk), 409, "conflict")


def test_what_came_of_them_is_shown(analyst, replayable):
    first = ComparisonRequest.objects.get(pk=replay(analyst, replayable.run_id).json()["id"])
    second = ComparisonRequest.objects.get(pk=rescore(analyst, replayable.pk).json()["id"])
    about = {"trace_id": replayable.pk, "question_id": replayable.question_id, **NOBODY_SAID}
    record(
        SYSTEM,
        Replay(
            request=first,
            **about,
            unit="tokens",
            compared=3,
            again=4,
            matched=2,
            first_difference=3,
            share="0.6666",
            finish_reason="stop",
            engine_request_id="r",
            total_ms=5,
            raw_response=b"",
            raw_text="again",
            output_token_ids=b"\1\0\0\0",
        ),
        Rescore(
            request=second,
            **about,
            verdict="differs",
            tokens=3,
            mean_logprob="-9.1",
            likeliest=0,
            expected="2.40",
            deviation="-4.10",
            impossible=3,
            scores=b"",
        ),
    )
    shown = analyst.get(f"/api/v1/traces/{replayable.pk}/comparisons/").json()["results"]
    assert shown[0]["replay"]["sentence"] == (
        "Matched 2 of 3 tokens; the first difference is token 3."
    )
    assert shown[0]["replay"]["output_token_ids"] == [1]
    assert shown[1]["rescore"]["verdict"] == "differs"
    assert shown[1]["rescore"]["sentence"].startswith("The model would hardly have written this")
    assert (shown[0]["rescore"], shown[1]["replay"]) == (None, None)


def test_a_trace_without_its_prompt_cannot_be_replayed(analyst, trace):
    problem(replay(analyst, trace.run_id), 409, "cannot_compare")
    assert not ComparisonRequest.objects.exists()


def test_a_run_without_a_trace_cannot_be_replayed(analyst, submitted):
    problem(replay(analyst, submitted.run.pk), 409, "cannot_compare")


@pytest.mark.parametrize("name", ["auditor"])
@pytest.mark.parametrize("ask", [lambda c, t: replay(c, t.run_id), lambda c, t: rescore(c, t.pk)])
def test_auditors_write_nothing(client_for, people, replayable, name, ask):
    problem(ask(client_for(people[name]), replayable), 403, "refused")
    assert refusals(people[name]) == ["refused"]
    assert not ComparisonRequest.objects.exists()


def test_others_find_nothing(outsider, analyst, trace, client):
    problem(replay(outsider, trace.run_id), 404, "not_found")
    problem(rescore(outsider, trace.pk), 404, "not_found")
    problem(replay(analyst, uuid4()), 404, "not_found")
    problem(outsider.get(f"/api/v1/traces/{trace.pk}/comparisons/"), 404, "not_found")
    problem(replay(client, trace.run_id), 401, "not_authenticated")
