"""Which language the interface speaks, and that it speaks it throughout."""

import re
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from html.parser import HTMLParser

import pytest
from django.test import Client
from django.utils import translation

from catalogues.files import Translations, compiled
from reasoning.models import Preference
from reasoning.templatetags import reading
from tests import pseudo
from tests.conftest import PASSWORD

LANGUAGES = [("en", "English"), ("ar", "Arabic"), ("fr", "French")]


@pytest.fixture(scope="session")
def arabic():
    return pseudo.pseudo("ar")


@pytest.fixture
def tongues(settings, tmp_path, arabic):
    """Three languages: English, all of a pretended Arabic, and some words of French."""
    french = Translations("fr")
    french.add("Ask", "Demander")
    french.add("Not found", "Introuvable")
    french.add("Some fields need another value. Nothing was stored.", "À corriger.")
    french.add("This is too long: at most %(limit)s characters.", "Trop long : %(limit)s.")
    pseudo.write(tmp_path, "ar", arabic)
    pseudo.write(tmp_path, "fr", compiled("fr", french))
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = LANGUAGES
    yield
    translation.deactivate()


def opening(answer):
    return re.search(r'<html lang="(\w+)" dir="(\w+)"', answer.content.decode()).groups()


def test_visitors_have_what_their_browser_asks_for_until_they_choose(client, db, tongues):
    asked = {"HTTP_ACCEPT_LANGUAGE": "ar-EG,ar;q=0.9,en;q=0.1"}
    assert opening(client.get("/sign-in/")) == ("en", "ltr")
    assert opening(client.get("/sign-in/", HTTP_ACCEPT_LANGUAGE="it, en;q=0.5")) == ("en", "ltr")
    page = client.get("/sign-in/", **asked)
    assert opening(page) == ("ar", "rtl")
    assert '<option value="fr" lang="fr">Français</option>' in page.content.decode()
    answer = client.post("/language/", {"language": "fr", "next": "/sign-in/?next=/ask/"}, **asked)
    assert answer["Location"] == "/sign-in/?next=/ask/"
    assert opening(client.get("/sign-in/", **asked)) == ("fr", "ltr")
    client.post("/language/", {"language": "tlh", "next": "/sign-in/"})
    assert opening(client.get("/sign-in/", **asked)) == ("fr", "ltr")


def test_a_choice_follows_its_person_to_every_device(browse, people, tongues):
    here, there = browse("analyst"), browse("analyst")
    assert ">Ask<" in there.get("/").content.decode()
    here.post("/language/", {"language": "fr", "next": "/"})
    assert Preference.objects.get(user=people["analyst"]).language == "fr"
    page = there.get("/", HTTP_ACCEPT_LANGUAGE="ar")
    assert opening(page) == ("fr", "ltr")
    assert ">Demander<" in page.content.decode()
    assert page["Content-Language"] == "fr"
    newcomer = Client(HTTP_ACCEPT_LANGUAGE="ar")
    newcomer.post("/sign-in/", {"login": "analyst", "password": PASSWORD})
    assert opening(newcomer.get("/")) == ("fr", "ltr")
    assert opening(browse("reviewer").get("/")) == ("en", "ltr")


def test_a_language_that_is_no_longer_offered_is_passed_over(browse, tongues, settings):
    browser = browse("analyst")
    browser.post("/language/", {"language": "ar"})
    settings.LANGUAGES = [("en", "English"), ("fr", "French")]
    assert opening(browser.get("/", HTTP_ACCEPT_LANGUAGE="fr")) == ("fr", "ltr")


def test_what_is_not_offered_cannot_be_chosen(browse, tongues):
    assert browse("analyst").post("/language/", {"language": "tlh"}).status_code == 400
    assert not Preference.objects.filter(language="tlh").exists()


def test_the_choice_is_not_shown_where_there_is_none(browse, settings):
    settings.LANGUAGES = LANGUAGES[:1]
    assert "interface-language" not in browse("analyst").get("/").content.decode()
    assert 'lang="en"' in browse("analyst").get("/").content.decode()


def test_problems_of_the_api_speak_the_language_that_is_asked_for(client_for, people, tongues):
    """Sentences of core are marked there and translated here, and their data is filled in."""
    asked, api = {"HTTP_ACCEPT_LANGUAGE": "fr"}, client_for(people["analyst"])
    absent = api.get("/api/v1/traces/00000000-0000-7000-8000-000000000000/", **asked)
    assert (absent.json()["title"], absent.json()["code"]) == ("Introuvable", "not_found")
    wrong = api.post("/api/v1/questions/", {"text": ""}, "json", **asked)
    assert wrong.json()["detail"] == "À corriger."
    assert api.get("/api/v1/traces/nothing/").json()["title"] == "Not found"


