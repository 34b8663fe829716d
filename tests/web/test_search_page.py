"""The page of searches, and the same over the API."""

import html
import re

import pytest

from reasoning.models import AuditEvent, SavedView
from reasoning.services import questions, search_index, search_pages
from reasoning.services.exports import CAPTION


@pytest.fixture
def trace(trace):
    """A trace that is indexed, as the reaper does it a moment later."""
    search_index.catch_up(seconds=10)
    return trace


@pytest.fixture
def page(browse):
    def read(address, name="auditor"):
        answer = browse(name).get(address)
        assert answer.status_code == 200, address
        return answer.content.decode()

    return read


def test_matches_are_marked_and_escaped(page, people, registered):
    text = "متى يجب على المصرف <b>التحقق</b> من هوية العميل؟"
    asked = questions.Asked(workspace="finance", text=text, language="ar")
    question = questions.submit(user=people["analyst"], asked=asked).question
    shown = page("/search/?q=هوية")
    assert f'href="/questions/{question.pk}/"' in shown
    assert "<mark>هوية</mark>" in shown
    assert "&lt;b&gt;" in shown
    assert 'lang="ar" dir="rtl"' in shown


def test_what_was_looked_for_is_recorded(page, trace):
    assert str(trace.pk) in page("/search/?q=answer&kind=trace&after=")
    assert CAPTION in page("/search/?q=answer&kind=trace")
    assert CAPTION not in page("/search/?q=pourquoi")
    event = AuditEvent.objects.filter(action="searched").earliest("recorded_at", "id")
    assert (event.detail, event.place, event.actor_name) == (
        "q=answer&kind=trace",
        "page",
        "Elena Petrova",
    )
    page("/search/")
    assert AuditEvent.objects.filter(action="searched").count() == 3


def test_identifiers_come_first(page, trace):
    shown = page(f"/search/?q={trace.pk}")
    assert "With this identifier" in shown
    assert f'href="/traces/{trace.pk}/"' in shown


def test_what_cannot_be_looked_for_is_said(page, trace):
    assert "at most 20 words" in page("/search/?q=" + "word+" * 21)
    assert "not looked for" in page("/search/?q=%E2%80%94")
    assert "Nothing matches" in page("/search/?q=mortgage")


def test_a_search_that_ended_early_says_so_and_goes_on(
    page, people, registered, client_for, monkeypatch
):
    for text in ("Is account a number?", "Which number is account?", "Is account a number, then?"):
        asked = questions.Asked(workspace="finance", text=text, language="en")
        questions.submit(user=people["analyst"], asked=asked)
    monkeypatch.setattr(search_pages, "LOOKED_AT", 1)
    phrase = "%22number+is+account%22"
    for address in (f"/search/?q={phrase}", f"/questions/?search={phrase}"):
        shown = page(address)
        assert "have been looked at" in shown
        assert "Nothing matches" not in shown
        assert "No question matches" not in shown
        rest = page(address.partition("?")[0] + rest_of(shown))
        assert "Which number is account" in re.sub("</?mark>", "", rest)
    api = client_for(people["auditor"])
    first = api.get(f"/api/v1/search/?q={phrase}").json()
    assert first["results"] == []
    assert first["looked_back_to"]
    assert len(api.get(first["next"]).json()["results"]) == 1


def rest_of(shown):
    [address] = re.findall(r'rel="next" href="([^"]+)"', shown)
    return html.unescape(address)


def test_searches_are_kept_beside_the_queues_views(browse, people, trace):
    browser = browse("reviewer")
    kept = {"name": "Answers", "query": "q=answer&unknown=1"}
    assert browser.post("/search/save/", kept).headers["Location"] == "/search/?q=answer"
    view = SavedView.objects.get()
    assert (view.page, view.query) == ("search", "q=answer")
    assert "Answers" in browser.get("/search/?q=answer").content.decode()
    assert "Answers" not in browser.get("/review/").content.decode()
    browser.post(f"/search/{view.pk}/forget/")
    assert not SavedView.objects.exists()


def test_who_reads_nothing_is_refused(browse, outsider, trace):
    assert outsider.get("/search/?q=answer").status_code == 403
    assert browse("admin").get("/search/?q=answer").status_code == 403
    assert AuditEvent.objects.filter(action="refused").count() == 2


def test_the_api_finds_the_same(client_for, people, trace):
    api = client_for(people["auditor"])
    found = api.get("/api/v1/search/", {"q": "answer", "page_size": 1}).json()
    [hit] = found["results"]
    assert (hit["kind"], hit["id"], hit["workspace"]) == ("trace", str(trace.pk), "finance")
    [match] = hit["excerpt"]["matches"]
    assert hit["excerpt"]["text"][match["start"] : match["end"]] == "answer"
    assert found["next"] is None
    event = AuditEvent.objects.get(action="searched")
    assert (event.place, event.detail) == ("api", "q=answer&page_size=1")
    exact = api.get("/api/v1/search/", {"q": "AML-7"}).json()["results"]
    assert [one["kind"] for one in exact] == ["question"]
    refused = api.get("/api/v1/search/", {"workspace": "nowhere"})
    assert refused.status_code == 400
    assert refused.json()["errors"][0]["field"] == "workspace"
    assert client_for(people["admin"]).get("/api/v1/search/").json()["results"] == []
