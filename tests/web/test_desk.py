"""The desk and notes."""

import re
from datetime import timedelta

import pytest

from reasoning.models import Annotation, AuditEvent, Ending, Finding, Membership, ReviewClaim, Role
from reasoning.services import annotating, claims, leases, questions, review, traces
from reasoning.services.evidence import SYSTEM, record
from reasoning.services.traces import Arrived, Outcome
from reasoning.web.reading import threads
from reasoning.web.records import news, record_of
from tests.conftest import ANSWER, whole
from tests.services.test_review import sign

NOTE = {"part": "whole", "quote": "", "note": "Nobody checked the sum.", "label": ""}


def test_reading_takes_nothing_and_starting_does(browse, trace):
    browser = browse("reviewer")
    page = browser.get(f"/review/{trace.pk}/").content.decode()
    assert "Model-generated working text" in page
    assert "/sign/" not in page
    assert not ReviewClaim.objects.exists()
    page = browser.post(f"/review/{trace.pk}/start/", follow=True).content.decode()
    assert ReviewClaim.objects.get(trace=trace).reviewer.username == "reviewer"
    assert f'href="/review/{trace.pk}/sign/"' in page


def test_the_submitter_may_read_and_not_decide(browse, people, trace):
    workspace = trace.run.question.workspace
    Membership.objects.create(user=people["analyst"], workspace=workspace, role=Role.REVIEWER)
    page = browse("analyst").get(f"/review/{trace.pk}/").content.decode()
    assert "You submitted this question; an independent reviewer must decide." in page
    assert "/sign/" not in page
    assert not ReviewClaim.objects.exists()


def test_the_second_reviewer_is_told_who_holds_it(browse, people, trace):
    claims.claim(user=people["reviewer"], trace=trace)
    page = browse("reviewer2").get(f"/review/{trace.pk}/").content.decode()
    assert "Claire Fontaine is reviewing this now." in page
    assert "/sign/" not in page


def test_whoever_takes_what_another_holds_is_on_record(browse, people, trace):
    claims.claim(user=people["reviewer"], trace=trace)
    assert browse("reviewer2").post(f"/review/{trace.pk}/start/").status_code == 409
    refused = AuditEvent.objects.get(action="refused")
    assert (refused.code, refused.actor_id) == ("conflict", people["reviewer2"].pk)
    assert refused.question_id == trace.question_id


def test_an_auditor_reads_and_takes_nothing(browse, trace):
    answer = browse("auditor").get(f"/review/{trace.pk}/")
    assert answer.status_code == 200
    assert b"/sign/" not in answer.content
    assert not ReviewClaim.objects.exists()


def test_others_find_no_desk(outsider, trace):
    assert outsider.get(f"/review/{trace.pk}/").status_code == 404


# Notes ------------------------------------------------------------------------------------------


def annotate(browser, trace, **fields):
    return browser.post(f"/review/{trace.pk}/notes/", {**NOTE, **fields})


def test_a_note_on_a_selection(browse, trace):
    start = trace.summary.index("four")
    span = {"part": "summary", "start": start, "end": start + 4, "quote": "four"}
    answer = annotate(browse("reviewer"), trace, **span)
    note = Annotation.objects.get()
    assert answer["Location"] == f"/review/{trace.pk}/#note-{note.pk}"
    assert note.quote == "four"
    page = browse("reviewer").get(f"/review/{trace.pk}/").content.decode()
    assert f'<mark class="mark-note" data-about="note-{note.pk}">four</mark>' in page


def test_without_scripts_the_words_are_found(browse, trace):
    annotate(browse("reviewer"), trace, part="thinking", quote="two are")
    note = Annotation.objects.get()
    assert trace.thinking[note.start : note.end] == "two are"


def test_a_note_on_the_whole(browse, trace):
    annotate(browse("analyst"), trace)
    assert Annotation.objects.get().part == "whole"


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"note": ""}, "required"),
        ({"note": " \r\n "}, "must not be empty"),
        ({"part": "thinking", "quote": "nowhere"}, "do not occur"),
        ({"part": "thinking", "quote": ""}, "do not occur"),
        ({"part": "thinking", "paragraph": 9}, "no such paragraph"),
        ({"resolves": "on"}, "Only a reply"),
        ({"part": "summary", "start": 3, "end": 9_999}, "must lie within"),
        ({"part": "footnote"}, "not one of the available choices"),
        ({"label": "x"}, "not one of the available choices"),
    ],
)
def test_wrong_notes_are_refused_and_not_stored(browse, trace, fields, says):
    answer = annotate(browse("reviewer"), trace, **fields)
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert not Annotation.objects.exists()


