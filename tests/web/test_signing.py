"""The ceremony: what it shows, what it signs, and each refusal."""

from datetime import timedelta

import pytest

from reasoning.models import AuditEvent, Decision, Membership, Question, ReviewClaim, Role, User
from reasoning.services import claims, clock, review
from tests.conftest import PASSWORD


@pytest.fixture
def sign(browse, trace):
    """Send the ceremony's form as the reviewer, or as another."""

    def send(name="reviewer", **fields):
        form = {
            "meaning": "approved",
            "rationale": "The sum is right.",
            "password": PASSWORD,
            "document_sha256": review.document_sha256(trace),
        }
        return browse(name).post(f"/review/{trace.pk}/sign/", {**form, **fields})

    return send


def undecided():
    return not Decision.objects.exists() and Question.objects.get().state.status == "in_review"


def test_everything_that_will_be_signed_is_in_view(browse, trace):
    page = browse("reviewer").get(f"/review/{trace.pk}/sign/").content.decode()
    digest = review.document_sha256(trace)
    for shown in (
        "Model-generated working text, recorded unaltered.",
        "Combien font deux et deux",
        "Two and two are four.",
        "The answer is four.",
        str(trace.pk),
        digest,
        "equivalent of my handwritten signature",
        "Claire Fontaine",
    ):
        assert shown in page


def test_nothing_is_preselected_and_the_choices_are_alike(browse, trace):
    page = browse("reviewer").get(f"/review/{trace.pk}/sign/").content.decode()
    assert page.count('<label class="choice"') == 3
    choices = page.split('class="choices"')[1].split("</fieldset>")[0]
    assert "checked" not in choices
    assert "disabled" not in choices


@pytest.mark.parametrize("meaning", ["approved", "rejected", "sent_back"])
def test_a_decision_is_signed_and_its_receipt_shown(sign, browse, trace, meaning):
    anew = "And by how much?" if meaning == "sent_back" else ""
    answer = sign(meaning=meaning, asked_anew=anew)
    decision = Decision.objects.get()
    assert answer["Location"] == f"/decisions/{decision.pk}/"
    page = browse("auditor").get(answer["Location"]).content.decode()
    for shown in (
        "Claire Fontaine",
        "UTC",
        "The sum is right.",
        decision.trace_document_sha256,
        "equivalent of my handwritten signature",
        f"label-{meaning}",
        anew,
    ):
        assert shown in page
    assert Question.objects.get().state.status == meaning


def test_the_receipt_leads_to_the_next_review(sign, browse):
    page = browse("reviewer").get(sign()["Location"]).content.decode()
    assert "Back to the queue" in page


# Refusals ---------------------------------------------------------------------------------------


def test_the_submitter_cannot_sign(sign, people, trace):
    workspace = trace.run.question.workspace
    Membership.objects.create(user=people["analyst"], workspace=workspace, role=Role.REVIEWER)
    answer = sign("analyst")
    assert answer.status_code == 403
    assert b"You submitted this question; an independent reviewer must decide." in answer.content
    assert undecided()
    event = AuditEvent.objects.get(action="refused")
    assert (event.actor_id, event.question_id) == (people["analyst"].pk, trace.question_id)


def test_the_submitter_does_not_even_see_the_ceremony(browse, people, trace):
    workspace = trace.run.question.workspace
    Membership.objects.create(user=people["analyst"], workspace=workspace, role=Role.REVIEWER)
    answer = browse("analyst").get(f"/review/{trace.pk}/sign/")
    assert answer.status_code == 403
    assert b"an independent reviewer must decide" in answer.content
    event = AuditEvent.objects.get(action="refused")
    assert (event.actor_id, event.question_id) == (people["analyst"].pk, trace.question_id)


def test_whoever_comes_too_late_to_sign_is_on_record(sign, browse, people, trace):
    claims.claim(user=people["reviewer2"], trace=trace)
    browser, path = browse("reviewer"), f"/review/{trace.pk}/sign/"
    answer = browser.get(path)
    assert answer.status_code == 409
    assert b"Kenji Mori is reviewing this now." in answer.content
    assert sign("reviewer2").status_code == 302
    assert browser.get(path).status_code == 409
    events = AuditEvent.objects.filter(action="refused")
    assert [(one.code, one.actor_id, one.question_id) for one in events] == [
        ("conflict", people["reviewer"].pk, trace.question_id)
    ] * 2


