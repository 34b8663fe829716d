"""traces/{id}/decisions/: read by programs, signed by people."""

import pytest

from reasoning.models import Decision, QuestionState
from reasoning.services import review
from tests.api.expectations import problem, refusals, views
from tests.conftest import PASSWORD


def address(trace):
    return f"/api/v1/traces/{trace.pk}/decisions/"


def signed(people, trace):
    return review.sign(
        user=people["reviewer"],
        trace=trace,
        meaning="approved",
        rationale="Correct and complete.",
        password=PASSWORD,
        document_sha256_shown=review.document_sha256(trace),
    )


def test_a_signature_shows_everything(analyst, people, trace):
    decision = signed(people, trace)
    body = analyst.get(address(trace)).json()
    assert body["next"] is None
    assert body["results"] == [
        {
            "id": str(decision.pk),
            "trace_id": str(trace.pk),
            "meaning": "approved",
            "signed_by": "reviewer",
            "signed_by_name": "Claire Fontaine",
            "signed_at": decision.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "rationale": "Correct and complete.",
            "statement": decision.statement,
            "statement_language": "en",
            "asked_anew": "",
            "checklist": [],
            "no_conflict": False,
            "preliminary_view": None,
            "policy_version": 0,
            "approvals_required": 1,
            "withdraws": None,
            "withdrawn_by": None,
            "passkey_id": None,
            "signer_role": "reviewer",
            "authentication_method": "password",
            "trace_document_sha256": review.document_sha256(trace),
        }
    ]
    assert "handwritten signature" in decision.statement
    assert views(people["analyst"]) == [trace.pk]


def test_before_a_signature_there_is_none(analyst, trace):
    assert analyst.get(address(trace)).json() == {"results": [], "next": None}


@pytest.mark.parametrize("role", ["reviewer", "reviewer2", "analyst", "auditor"])
def test_nobody_signs_over_the_api(client_for, people, trace, role):
    body = {"meaning": "approved", "rationale": "Fine.", "password": PASSWORD}
    answer = client_for(people[role]).post(address(trace), body, format="json")
    assert "people" in problem(answer, 403, "signing_is_for_people")["detail"]
    assert refusals(people[role], question_id=trace.question_id, subject_id=trace.pk) == [
        "signing_is_for_people"
    ]
    assert not Decision.objects.exists()
    assert QuestionState.objects.get(pk=trace.question_id).status == "in_review"


def test_a_browser_session_signs_in_the_portal_only(client, people, trace):
    client.force_login(people["reviewer"])
    answer = client.post(address(trace), {}, content_type="application/json")
    problem(answer, 403, "signing_is_for_people")


def test_others_find_nothing(outsider, trace):
    problem(outsider.get(address(trace)), 404, "not_found")
    problem(outsider.post(address(trace)), 404, "not_found")


def test_nobody_reads_without_a_name(client, trace):
    problem(client.get(address(trace)), 401, "not_authenticated")
    problem(client.post(address(trace)), 401, "not_authenticated")