def test_auditors_do_not_write(browse, trace):
    answer = annotate(browse("auditor"), trace)
    assert answer.status_code == 403
    assert b"Auditors read" in answer.content
    assert not Annotation.objects.exists()


def test_others_cannot_write(outsider, trace):
    assert annotate(outsider, trace).status_code == 404
    assert not Annotation.objects.exists()


def test_markup_in_a_note_is_text(browse, trace):
    annotate(browse("reviewer"), trace, note="<b>bold</b>")
    page = browse("reviewer").get(f"/review/{trace.pk}/").content.decode()
    assert "&lt;b&gt;bold" in page
    assert review.latest_trace_id(trace.run.question) == trace.pk


def test_a_paragraph_is_named_by_its_number(browse, answered):
    trace = answered("<think>\nOne two.\n\nTwo three.\n</think>\n\nDone.")
    annotate(browse("reviewer"), trace, part="thinking", paragraph=2, quote="wo")
    annotate(browse("reviewer"), trace, part="thinking", paragraph=2)
    quotes = list(Annotation.objects.order_by("id").values_list("quote", "start"))
    assert quotes == [("wo", 12), ("Two three.\n", 11)]
    page = browse("reviewer").get(f"/review/{trace.pk}/?part=thinking&paragraph=2").content.decode()
    assert 'name="paragraph" value="2"' in page


def test_notes_are_answered_and_resolved_and_opened_again(browse, trace):
    reviewer, analyst = browse("reviewer"), browse("analyst")
    annotate(reviewer, trace, label="wrong")
    note = Annotation.objects.get()
    reply = {"note": "I did.", "reply_to": note.pk, "resolves": "on"}
    assert annotate(analyst, trace, **reply)["Location"].endswith(f"#note-{note.pk}")
    page = reviewer.get(f"/review/{trace.pk}/").content.decode()
    assert "note-resolved" in page
    assert "I did." in page
    annotate(reviewer, trace, note="Show me.", reply_to=note.pk)
    assert "note-resolved" not in reviewer.get(f"/review/{trace.pk}/").content.decode()
    assert Annotation.objects.count() == 3


def test_what_is_new_since_the_last_look_is_marked(people, trace):
    note = annotating.annotate(user=people["analyst"], trace=trace, part="whole", note="Hm.")
    before = note.recorded_at - timedelta(seconds=1)
    for since, reader, fresh in (
        (before, people["reviewer"], True),
        (before, people["analyst"], False),
        (note.recorded_at, people["reviewer"], False),
        (None, people["reviewer"], False),
    ):
        assert threads([note], {}, since, reader.pk)[0].fresh is fresh


@pytest.mark.parametrize("page", [0, 1])
def test_what_others_did_since_the_last_look_is_named(browse, people, trace, page):
    question, reviewer = trace.run.question, people["reviewer"]
    before = question.recorded_at - timedelta(seconds=1)
    lines = record_of(question).lines
    assert news(lines, before, reviewer) == ["Run requested", "Trace stored"]
    assert news(lines, before, people["analyst"]) == ["Trace stored"]
    assert news(lines, lines[-1].recorded_at, reviewer) == news(lines, None, reviewer) == []

    pages = f"/review/{trace.pk}/", f"/traces/{trace.pk}/"
    assert "since then" not in browse("reviewer").get(pages[0]).content.decode()
    look = AuditEvent(
        action="viewed",
        place="page",
        workspace_id=question.workspace_id,
        question_id=question.pk,
        subject_id=trace.pk,
        code="",
        detail="",
    )
    record(people["reviewer2"].actor(), look, at=before)
    shown = browse("reviewer2").get(pages[page]).content.decode()
    assert "since then: Run requested, Trace stored" in shown


