"""The ceremony under a strict policy, what each refusal leaves behind, and what comes before and
after: views, recusals, sending back, withdrawals, training."""

from datetime import timedelta

import pytest

from reasoning.models import (
    AuditEvent,
    Decision,
    Membership,
    PreliminaryView,
    Question,
    Recusal,
    Role,
    TrainingRecord,
)
from reasoning.services import policies, review, training
from tests.conftest import PASSWORD

CHECKLIST = ("Figures checked.", "Sources read.")
ANSWER_TEXTS = ("Two and two are four", "The answer is four")


@pytest.fixture
def policy(people, workspace):
    def change(**wanted):
        policies.change(user=people["admin"], workspace=workspace, reason="Audit.", **wanted)

    return change


@pytest.fixture
def sign(browse, trace):
    """Send the ceremony's form, complete under every policy but for what is changed."""

    def send(name="reviewer", **fields):
        form = {
            "meaning": "approved",
            "rationale": "The sum is right.",
            "password": PASSWORD,
            "no_conflict": "on",
            "answer_1": "yes",
            "answer_2": "no",
            "document_sha256": review.document_sha256(trace),
            **fields,
        }
        return browse(name).post(f"/review/{trace.pk}/sign/", form)

    return send


def undecided(refusals):
    """Nothing is stored, and each attempt is in the audit trail."""
    codes = AuditEvent.objects.filter(action="refused").values_list("code", flat=True)
    return (
        not Decision.objects.exists()
        and Question.objects.get().state.status == "in_review"
        and list(codes) == list(refusals)
    )


def page(browser, path, status=200):
    answer = browser.get(path)
    assert answer.status_code == status
    return answer.content.decode()


@pytest.mark.parametrize(
    ("field", "code", "says"),
    [
        ({"answer_2": ""}, "invalid_input", "Answer this before you approve."),
        ({"no_conflict": ""}, "invalid_input", "State that you have no conflict"),
        ({"meaning": "sent_back"}, "invalid_input", "must not be empty"),
        ({"asked_anew": "Why?"}, "invalid_input", "belongs to sending back"),
        ({"document_sha256": "0" * 64}, "integrity_mismatch", "The record changed"),
    ],
    ids=["checklist", "conflict", "anew", "not-sent-back", "record"],
)
def test_what_the_policy_asks_for_must_be_there(policy, sign, field, code, says):
    policy(checklist=CHECKLIST, conflict_statement=True, approvals=2)
    answer = sign(**field)
    assert answer.status_code in {400, 409}
    shown = answer.content.decode()
    assert says in shown
    assert "The sum is right." in shown
    assert undecided([code])


def test_a_strict_ceremony_with_two_approvals(policy, sign, browse, trace):
    policy(checklist=CHECKLIST, conflict_statement=True, approvals=2)
    shown = page(browse("reviewer"), f"/review/{trace.pk}/sign/")
    for text in (*CHECKLIST, "0 of 2 signatures", "I have no conflict of interest", "run 1 of 1"):
        assert text in shown
    assert "checked" not in shown.split('class="choices"')[1].split("</fieldset>")[0]
    assert 'value="yes" checked' not in shown

    receipt = sign()["Location"]
    first = page(browse("reviewer"), receipt)
    for text in (*CHECKLIST, "1 of 2 signatures", "I have no conflict of interest", "version 2"):
        assert text in first
    again = sign()
    assert again.status_code == 403
    assert "another reviewer must sign too" in again.content.decode()
    page(browse("reviewer"), f"/review/{trace.pk}/sign/", 403)
    assert "1 of 2 signatures" in page(browse("reviewer2"), f"/review/{trace.pk}/")
    assert sign("reviewer2").status_code == 302
    assert Question.objects.get().state.status == "approved"
    both = page(browse("analyst"), f"/questions/{trace.question_id}/")
    assert both.count("Receipt<span") == 2


def test_a_receipt_has_its_proof_once_the_log_has_the_entry(sign, browse):
    where = sign()["Location"]
    assert "The log takes this entry within seconds" in page(browse("auditor"), where)
    assert browse("auditor").get(f"{where}proof/").status_code == 409


