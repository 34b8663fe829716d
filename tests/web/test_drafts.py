"""What one types is kept with the service, is there again, and is nobody else's."""

import time
from datetime import timedelta

import pytest
from django.test import Client

from reasoning.models import Annotation, Decision, Draft
from reasoning.services import annotating, claims, clock, drafts, erasure, review
from tests.conftest import PASSWORD

RATIONALE = "The sources agree.\nBoth of them."


@pytest.fixture
def kept(browse, trace):
    """Keeps a draft as a page's script does."""

    def keep(person="reviewer", drafted="decision", subject=None, status=204, **texts):
        sent = {"drafted": drafted, "subject": subject or trace.pk, **texts}
        assert browse(person).post("/drafts/", sent).status_code == status

    return keep


def page(browser, path):
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def noted(people, trace):
    """A note of the analyst's."""
    return annotating.annotate(
        user=people["analyst"], trace=trace, part="whole", start=0, end=0, note="Which sum?"
    )


@pytest.fixture
def held(people, trace):
    """The reviewer has taken the trace."""
    return claims.claim(user=people["reviewer"], trace=trace)


@pytest.fixture
def drafted(trace, noted, held):
    """Where each draft comes back, what it is about and in which field."""
    desk = f"/review/{trace.pk}/"
    return {
        "decision": (f"{desk}sign/", trace.pk, "rationale"),
        "note": (desk, trace.pk, "note"),
        "reply": (desk, noted.pk, "note"),
        "recusal": (f"{desk}recuse/", trace.pk, "reason"),
        "hand_over": (desk, trace.pk, "reason"),
    }


EACH = pytest.mark.parametrize("kind", ["decision", "note", "reply", "recusal", "hand_over"])


@EACH
def test_a_draft_is_there_again_for_its_author_alone(browse, kept, drafted, trace, kind):
    path, subject, field = drafted[kind]
    kept(drafted=kind, subject=subject, **{field: RATIONALE})
    assert page(browse("reviewer"), path).count(RATIONALE) == 1
    assert RATIONALE not in page(browse("reviewer2"), f"/review/{trace.pk}/")


def test_each_note_has_a_reply_of_its_own(browse, people, kept, trace, noted):
    again = {"part": "whole", "start": 0, "end": 0, "note": "And why?"}
    other = annotating.annotate(user=people["analyst"], trace=trace, **again)
    kept(drafted="reply", subject=noted.pk, note="The one asked for.")
    shown = page(browse("reviewer"), f"/review/{trace.pk}/")
    first, second = (shown.index(f'id="note-{one.pk}"') for one in (noted, other))
    assert first < shown.index("The one asked for.") < second
    assert shown.count('<details class="note-answer" open>') == 1


def test_acts_end_their_drafts(browse, people, kept, held, trace, noted):
    browser, desk = browse("reviewer"), f"/review/{trace.pk}/"
    kept(drafted="note", note="A note of my own.")
    kept(drafted="reply", subject=noted.pk, note=RATIONALE)
    reply = {"part": "whole", "note": RATIONALE, "reply_to": noted.pk}
    assert browser.post(f"{desk}notes/", reply).status_code == 302
    assert [one.drafted for one in Draft.objects.all()] == ["note"]
    Draft.objects.all().delete()
    kept(drafted="hand_over", reason=RATIONALE)
    to = {"to": people["reviewer2"].pk, "reason": RATIONALE}
    assert browser.post(f"{desk}hand-over/", to).status_code == 302
    kept(drafted="recusal", reason=RATIONALE)
    assert browser.post(f"{desk}recuse/", {"reason": RATIONALE}).status_code == 302
    assert not Draft.objects.exists()


def test_what_was_said_for_handing_over_to_nobody_is_still_there(browse, held, trace):
    browser, desk = browse("reviewer"), f"/review/{trace.pk}/"
    sent = {"to": "", "reason": RATIONALE.replace("\n", "\r\n")}
    assert browser.post(f"{desk}hand-over/", sent).status_code == 302
    assert RATIONALE in page(browser, desk)


def test_neither_passwords_nor_choices_are_kept(kept, trace):
    kept(rationale="Well.", password=PASSWORD, code="123456", meaning="approved", answer_1="yes")
    assert Draft.objects.get().texts == {"rationale": "Well.", "asked_anew": ""}


def test_a_draft_follows_what_is_typed_and_goes_when_it_is_emptied(kept):
    kept(rationale="One")
    kept(rationale="One two")
    assert Draft.objects.get().texts["rationale"] == "One two"
    kept(rationale=" ")
    assert not Draft.objects.exists()


def test_what_cannot_be_kept_is_refused(kept, trace, outsider, monkeypatch):
    kept(drafted="nonsense", status=400)
    kept(subject="nonsense", status=400)
    kept(drafted="withdrawal", rationale="It is no decision.", status=404)
    kept(drafted="reply", note="It is no note.", status=404)
    monkeypatch.setattr(drafts, "LIMIT", 3)
    kept(rationale="four", status=400)
    sent = {"drafted": "decision", "subject": trace.pk, "rationale": "Mine."}
    assert outsider.post("/drafts/", sent).status_code == 404
    assert outsider.post("/drafts/", {"drafted": "decision"}).status_code == 404
    assert not Draft.objects.exists()


