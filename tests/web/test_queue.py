"""The queue: filters, counts, views, taking and passing on."""

from datetime import timedelta

import pytest

from reasoning.models import AuditEvent, QuestionState, ReviewClaim, SavedView
from reasoning.services import claims, clock


def held_by(trace):
    return ReviewClaim.objects.get(trace=trace).reviewer.username


def expire(trace):
    ReviewClaim.objects.filter(trace=trace).update(expires_at=clock.now() - timedelta(seconds=1))


def shown(browser, query=""):
    return "Combien font" in browser.get(f"/review/{query}").content.decode()


def test_what_waits_is_listed_with_its_findings(browse, answered):
    answered("<think>cut", finish_reason="length")
    page = browse("reviewer").get("/review/").content.decode()
    assert "Combien font deux et deux" in page
    assert "unclaimed" in page
    assert 'class="label label-blocking" href="?scope=unclaimed&amp;finding=cut_off"' in page


def test_an_empty_queue_says_what_will_appear(browse, submitted):
    assert "Nothing is waiting here" in browse("reviewer").get("/review/").content.decode()


def test_what_another_holds_is_not_unclaimed(browse, people, trace):
    claims.claim(user=people["reviewer2"], trace=trace)
    browser = browse("reviewer")
    assert not shown(browser)
    assert "Kenji Mori" in browser.get("/review/?scope=all").content.decode()
    assert shown(browse("reviewer2"), "?scope=mine")
    expire(trace)
    assert shown(browser)
    assert not shown(browse("reviewer2"), "?scope=mine")


def test_what_one_reviewer_holds_is_found_among_all(browse, people, trace):
    holder = f"?assignee={people['reviewer2'].pk}"
    browser = browse("reviewer")
    assert not shown(browser, holder)
    claims.claim(user=people["reviewer2"], trace=trace)
    assert shown(browser, holder)
    assert shown(browser, f"{holder}&scope=unclaimed")
    assert not shown(browser, f"{holder}&scope=mine")
    assert not shown(browser, f"?scope=all&assignee={people['reviewer'].pk}")
    expire(trace)
    assert not shown(browser, holder)


def test_the_next_review_is_taken_from_what_nobody_holds(browse, people, trace):
    browser = browse("reviewer")
    browser.get(f"/review/?assignee={people['reviewer2'].pk}")
    browser.post("/review/next/")
    assert held_by(trace) == "reviewer"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("language=fr", True),
        ("language=ja", False),
        ("workspace=legal", False),
        ("workspace=finance&case_reference=AML-7", True),
        ("case_reference=AML-8", False),
        ("finding=blocking", False),
        ("finding=warning", True),
        ("finding=none", False),
        ("finding=language_of_summary_differs", True),
        ("finding=cut_off", False),
        ("age=today", True),
        ("age=week", False),
        ("age=ever&language=xx&scope=none&finding=%00&assignee=x&case_reference=%00", True),
    ],
)
def test_the_queue_is_filtered_by_the_address(browse, trace, query, found):
    assert shown(browse("reviewer"), f"?{query}") is found


def test_age_is_that_of_the_question(browse, trace):
    QuestionState.objects.update(asked_at=clock.now() - timedelta(days=8))
    assert shown(browse("reviewer"), "?age=week")
    assert not shown(browse("reviewer"), "?age=today")


@pytest.mark.parametrize("name", ["analyst", "auditor", "admin"])
def test_only_reviewers_have_a_queue(browse, trace, name):
    answer = browse(name).get("/review/")
    assert answer.status_code == 403
    assert b"needs the role of a reviewer" in answer.content


def test_a_cursor_of_another_list_is_refused(browse, trace):
    assert browse("reviewer").get("/review/?after=x").status_code == 400


# Taking and passing on --------------------------------------------------------------------------


def test_a_click_takes_the_next_one_of_the_part_looked_at_last(browse, trace):
    browser = browse("reviewer")
    browser.get("/review/?language=ja")
    answer = browser.post("/review/next/", follow=True)
    assert b"Nothing unclaimed is left" in answer.content
    browser.get("/review/?language=fr")
    assert browser.post("/review/next/")["Location"] == f"/review/{trace.pk}/"
    assert held_by(trace) == "reviewer"


def test_giving_back(browse, people, trace):
    claims.claim(user=people["reviewer"], trace=trace)
    browse("reviewer2").post(f"/review/{trace.pk}/release/")
    assert held_by(trace) == "reviewer"
    answer = browse("reviewer").post(f"/review/{trace.pk}/release/", follow=True)
    assert b"Given back to the queue." in answer.content
    assert not ReviewClaim.objects.exists()


def test_handing_over_names_the_person_and_the_reason(browse, people, trace):
    claims.claim(user=people["reviewer"], trace=trace)
    browser, address = browse("reviewer"), f"/review/{trace.pk}/hand-over/"
    assert "Kenji Mori" in browser.get(f"/review/{trace.pk}/").content.decode()
    to = people["reviewer2"].pk
    for wrong in ({"to": "x", "reason": "Ill."}, {"to": to, "reason": " "}):
        browser.post(address, wrong)
        assert held_by(trace) == "reviewer"
    browser.post(address, {"to": to, "reason": "I know the client."})
    assert held_by(trace) == "reviewer2"
    page = browse("reviewer2").get("/review/?scope=mine").content.decode()
    assert "I know the client." in page
    assert AuditEvent.objects.get(action="handed_over").detail == "Kenji Mori: I know the client."
    record = browse("auditor").get(f"/questions/{trace.question_id}/record/").content.decode()
    assert "Kenji Mori: I know the client." in record


# Views ------------------------------------------------------------------------------------------


def test_a_view_is_kept_shown_and_removed(browse, trace):
    browser = browse("reviewer")
    query = "scope=all&language=fr&finding=warning"
    assert b"Save this view" in browser.get(f"/review/?{query}").content
    browser.post("/review/views/", {"name": "French", "query": query + "&after=x&evil=1"})
    view = SavedView.objects.get()
    assert (view.name, view.query, view.user.username) == ("French", query, "reviewer")
    page = browser.get(f"/review/?{query}").content.decode()
    assert 'aria-current="true"><bdi>French' in page
    assert b"French</bdi>" not in browse("reviewer2").get("/review/").content
    browse("reviewer2").post(f"/review/views/{view.pk}/remove/")
    assert SavedView.objects.exists()
    browser.post(f"/review/views/{view.pk}/remove/")
    assert not SavedView.objects.exists()


def test_a_view_needs_a_name(browse, trace):
    answer = browse("reviewer").post("/review/views/", {"name": " ", "query": ""}, follow=True)
    assert b"must not be empty" in answer.content
    assert not SavedView.objects.exists()


# Preferences ------------------------------------------------------------------------------------


def test_what_a_person_prefers_is_kept(browse, trace):
    browser = browse("reviewer")
    assert b'data-keys="off"' not in browser.get("/review/").content
    browser.post("/preferences/", {"single_keys": "off", "next": "/review/"})
    assert b'data-keys="off"' in browser.get("/review/").content
    assert b'data-keys="off"' not in browse("reviewer2").get("/review/").content
    assert browser.post("/preferences/", {"layout": "sideways"}).status_code == 400