def test_training_must_be_on_record(policy, sign, people, browse, trace):
    policy(training=True)
    assert "current training record" in sign().content.decode()
    assert undecided(["training_missing"])
    form = {
        "person": people["reviewer"].pk,
        "course": "Reviewing",
        "completed_on": training.today(),
        "expires_on": training.today() + timedelta(days=30),
    }
    path = "/workspaces/finance/training/"
    assert browse("reviewer").post(path, form).status_code == 404
    assert browse("auditor").post(path, form).status_code == 403
    wrong = browse("admin").post(path, {**form, "expires_on": "2020-01-01"})
    assert "cannot expire before" in wrong.content.decode()
    assert not TrainingRecord.objects.exists()
    assert browse("admin").post(path, form).status_code == 302
    assert "Reviewing" in page(browse("auditor"), path)
    assert sign().status_code == 302


# A view of one's own first ----------------------------------------------------------------------


def test_nothing_shows_the_answer_before_the_view(policy, sign, browse, trace, people, client_for):
    policy(preliminary_view=True)
    browser, api = browse("reviewer"), client_for(people["reviewer"])
    question = f"/questions/{trace.question_id}/"
    for path, status in (
        (f"/review/{trace.pk}/", 200),
        (question, 200),
        ("/", 200),
        (f"/review/{trace.pk}/sign/", 403),
        (f"/traces/{trace.pk}/", 403),
        (f"/traces/{trace.pk}/tokens/", 403),
        (f"/traces/{trace.pk}/evidence.json", 403),
        (f"{question}compare/", 403),
    ):
        shown = page(browser, path, status)
        assert not any(text in shown for text in ANSWER_TEXTS), path
    for path in (
        f"/api/v1/traces/{trace.pk}/",
        f"/api/v1/traces/{trace.pk}/document/",
        f"/api/v1/traces/{trace.pk}/annotations/",
        f"/api/v1/traces/{trace.pk}/decisions/",
        f"/api/v1/runs/{trace.run_id}/events/",
        f"/api/v1/questions/{trace.question_id}/evidence/",
    ):
        answer = api.get(path)
        assert (answer.status_code, answer.json()["code"]) == (403, "preliminary_view_first"), path
    assert browser.post(f"{question}bundle/").status_code == 403
    assert sign().status_code == 403
    assert not Decision.objects.exists()
    refused = AuditEvent.objects.filter(action="refused", code="preliminary_view_first")
    assert refused.count() == 13

    say = f"/review/{trace.pk}/view/"
    assert browser.post(say, {"view": " "}).status_code == 400
    assert browser.post(say, {"view": "It must be four."})["Location"] == f"/review/{trace.pk}/"
    desk = page(browser, f"/review/{trace.pk}/")
    assert all(text in desk for text in (*ANSWER_TEXTS, "It must be four."))
    assert browser.post(say, {"view": "Five."}).status_code == 409
    assert PreliminaryView.objects.count() == 1
    assert "It must be four." in page(browser, sign()["Location"])


# Keeping out, sending back, withdrawing ---------------------------------------------------------


def test_keeping_out_ends_the_review_and_the_reading(browse, trace):
    browser = browse("reviewer")
    browser.post(f"/review/{trace.pk}/start/")
    assert "I have a conflict of interest" in page(browser, f"/review/{trace.pk}/")
    path = f"/review/{trace.pk}/recuse/"
    assert "cannot be undone" in page(browser, path)
    assert browser.post(path, {"reason": ""}).status_code == 400
    assert not Recusal.objects.exists()
    assert browser.post(path, {"reason": "My brother's account."}).status_code == 302
    for gone in (f"/review/{trace.pk}/", f"/traces/{trace.pk}/", path):
        assert browser.get(gone).status_code == 404
    record = page(browse("auditor"), f"/traces/{trace.pk}/")
    assert "Kept out of the decision" in record
    record = page(browse("auditor"), f"/questions/{trace.question_id}/record/")
    assert "My brother&#x27;s account." in record


