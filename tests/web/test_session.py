"""Signing in and out, and the look of the pages."""

import json

import pytest
from django.test import Client
from django.utils import timezone

from reasoning.models import AuditEvent, User
from tests.conftest import PASSWORD

PAGES = ["/", "/ask/", "/questions/", "/review/"]


def sign_in(client, username="analyst", password=PASSWORD, **data):
    return client.post("/sign-in/", {"login": username, "password": password, **data})


@pytest.mark.parametrize("page", PAGES)
def test_strangers_are_asked_to_sign_in(client, db, page):
    answer = client.get(page)
    assert answer.status_code == 302
    assert answer["Location"].startswith("/sign-in/?next=")


def test_signing_in_leads_back_and_is_recorded(client, people):
    answer = sign_in(client, next="/ask/")
    assert answer["Location"] == "/ask/"
    event = AuditEvent.objects.get(action="signed_in")
    assert event.actor_id == people["analyst"].pk


def test_signing_in_never_leads_elsewhere(client, people):
    assert sign_in(client, next="https://example.org/")["Location"] == "/"


def test_a_wrong_password_is_refused_and_recorded(client, people):
    answer = sign_in(client, password="guess")
    assert answer.status_code == 200
    assert b'id="errors"' in answer.content
    assert AuditEvent.objects.get(action="sign_in_failed").detail == "analyst"
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("locked_at", timezone.now(), b"locked"),
        ("is_service", True, b"wrong"),
        ("is_active", False, b""),
    ],
)
def test_the_locked_and_services_stay_outside(client, people, column, value, says):
    User.objects.filter(username="analyst").update(**{column: value})
    answer = sign_in(client)
    assert says in answer.content
    assert "_auth_user_id" not in client.session


def test_passwords_are_not_sent_back(client, people):
    assert b"guess-this" not in sign_in(client, password="guess-this").content


def test_signing_out_needs_a_post_and_is_recorded(browse):
    browser = browse("analyst")
    assert browser.get("/sign-out/").status_code == 405
    assert browser.post("/sign-out/")["Location"] == "/sign-in/"
    assert AuditEvent.objects.filter(action="signed_out").exists()
    assert browser.get("/").status_code == 302


def test_forms_without_their_token_are_refused(people):
    client = Client(enforce_csrf_checks=True)
    assert sign_in(client).status_code == 403


@pytest.fixture
def demonstration(people, settings, tmp_path):
    """What ``make run`` leaves for the sign-in page."""
    settings.DEMONSTRATION, settings.BASE_DIR = True, tmp_path
    settings.ACCOUNT_AUTHENTICATED_LOGIN_REDIRECTS = False
    logins = {
        name: {"username": name, "password": "three-random-words", "api_token": "t"}
        for name in ("analyst", "reviewer")
    }
    (tmp_path / ".run").mkdir()
    (tmp_path / ".run" / "demo.json").write_text(json.dumps({"people": logins}))


def test_demonstration_logins_are_shown_where_one_runs(client, demonstration):
    page = client.get("/sign-in/").content.decode()
    assert "three-random-words" in page
    assert "Amira Haddad" in page


def test_in_a_demonstration_one_goes_on_as_the_reviewer(browse, demonstration, trace):
    browser = browse("analyst")
    desk = f"/review/{trace.pk}/"
    address = f"/sign-in/?as=reviewer&next={desk}"
    page = browser.get(f"/questions/{trace.run.question_id}/").content.decode()
    assert f'href="{address.replace("&", "&amp;")}"' in page
    assert b'value="reviewer"' in browser.get(address).content
    answer = sign_in(browser, "reviewer", next=desk)
    assert answer["Location"] == desk
    assert browser.get(desk).status_code == 200


def test_demonstration_logins_are_never_shown_elsewhere(client, demonstration, settings):
    settings.DEMONSTRATION = False
    assert b"three-random-words" not in client.get("/sign-in/").content


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_theme_is_kept_in_the_browser(browse, theme):
    browser = browse("analyst")
    answer = browser.post("/theme/", {"theme": theme, "next": "/questions/"})
    assert answer["Location"] == "/questions/"
    assert f'data-theme="{theme}"' in browser.get("/questions/").content.decode()
    browser.post("/theme/", {"theme": ""})
    assert "data-theme=" not in browser.get("/questions/").content.decode()


def test_a_theme_that_is_none_is_ignored(browse):
    browser = browse("analyst")
    browser.cookies["theme"] = '"><script>'
    assert "<script>" not in browser.get("/questions/").content.decode()


def test_pages_of_people_are_not_kept_by_caches(browse):
    assert browse("analyst").get("/")["Cache-Control"] == "private, no-store"


def test_the_policy_forbids_inline_scripts(browse):
    policy = browse("analyst").get("/")["Content-Security-Policy"]
    assert "unsafe-inline" not in policy
    assert "frame-ancestors 'none'" in policy
