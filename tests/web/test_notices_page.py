"""The page of notices, and the bell that leads to it."""

import re

import pytest

from reasoning.models import AuditEvent, Entry, Preference
from reasoning.services import annotating, claims, notices
from tests.services.test_listing import multiply
from tests.services.test_review import sign

NEW = re.compile(r'class="nav-count">([0-9+]+)<span class="visually-hidden"> new</span>')
MARK = re.compile(r"</svg>\s*new</span>")


def counted(browser, address="/help/"):
    """What the bell says on a page; empty when it says nothing."""
    found = NEW.search(browser.get(address).content.decode())
    return found[1] if found else ""


def marked(browser, address="/notices/"):
    """How many lines there are on a page, and how many of them are marked as new."""
    page = browser.get(address).content.decode()
    return page.count('<li class="row">'), len(MARK.findall(page))


def test_an_empty_page_says_what_will_appear(browse, outsider):
    for browser in (browse("analyst"), outsider):
        page = browser.get("/notices/").content.decode()
        assert "Nothing has happened yet" in page
        assert counted(browser) == ""


def test_it_asks_to_sign_in(client):
    assert client.get("/notices/")["Location"].startswith("/sign-in/")


def test_what_happened_is_told_with_who_and_a_way_to_it(browse, people, trace):
    sign(people, trace, meaning="rejected")
    page = browse("analyst").get("/notices/").content.decode()
    assert f'href="/questions/{trace.question_id}/"' in page
    for words in ("rejected", "Claire Fontaine", "Combien font deux", "AML-7"):
        assert words in page
    assert "Two and two" not in page


def test_opening_the_page_is_looking_and_leaves_the_evidence_alone(browse, trace):
    browser = browse("analyst")
    assert counted(browser) == "1"
    before = AuditEvent.objects.count(), Entry.objects.count()
    assert marked(browser) == (1, 1)
    assert (AuditEvent.objects.count(), Entry.objects.count()) == before
    assert marked(browser) == (1, 0)
    assert counted(browser) == ""
    assert counted(browse("reviewer")) == ""


def test_the_bell_counts_to_nine(browse, trace):
    multiply(trace.run.question, 8)
    assert counted(browse("analyst")) == "9"
    multiply(trace.run.question, 1)
    assert counted(browse("analyst")) == "9+"


def test_the_next_page_marks_what_was_new_on_the_first(browse, trace):
    multiply(trace.run.question, notices.PAGE_SIZE)
    browser = browse("analyst")
    first = browser.get("/notices/").content.decode()
    [rest] = re.findall(r'rel="next" href="([^"]+)"', first)
    assert marked(browser, "/notices/" + rest.replace("&amp;", "&")) == (1, 1)
    seen = Preference.objects.get(user__username="analyst").notices_seen_at
    browser.get("/notices/")
    assert Preference.objects.get(user__username="analyst").notices_seen_at == seen


@pytest.mark.parametrize("seen", ["", "x", "2026-02-31T00:00:00Z", "2026-02-01T00:00:00"])
def test_an_odd_mark_in_the_address_marks_nothing(browse, people, trace, seen):
    multiply(trace.run.question, notices.PAGE_SIZE)
    after = notices.find(user=people["analyst"]).cursor
    address = f"/notices/?after={after}&seen={seen}"
    assert marked(browse("analyst"), address) == (1, 0)


def test_a_cursor_of_elsewhere_is_refused(browse):
    assert browse("analyst").get("/notices/?after=x").status_code == 400


def test_reviews_lead_to_the_desk_and_replies_to_notes(browse, people, trace, pass_time):
    note = annotating.annotate(user=people["reviewer2"], trace=trace, part="whole", note="Hm.")
    claims.claim(user=people["reviewer"], trace=trace)
    claims.hand_over(user=people["reviewer"], trace=trace, to=people["reviewer2"], reason="Leave.")
    pass_time()
    annotating.annotate(
        user=people["analyst"], trace=trace, part="whole", note="Secret.", reply_to=note.pk
    )
    browser = browse("reviewer2")
    page = browser.get("/notices/").content.decode()
    assert page.index("reply to your note") < page.index("review handed over to you")
    assert f'href="/traces/{trace.pk}/#notes-title"' in page
    assert f'href="/review/{trace.pk}/"' in page
    assert "Secret." not in page
    assert "Leave." not in page
    assert 'id="notes-title"' in browser.get(f"/traces/{trace.pk}/").content.decode()
    assert browser.get(f"/review/{trace.pk}/").status_code == 200