def test_what_is_sent_back_can_be_asked_with_one_click(sign, browse, trace, sent):
    note = {"part": "summary", "quote": "four", "note": "Of what?"}
    assert browse("reviewer").post(f"/review/{trace.pk}/notes/", note).status_code == 302
    assert sign(meaning="sent_back", asked_anew="And in base three?").status_code == 302
    decision = Decision.objects.get()
    analyst = browse("analyst")
    shown = page(analyst, f"/questions/{trace.question_id}/")
    assert "And in base three?" in shown
    address = f"/ask/?anew={decision.pk}"
    assert address in shown
    assert f'href="/traces/{trace.pk}/#notes-title">one note on the answer</a>' in shown
    form = page(analyst, address)
    for words in (
        "And in base three?",
        "The sum is right.",
        "Of what?",
        f"/traces/{trace.pk}/#s-1",
    ):
        assert words in form
    looks = AuditEvent.objects.filter(action="viewed", actor_name="Amira Haddad")
    assert looks.filter(subject_id=trace.pk).count() == 1
    asked = {
        "text": "And in base three?",
        "workspace": "finance",
        "case_reference": "AML-7",
        "follows": trace.question_id,
    }
    assert analyst.post("/ask/", asked).status_code == 302
    assert Question.objects.get(follows=trace.question_id).text == "And in base three?"
    assert browse("analyst").get(f"/ask/?anew={trace.pk}").status_code == 404


def test_why_others_decided_is_withheld_with_the_answer(policy, sign, browse, trace):
    policy(preliminary_view=True, approvals=2)
    first, second = browse("reviewer2"), browse("reviewer")
    first.post(f"/review/{trace.pk}/view/", {"view": "Four."})
    assert sign("reviewer2", rationale="It adds up.").status_code == 302
    record = f"/questions/{trace.question_id}/record/"
    assert "It adds up." not in page(second, record)
    second.post(f"/review/{trace.pk}/view/", {"view": "It must be four."})
    assert "It adds up." in page(second, record)


def test_a_withdrawal_is_a_signature_of_its_own(sign, browse, trace):
    receipt = sign()["Location"]
    path = f"{receipt}withdraw/"
    browser = browse("reviewer2")
    shown = page(browser, path)
    assert "and withdraw the decision" in shown
    form = {
        "rationale": "I had misread it.",
        "password": PASSWORD,
        "document_sha256": review.document_sha256(trace),
    }
    assert browser.post(path, {**form, "rationale": ""}).status_code == 400
    assert browser.post(path, {**form, "password": "guess"}).status_code == 403
    assert browse("auditor").post(path, form).status_code == 403
    assert Decision.objects.count() == 1
    assert Question.objects.get().state.status == "approved"
    codes = AuditEvent.objects.filter(action="refused").values_list("code", flat=True)
    assert list(codes) == ["invalid_input", "wrong_credentials", "refused"]

    taken_back = browser.post(path, form)["Location"]
    queue = page(browse("reviewer"), "/review/")
    assert queue.count("decision withdrawn") == 1
    assert Question.objects.get().state.status == "in_review"
    old, new = page(browser, receipt), page(browser, taken_back)
    assert "has withdrawn this decision" in old
    assert "The sum is right." in old
    assert "I had misread it." in new
    assert receipt in new
    desk = page(browse("reviewer"), f"/review/{trace.pk}/")
    assert "I had misread it." in desk
    assert "The sum is right." not in desk.partition('id="decide"')[2]
    assert browser.post(path, form).status_code == 409


def test_the_api_shows_all_of_it_and_signs_nothing(
    policy, sign, people, trace, client_for, workspace
):
    policy(checklist=CHECKLIST, conflict_statement=True)
    sign()
    api = client_for(people["auditor"])
    first = api.get(f"/api/v1/traces/{trace.pk}/decisions/").json()["results"][0]
    assert first["checklist"] == [
        {"statement": "Figures checked.", "answer": "yes"},
        {"statement": "Sources read.", "answer": "no"},
    ]
    assert (first["no_conflict"], first["policy_version"], first["withdrawn_by"]) == (True, 2, None)
    review.withdraw(
        user=people["reviewer"],
        decision=Decision.objects.get(),
        reason="Misread.",
        password=PASSWORD,
        shown=review.document_sha256(trace),
    )
    both = api.get(f"/api/v1/traces/{trace.pk}/decisions/").json()["results"]
    assert both[0]["withdrawn_by"] == both[1]["id"]
    assert (both[1]["meaning"], both[1]["withdraws"]) == ("withdrawn", both[0]["id"])
    found = api.get(f"/api/v1/questions/{trace.question_id}/").json()
    assert (found["status"], found["decision"]) == ("in_review", None)
    Membership.objects.create(user=people["auditor"], workspace=workspace, role=Role.REVIEWER)
    assert api.post(f"/api/v1/traces/{trace.pk}/decisions/", {}).status_code == 403
    assert Decision.objects.count() == 2
