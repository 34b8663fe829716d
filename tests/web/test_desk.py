"""The desk and notes."""

import pytest

from reasoning.models import Annotation, Membership, ReviewClaim, Role
from reasoning.services import claims, review

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
    assert answer["Location"] == f"/review/{trace.pk}/"
    assert Annotation.objects.get().quote == "four"
    assert "<mark>four</mark>" in browse("reviewer").get(f"/review/{trace.pk}/").content.decode()


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