@pytest.mark.parametrize("name", ["analyst2", "auditor", "admin"])
def test_whoever_is_no_reviewer_cannot_sign(sign, name):
    assert sign(name).status_code in {403, 404}
    assert undecided()


def test_others_find_nothing_to_sign(outsider, trace):
    assert outsider.get(f"/review/{trace.pk}/sign/").status_code == 404
    assert outsider.post(f"/review/{trace.pk}/sign/", {}).status_code == 404


def test_a_wrong_password_is_refused_counted_and_recorded(sign, people):
    answer = sign(password="guess")
    assert answer.status_code == 403
    assert b"The password is wrong. Nothing was signed." in answer.content
    assert User.objects.get(username="reviewer").failed_credentials == 1
    assert AuditEvent.objects.get(action="refused").code == "wrong_credentials"
    assert undecided()


def test_what_was_written_survives_a_wrong_password_and_the_password_does_not(sign):
    page = sign(password="guess-this").content.decode()
    assert "The sum is right." in page
    assert "guess-this" not in page


def test_five_wrong_passwords_lock_the_account(sign):
    for _ in range(5):
        sign(password="guess")
    answer = sign()
    assert answer.status_code == 403
    assert b"This account is locked" in answer.content
    assert undecided()


@pytest.mark.parametrize(
    ("field", "value", "says"),
    [
        ("meaning", "", "required"),
        ("meaning", "maybe", "not one of the available choices"),
        ("rationale", "", "required"),
        ("rationale", " \r\n\t", "must not be empty"),
        ("password", "", "required"),
    ],
)
def test_an_unfinished_form_signs_nothing(sign, field, value, says):
    answer = sign(**{field: value})
    page = answer.content.decode()
    assert answer.status_code == 400
    assert 'id="errors"' in page
    assert says in page
    assert undecided()
    assert AuditEvent.objects.get(action="refused").code == "invalid_input"


@pytest.mark.parametrize("digest", ["", "0" * 64])
def test_a_record_that_is_not_the_one_shown_is_not_signed(sign, digest):
    answer = sign(document_sha256=digest)
    assert answer.status_code == 409
    assert b"The record changed since it was shown. Nothing was signed." in answer.content
    assert undecided()


def test_what_another_reviewer_took_after_the_claim_expired(sign, browse, trace):
    browse("reviewer").get(f"/review/{trace.pk}/sign/")
    ReviewClaim.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    browse("reviewer2").post(f"/review/{trace.pk}/start/")
    answer = sign()
    assert answer.status_code == 409
    assert b"Kenji Mori is reviewing this now." in answer.content
    assert undecided()


def test_an_expired_claim_that_nobody_took_does_not_stand_in_the_way(sign, browse, trace):
    browse("reviewer").get(f"/review/{trace.pk}/sign/")
    ReviewClaim.objects.update(expires_at=clock.now() - timedelta(seconds=1))
    assert sign().status_code == 302


def test_nothing_is_decided_twice(sign):
    sign()
    answer = sign("reviewer2", meaning="rejected")
    assert answer.status_code == 409
    assert Decision.objects.get().meaning == "approved"


def test_a_defective_trace_can_be_rejected_and_not_approved(browse, answered):
    trace = answered("<think>cut", finish_reason="length")
    browser, path = browse("reviewer"), f"/review/{trace.pk}/sign/"
    page = browser.get(path).content.decode()
    assert "This trace cannot be approved" in page
    assert page.count(" disabled") == 1
    form = {
        "rationale": "It is cut.",
        "password": PASSWORD,
        "document_sha256": review.document_sha256(trace),
    }
    answer = browser.post(path, {**form, "meaning": "approved"})
    assert answer.status_code == 403
    assert undecided()
    assert browser.post(path, {**form, "meaning": "rejected"}).status_code == 302


def test_there_is_no_receipt_for_others(sign, outsider):
    where = sign()["Location"]
    assert outsider.get(where).status_code == 404


def test_there_is_no_receipt_of_what_was_not_decided(browse, trace):
    assert browse("auditor").get(f"/decisions/{trace.pk}/").status_code == 404