def test_what_was_sent_is_a_draft_no_more(browse, people, kept, trace):
    kept(rationale=RATIONALE)
    kept(drafted="note", note="Which sum?")
    browser = browse("reviewer")
    form = {"part": "whole", "note": "Which sum?"}
    assert browser.post(f"/review/{trace.pk}/notes/", form).status_code == 302
    assert Annotation.objects.count() == 1
    digest = review.document_sha256(trace)
    form = {
        "document_sha256": digest,
        "meaning": "rejected",
        "rationale": RATIONALE,
        "password": PASSWORD,
    }
    claims.claim(user=people["reviewer"], trace=trace)
    assert browser.post(f"/review/{trace.pk}/sign/", form).status_code == 302
    assert Decision.objects.count() == 1
    assert not Draft.objects.exists()


def test_a_question_is_kept_until_it_is_asked(browse, registered, sent):
    browser = browse("analyst")
    typed = {"text": "How long is this kept?", "case_reference": "AML-9"}
    assert (
        browser.post("/drafts/", {"drafted": "question", "subject": "", **typed}).status_code == 204
    )
    shown = page(browser, "/ask/")
    assert typed["text"] in shown
    assert typed["case_reference"] in shown
    assert browser.post("/ask/", {**typed, "workspace": "finance"}).status_code == 302
    assert typed["text"] not in page(browser, "/ask/")


def test_an_erasure_takes_the_drafts_about_the_record(kept, people, trace):
    kept(rationale="It quotes the summary.")
    grounds = {"legal_basis": "GDPR Article 17(1)(b)", "reason": "Consent was withdrawn."}
    erasure.erase(user=people["admin"], subject=trace, fields=["summary"], **grounds)
    assert not Draft.objects.exists()


def test_drafts_end(kept, trace):
    kept(rationale="Old")
    Draft.objects.update(kept_at=clock.now() - drafts.KEPT - timedelta(seconds=1))
    kept(person="reviewer2", rationale="New")
    assert Draft.objects.get().texts["rationale"] == "New"


# Away for too long -------------------------------------------------------------------------------


@pytest.fixture
def tired(people):
    """The reviewer's browser after an hour without a request; it checks tokens as real ones do."""
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["reviewer"])
    browser.get("/review/")
    session = browser.session
    session["seen_at"] = time.time() - 3600
    session.save()
    return browser


def send(browser, path, came_from, token=None, **fields):
    token = browser.cookies["csrftoken"].value if token is None else token
    headers = {"Referer": f"http://testserver{came_from}"}
    return browser.post(path, {**fields, "csrfmiddlewaretoken": token}, headers=headers)


ACTS = {
    "decision": "sign/",
    "note": "notes/",
    "reply": "notes/",
    "recusal": "recuse/",
    "hand_over": "hand-over/",
}


@EACH
def test_what_comes_too_late_is_kept_and_comes_back(tired, trace, drafted, noted, kind):
    came_from, _subject, field = drafted[kind]
    fields = {field: RATIONALE.replace("\n", "\r\n"), "part": "whole", "password": PASSWORD}
    if kind == "reply":
        fields["reply_to"] = noted.pk
    answer = send(tired, f"/review/{trace.pk}/{ACTS[kind]}", came_from, **fields)
    assert answer.status_code == 302
    assert answer["Location"] == f"/sign-in/?next={came_from}"
    assert RATIONALE in Draft.objects.get().texts.values()
    assert "is kept" in page(tired, "/sign-in/")
    token = tired.cookies["csrftoken"].value
    entered = {"login": "reviewer", "password": PASSWORD, "next": came_from}
    signed_in = tired.post("/sign-in/", {**entered, "csrfmiddlewaretoken": token})
    assert signed_in["Location"] == came_from
    assert page(tired, came_from).count(RATIONALE) == 1
    assert list(Annotation.objects.all()) == [noted]
    assert Draft.objects.get().drafted == kind


def test_a_draft_that_comes_too_late_is_kept_too(tired, trace):
    fields = {"drafted": "decision", "subject": trace.pk, "rationale": RATIONALE}
    assert send(tired, "/drafts/", f"/review/{trace.pk}/sign/", **fields).status_code == 302
    assert Draft.objects.get().texts["rationale"] == RATIONALE


def test_what_another_site_sends_is_not_kept(tired, trace):
    answer = send(tired, f"/review/{trace.pk}/sign/", "/", token="wrong", rationale="Forged.")
    assert answer.status_code == 403
    assert not Draft.objects.exists()


def test_strangers_leave_nothing(trace):
    answer = Client().post(
        f"/review/{trace.pk}/notes/",
        {"note": "Whose?"},
        headers={"Referer": "https://elsewhere.example.net/"},
    )
    assert answer["Location"] == f"/sign-in/?next=/review/{trace.pk}/notes/"
    assert not Draft.objects.exists()
