"""GET traces/{id}/: what came back, and how it came about."""

from uuid import uuid4

import pytest

from reasoning.models import Entry
from tests.api.expectations import problem, refusals, views
from tests.conftest import ANSWER


def address(trace):
    return f"/api/v1/traces/{trace.pk}/"


def test_the_texts_are_verbatim(analyst, trace):
    body = analyst.get(address(trace)).json()
    assert body["raw_text"] == ANSWER
    assert body["thinking"] + body["summary"] == (
        "\nTwo and two are four.\n\n\nThe answer is four."
    )
    assert (body["finish_reason"], body["fidelity"], body["defects"]) == ("stop", "raw_ids", [])


def test_the_shape_is_the_promised_one(analyst, trace, registered):
    body = analyst.get(address(trace)).json()
    assert body["id"] == str(trace.pk)
    assert (body["run_id"], body["attempt"]) == (str(trace.run_id), 1)
    assert body["output_token_ids"] == [1, 2, 3]
    assert body["prompt"] == {
        "name": registered.prompt.name,
        "version": registered.prompt.label,
        "sha256": registered.prompt.sha256,
        "rendered": trace.prompt_rendered,
        "token_ids": [],
    }
    assert body["sampling"] == {
        "profile": "magistral-recommended@1",
        "temperature": "0.7",
        "top_p": "0.95",
        "max_tokens": 40_960,
        "effective_max_tokens": 0,
        "sent": None,
        "seed": str(trace.run.seed),
    }
    assert set(body["tokens"]) == {"prompt", "thinking", "summary"}
    assert body["languages"] == {"question": "fr", "thinking": "en", "summary": "en"}
    assert body["engine"] == {
        "deployment": "default@1",
        "base_url": "http://127.0.0.1:9",
        "model": "mistralai/Magistral-Small-2506",
        "revision": "0" * 40,
        "engine": "vllm",
        "version": "0.32.0",
        "fingerprint": "fp",
        "request_id": "request",
        "tokenizer_sha256": registered.deployment.tokenizer_sha256,
        "tokenizer_version": registered.deployment.tokenizer_version,
        "window": 40_960,
        "flags": trace.engine_flags,
    }
    assert set(body["timings"]) == {"queued_ms", "first_token_ms", "last_token_ms", "total_ms"}
    digest = bytes(Entry.objects.get(subject_id=trace.pk).document_sha256).hex()
    assert body["log"] == {"state": "committed", "index": None, "document_sha256": digest}


def test_findings_are_sentences(analyst, answered):
    trace = answered("<think>\nTwo and two", finish_reason="length")
    body = analyst.get(address(trace)).json()
    assert {finding["severity"] for finding in body["findings"]} >= {"blocking"}
    assert all("%(" not in finding["message"] for finding in body["findings"])


def test_the_caption_comes_first(analyst, trace):
    body = analyst.get(address(trace)).json()
    assert next(iter(body)) == "caption"
    assert "not an explanation of the decision" in body["caption"]


def test_a_record_that_was_altered_says_so(analyst, trace, forged):
    body = analyst.get(address(trace)).json()
    assert body["mismatches"] == [
        {"kind": "finding.raised", "id": str(forged.pk), "where": "severity"}
    ]


def test_an_intact_record_says_nothing(analyst, trace):
    assert analyst.get(address(trace)).json()["mismatches"] == []


def test_every_reading_is_remembered(analyst, auditor, people, trace):
    analyst.get(address(trace))
    auditor.get(address(trace))
    auditor.get(address(trace))
    about = {"question_id": trace.question_id}
    assert views(people["analyst"], **about) == [trace.pk]
    assert views(people["auditor"], **about) == [trace.pk, trace.pk]


@pytest.mark.parametrize("role", ["analyst2", "reviewer", "auditor"])
def test_readers_of_the_workspace_may(client_for, people, trace, role):
    assert client_for(people[role]).get(address(trace)).status_code == 200


def test_others_find_nothing_and_are_remembered(admin, people, trace):
    problem(admin.get(address(trace)), 404, "not_found")
    assert refusals(people["admin"], subject_id=trace.pk) == ["not_found"]
    assert views(people["admin"]) == []


def test_what_does_not_exist_looks_the_same(analyst, outsider, trace):
    hidden, missing = outsider.get(address(trace)), analyst.get(f"/api/v1/traces/{uuid4()}/")
    assert problem(hidden, 404, "not_found") == problem(missing, 404, "not_found")


def test_nobody_reads_without_a_name(client, trace):
    problem(client.get(address(trace)), 401, "not_authenticated")