def test_a_script_gets_what_has_changed(browse, trace):
    browser, address = browse("reviewer"), f"/review/{trace.pk}/notes/"
    fetch = {"X-Requested-With": "fetch"}
    body = {**NOTE, "part": "thinking", "paragraph": 1, "quote": "two"}
    answer = browser.post(address, body, headers=fetch)
    page = answer.content.decode()
    assert f'data-said="note-{Annotation.objects.get().pk}"' in page
    assert 'id="t-1"' in page
    assert "<html" not in page
    assert browser.post(address, {**body, "note": ""}, headers=fetch).status_code == 400


def test_whoever_writes_notes_keeps_the_review(browse, people, trace, settings):
    first = claims.claim(user=people["reviewer"], trace=trace).expires_at
    settings.REVIEW_CLAIM_MINUTES = 60
    annotate(browse("reviewer"), trace)
    assert ReviewClaim.objects.get().expires_at > first


# Around the trace -------------------------------------------------------------------------------


def test_findings_stand_beside_their_place(browse, trace):
    data = {"places": [{"part": "thinking", "start": 1, "end": 4}, {"part": [], "start": "x"}]}
    finding = Finding(trace=trace, question_id=trace.question_id, code="boxed", data=data)
    finding.severity, finding.sentence = "warning", "It says two."
    record(SYSTEM, finding)
    page = browse("reviewer").get(f"/review/{trace.pk}/").content.decode()
    assert re.search(r'<mark class="mark-finding" data-about="finding-\d">Two</mark>', page)
    assert "Thinking, paragraph 1" in page


def test_notes_lead_to_their_place_also_from_the_ceremony(browse, answered):
    trace = answered("<think>\nFirst.\n\nSecond.\n</think>\n\nA summary.\n\nIts end.")
    browser, desk = browse("reviewer"), f"/review/{trace.pk}/"
    for part, words in (("thinking", "Second"), ("summary", "end")):
        browser.post(f"{desk}notes/", {"part": part, "quote": words, "note": "Why?"})
    browser.post(f"{desk}notes/", {"part": "whole", "note": "All in all, no."})
    for path, evidence in ((desk, ""), (f"/traces/{trace.pk}/", ""), (f"{desk}sign/", desk)):
        notes = browser.get(path).content.decode().split("data-note>")[1:4]
        ways = [
            re.findall(r'href="([^"]*#[ts]-\d)"', note.split("</article>")[0]) for note in notes
        ]
        assert ways == [[f"{evidence}#t-2"], [f"{evidence}#s-2"], []]


def test_each_paragraph_has_its_language_and_direction(browse, answered):
    arabic = "يجب على المصرف أن يتحقق من هوية العميل قبل فتح الحساب، وأن يحتفظ بالمستندات."
    english = "The bank has to verify who the client is before it opens the account."
    trace = answered(f"<think>\n{english}\n\n{english}\n\n{arabic}\n</think>\n\nDone.")
    page = browse("reviewer").get(f"/review/{trace.pk}/").content.decode()
    assert 'lang="ar" dir="rtl" data-start=' in page
    assert page.count('lang="en" dir="ltr" data-start=') >= 2


def test_who_looked_and_what_was_decided_on_the_case(browse, people, trace, submitted):
    browse("auditor").get(f"/traces/{trace.pk}/")
    asked = questions.Asked(workspace="finance", text="And three?", case_reference="AML-7")
    other = questions.submit(user=people["analyst"], asked=asked)
    assert sign(people, trace).meaning == "approved"
    claim = leases.claim(run_id=other.run.pk, worker="test:1")
    stored = traces.store(Outcome(claim, Ending.FINISHED, None, whole(ANSWER)), Arrived("", ()))
    page = browse("reviewer2").get(f"/review/{stored.trace.pk}/").content.decode()
    assert "Decided before on" in page
    assert "Combien font deux et deux" in page
    assert "Elena Petrova" in browse("reviewer2").get(f"/traces/{trace.pk}/").content.decode()


def test_thinking_and_summary_stand_as_the_reader_likes(browse, trace):
    browser = browse("reviewer")
    assert b"evidence-beside" not in browser.get(f"/review/{trace.pk}/").content
    browser.post("/preferences/", {"layout": "beside", "next": f"/review/{trace.pk}/"})
    assert b"evidence-beside" in browser.get(f"/review/{trace.pk}/").content
