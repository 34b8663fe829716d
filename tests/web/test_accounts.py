"""Ways of signing in, what keeps others out, and one's own security page."""

import html
import json
import re
import time
from types import SimpleNamespace

import pytest
from allauth.mfa.models import Authenticator as Factor
from allauth.mfa.totp.internal import auth as totp
from allauth.mfa.utils import decrypt
from allauth.usersessions.models import UserSession
from django.test import Client
from django.urls import get_resolver

from reasoning.models import ApiToken, AuditEvent, Change, User
from reasoning.services import api_tokens, credentials, limits
from reasoning.services.addresses import address_of
from tests.authenticator import Authenticator
from tests.conftest import PASSWORD

AT = {"HTTP_HOST": "testserver", "secure": True}


@pytest.fixture
def browser(people):
    """The reviewer, signed in on the sign-in page."""
    client = Client()
    assert sign_in(client).status_code == 302
    return client


def sign_in(client, username="reviewer", password=PASSWORD, **more):
    return client.post("/sign-in/", {"login": username, "password": password, **more}, **AT)


def confirm(client):
    answer = client.post("/security/confirm/", {"password": PASSWORD, "next": "/security/"}, **AT)
    assert answer["Location"] == "/security/"


def code_of(user, ahead=0):
    app = Factor.objects.get(user=user, type="totp")
    step = int(time.time()) // 30 + ahead
    return totp.format_hotp_value(totp.hotp_value(decrypt(app.data["secret"]), step))