@pytest.mark.parametrize(
    ("language", "shown"),
    [
        ("en", ("1,234,567", "12.3 s", "0.7", "1234")),
        ("fr", ("1 234 567", "12,3 s", "0.7", "1234")),
        ("de", ("1.234.567", "12,3 s", "0.7", "1234")),
        ("es", ("1 234 567", "12,3 s", "0.7", "1234")),
        ("ar", ("1,234,567", "12.3 s", "0.7", "1234")),
        ("ja", ("1,234,567", "12.3 s", "0.7", "1234")),
    ],
)
def test_numbers_are_the_languages_and_evidence_is_not(language, shown):
    with translation.override(language):
        written = reading.number(1234567), re.sub("[^\\d.,]+$", "", reading.seconds(12345)) + " s"
        exact = reading.normalized(Decimal("0.70")), reading.unlocalized(1234)
    assert (written[0].replace("\xa0", " "), written[1], *exact) == shown


def test_times_of_evidence_are_utc_in_every_language():
    moment = datetime(2026, 11, 23, 14, 5, 6, tzinfo=timezone(timedelta(hours=9)))
    with translation.override("ar"):
        assert ">2026-11-23 05:05:06 UTC</time>" in reading.utc(moment)


# Every word passes gettext ------------------------------------------------------------------------


class Words(HTMLParser):
    """Texts of a page that are in no foreign language and not marked as names or code."""

    OTHER = {"bdi", "code", "time", "pre", "kbd", "script", "style", "textarea", "mark"}
    EMPTY = {"meta", "link", "input", "img", "br", "hr", "use", "path", "wbr"}

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[bool] = []
        self.found: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag, attributes):
        said = dict(attributes)
        if tag not in self.EMPTY:
            self.open.append(tag in self.OTHER or said.get("lang", "ar") != "ar" or "dir" in said)
            self.open[-1] &= tag != "html"
        if not any(self.open):
            names = ("title", "alt", "aria-label", "placeholder")
            self.found += [said[name] for name in names if said.get(name)]

    def handle_endtag(self, tag):
        if tag not in self.EMPTY:
            self.open.pop()

    def handle_data(self, data):
        if not any(self.open):
            self.found.append(data.strip())


NAMES = re.compile(
    "Magistral( Audit)?|Audit$|Finance|Healthcare|Legal|Claire Fontaine|Kenji Mori|Amira Haddad"
    r"|Français|default(@1)?|magistral-recommended(@1)?|magistral-small-2506(@1)?|demonstration"
    r"|mistralai/\S+|vllm [.\d]+|SHA-256"
    "|temperature|top_p|max_tokens|seed|[0-9a-f-]{36,}"
)
"""What people, things and parameters are called, in every language."""


def left_in_english(page):
    texts = [NAMES.sub("", text) for text in Words(page).found]
    return {text for text in texts if re.search("[A-Za-z]{2}", text)}


def pages(trace, registered):
    """Addresses by the person who looks at them."""
    run = trace.run
    versions = {
        "prompts": registered.prompt,
        "sampling-profiles": registered.profile,
        "deployments": registered.deployment,
    }
    return {
        "analyst": [
            "/",
            "/ask/",
            f"/ask/?follows={run.question.pk}",
            "/questions/",
            f"/questions/{run.question.pk}/",
            f"/traces/{trace.pk}/",
            f"/traces/{trace.pk}/tokens/",
            "/exports/",
            "/security/",
        ],
        "reviewer": ["/", "/review/", f"/review/{trace.pk}/", f"/review/{trace.pk}/sign/"],
        "auditor": ["/", "/registry/prompts/", "/registry/incidents/", "/workspaces/finance/"],
        "admin": [
            "/people/",
            "/people/invite/",
            f"/people/{run.actor_id}/",
            "/workspaces/",
            "/workspaces/finance/change/",
            *(f"/registry/{noun}/{version.pk}/" for noun, version in versions.items()),
        ],
    }


def test_every_page_speaks_one_language(browse, people, trace, registered, tongues):
    """Whatever is shown in Latin letters has not passed gettext."""
    left = {}
    for name, paths in pages(trace, registered).items():
        browser = browse(name)
        browser.post("/language/", {"language": "ar"})
        if name == "reviewer":
            browser.post(f"/review/{trace.pk}/start/")
        for path in paths:
            answer = browser.get(path)
            assert (path, answer.status_code, opening(answer)) == (path, 200, ("ar", "rtl"))
            left[path] = left_in_english(answer.content.decode())
    assert {path: texts for path, texts in left.items() if texts} == {}