def set_up_app(client):
    confirm(client)
    client.get("/security/app/", **AT)
    secret = client.session["mfa.totp.secret"]
    code = totp.format_hotp_value(totp.hotp_value(secret, int(time.time()) // 30))
    answer = client.post("/security/app/", {"code": code}, **AT)
    assert answer["Location"] == "/security/recovery/"


def options_of(page):
    found = re.search(r'data-options="([^"]+)"', page.content.decode())
    return json.loads(html.unescape(found[1]))


def register(client, **how):
    """Register a passkey as the security page does."""
    confirm(client)
    key = Authenticator(**how)
    made = key.create(options_of(client.get("/security/passkeys/add/", **AT)))
    form = {"name": "My key", "credential": json.dumps(made)}
    return key, client.post("/security/passkeys/add/", form, **AT)


def signed_in(client):
    return "_auth_user_id" in client.session


def events(*actions):
    return list(AuditEvent.objects.filter(action__in=actions).values_list("action", "code"))


# One-time codes ---------------------------------------------------------------------------------


def test_an_app_is_a_second_step_and_each_code_is_good_once(browser, people):
    set_up_app(browser)
    assert ("factor_added", "totp") in events("factor_added")
    secret = Factor.objects.get(type="totp").data["secret"]
    assert len(secret) > 100, "it is stored encrypted"

    client = Client()
    assert sign_in(client)["Location"] == "/sign-in/code/"
    assert not signed_in(client)
    assert client.get("/ask/", **AT).status_code == 302
    code = code_of(people["reviewer"])
    assert client.post("/sign-in/code/", {"code": code}, **AT).status_code == 302
    assert signed_in(client)
    assert ("signed_in", "password, totp") in events("signed_in")

    again = Client()
    sign_in(again)
    assert b"The code is wrong" in again.post("/sign-in/code/", {"code": code}, **AT).content
    assert not signed_in(again)
    recovery = Factor.objects.get(type="recovery_codes").wrap().get_unused_codes()[0]
    again.post("/sign-in/code/", {"code": recovery}, **AT)
    assert signed_in(again)


def test_wrong_codes_lock_the_account_as_wrong_passwords_do(browser, people):
    set_up_app(browser)
    client = Client()
    sign_in(client, password="guess")
    sign_in(client)
    assert User.objects.get(username="reviewer").failed_credentials == 0
    for _ in range(5):
        answer = client.post("/sign-in/code/", {"code": "000000"}, **AT)
    answer = client.post("/sign-in/code/", {"code": code_of(people["reviewer"], 1)}, **AT)
    assert b"This account is locked" in answer.content
    assert not signed_in(client)
    assert events("account_locked")


# Passkeys ---------------------------------------------------------------------------------------


def test_a_passkey_signs_in_alone(browser, people):
    key, answer = register(browser)
    assert answer.status_code == 302
    client = Client()
    options = client.get("/sign-in/passkey/options/", **AT).json()
    assert options["publicKey"]["userVerification"] == "required"
    form = {"credential": json.dumps(key.get(options))}
    assert client.post("/sign-in/passkey/", form, **AT).status_code == 302
    assert client.session["_auth_user_id"] == str(people["reviewer"].pk)


@pytest.mark.parametrize(
    "change", [{"origin": "https://evil.example"}, {"flags": 1}, {"key": Authenticator().key}]
)
def test_a_passkey_that_misbehaves_does_not(browser, change):
    key, _answer = register(browser)
    vars(key).update(change)
    client = Client()
    options = client.get("/sign-in/passkey/options/", **AT).json()
    client.post("/sign-in/passkey/", {"credential": json.dumps(key.get(options))}, **AT)
    assert not signed_in(client)


@pytest.mark.parametrize(
    ("column", "value"), [("is_active", False), ("locked_at", "2026-01-01T00:00Z")]
)
def test_a_passkey_of_somebody_locked_out_does_not(browser, column, value):
    key, _answer = register(browser)
    User.objects.filter(username="reviewer").update(**{column: value})
    client = Client()
    options = client.get("/sign-in/passkey/options/", **AT).json()
    client.post("/sign-in/passkey/", {"credential": json.dumps(key.get(options))}, **AT)
    assert not signed_in(client)


def test_at_a_bare_number_there_are_no_passkeys_and_the_page_says_why(browser):
    page = browser.get("/security/", HTTP_HOST="127.0.0.1:8000").content.decode()
    assert "Browsers allow passkeys at names only" in page
    assert "/security/passkeys/add/" not in page


def test_ways_in_are_changed_only_after_saying_again_who_one_is(browser):
    for page in ("app/", "passkeys/add/", "recovery/new/"):
        answer = browser.get(f"/security/{page}", **AT)
        assert answer["Location"].startswith("/security/confirm/?next=")


# The lock ---------------------------------------------------------------------------------------


def test_five_failures_lock_signing_in_and_nothing_tells_right_from_wrong(client, people):
    for _ in range(5):
        sign_in(client, password="guess")
    assert b"This account is locked" in sign_in(client).content
    assert b"This account is locked" in sign_in(client, password="guess").content
    assert events("account_locked") == [("account_locked", "")]


def test_a_lock_can_end_by_itself_and_that_is_recorded(client, people, settings):
    User.objects.filter(username="reviewer").update(locked_at="2026-01-01T00:00Z")
    settings.LOCK_MINUTES = 30
    assert sign_in(client).status_code == 302
    change = Change.objects.get(field="locked")
    assert (change.actor_kind, change.old[:10], change.new) == ("system", "2026-01-01", "")


# Sessions ---------------------------------------------------------------------------------------


def test_after_a_while_without_a_request_everything_is_needed_again(browser, settings):
    settings.IDLE_MINUTES = 15
    session = browser.session
    session["seen_at"] = time.time() - 16 * 60
    session.save()
    answer = browser.get("/review/", **AT)
    assert answer["Location"].startswith("/sign-in/?next=/review/")
    assert b"You were away for a while" in browser.get("/sign-in/", **AT).content
    assert AuditEvent.objects.get(action="signed_out").detail == "idle"


def test_a_session_in_use_goes_on_until_the_day_is_over(browser, settings):
    session = browser.session
    session["seen_at"] = time.time() - 14 * 60
    session.save()
    assert browser.get("/review/", **AT).status_code == 200
    session = browser.session
    assert session["seen_at"] > time.time() - 60
    session["began_at"] = time.time() - settings.SESSION_COOKIE_AGE - 1
    session.save()
    assert browser.get("/review/", **AT).status_code == 302


def test_sessions_can_be_seen_and_ended(browser):
    other = Client()
    sign_in(other)
    assert b"this one" in browser.get("/security/", **AT).content
    foreign = Client()
    sign_in(foreign, "analyst")
    theirs = UserSession.objects.get(user__username="analyst")
    assert browser.post(f"/security/sessions/{theirs.pk}/end/", **AT).status_code == 404
    browser.post("/security/sessions/end/", **AT)
    assert other.get("/review/", **AT).status_code == 302
    assert foreign.get("/questions/", **AT).status_code == 200
    assert browser.get("/review/", **AT).status_code == 200
    assert events("session_ended")


def test_a_new_password_ends_the_other_sessions(browser, people):
    other = Client()
    sign_in(other)
    form = {"oldpassword": "guess", "password1": "a long new one", "password2": "a long new one"}
    assert b"The password is wrong" in browser.post("/security/password/", form, **AT).content
    answer = browser.post("/security/password/", {**form, "oldpassword": PASSWORD}, **AT)
    assert answer["Location"] == "/security/"
    assert other.get("/review/", **AT).status_code == 302
    assert browser.get("/review/", **AT).status_code == 200
    assert credentials.sign_in(username="reviewer", password="a long new one")


def test_tokens_are_shown_once_and_revoked(browser, people):
    page = browser.post("/security/tokens/", {"name": "For the archive"}, **AT).content.decode()
    token = re.search(r"mag_\w+\.[\w-]+", page)[0]
    assert api_tokens.user_of(token) == people["reviewer"]
    assert token not in browser.get("/security/", **AT).content.decode()
    kept = ApiToken.objects.get(name="For the archive")
    other = Client()
    sign_in(other, "analyst")
    assert other.post(f"/security/tokens/{kept.pk}/revoke/", **AT).status_code == 404
    browser.post(f"/security/tokens/{kept.pk}/revoke/", **AT)
    assert api_tokens.user_of(token) is None
    assert len(events("token_issued", "token_revoked")) == 2


# Strangers, crowds and policies -----------------------------------------------------------------


def test_nobody_signs_up_or_resets_a_password_by_mail(client, db):
    for path in ("/signup/", "/accounts/signup/", "/sign-up/", "/password/reset/"):
        assert client.get(path).status_code == 404


@pytest.mark.usefixtures("within_a_minute")
def test_signing_in_is_limited_by_address(client, people, settings):
    settings.SIGN_IN_RATE, settings.TRUSTED_PROXIES = 2, 1
    crowd = {"HTTP_X_FORWARDED_FOR": f"9.9.9.9, 10.0.0.{time.time_ns() % 250}"}
    form = {"login": f"nobody{time.time_ns()}", "password": "guess"}
    answers = [client.post("/sign-in/", form, **crowd) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert answers[-1]["Retry-After"] == "31"
    spared = client.post("/sign-in/", form, HTTP_X_FORWARDED_FOR="9.9.9.9, 192.0.2.1")
    assert spared.status_code == 200


def test_without_redis_people_sign_in_and_the_lock_still_guards(client, people, settings):
    settings.SIGN_IN_RATE, settings.REDIS_URL = 1, "redis://127.0.0.1:1/0"
    limits._counter.cache_clear()
    for _ in range(5):
        assert sign_in(client, password="guess").status_code == 200
    assert b"This account is locked" in sign_in(client).content


def test_every_page_sends_the_policy(browser, trace):
    """Whatever address, whatever answer: no inline exceptions, and the headers stand."""
    pages = [*paths(), "/nothing/"]
    assert len(pages) > 25
    for path in pages:
        answer = browser.get(path.format(id=trace.pk), **AT)
        policy = answer["Content-Security-Policy"]
        assert "unsafe" not in policy, path
        assert "default-src 'self'" in policy, path
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["X-Frame-Options"] == "DENY"
        assert answer["Permissions-Policy"]


def paths(patterns=None, prefix="/"):
    """Every address of the portal and the frame, with an id where one belongs."""
    for pattern in patterns or get_resolver().url_patterns:
        path = prefix + re.sub(r"<[^>]*uuid[^>]*>", "{id}", str(pattern.pattern))
        path = re.sub(r"<int:[^>]*>", "1", path)
        if hasattr(pattern, "url_patterns"):
            if not path.startswith(("/api/", "/log/")):
                yield from paths(pattern.url_patterns, path)
        elif "<" not in path:
            yield path


def test_the_clients_address_is_seen_past_our_own_proxies_only(rf, settings):
    request = rf.get("/", HTTP_X_FORWARDED_FOR="6.6.6.6, 192.0.2.7, 10.0.0.2")
    found = SimpleNamespace()
    for proxies in (0, 1, 2, 9):
        settings.TRUSTED_PROXIES = proxies
        setattr(found, f"with_{proxies}", address_of(request))
    assert vars(found) == {
        "with_0": "127.0.0.1",
        "with_1": "10.0.0.2",
        "with_2": "192.0.2.7",
        "with_9": "127.0.0.1",
    }
