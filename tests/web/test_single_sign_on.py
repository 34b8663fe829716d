"""Single sign-on against a small OpenID Connect provider that signs real tokens."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest
from allauth.socialaccount.providers import registry
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from cryptography.hazmat.primitives.asymmetric import rsa
from django.test import Client
from django.urls import clear_url_caches, include, path

from magistral_audit import urls
from reasoning.models import AuditEvent, User
from tests.web.test_accounts import AT

PERSON = {"sub": "idp-7", "email": "claire@example.org", "email_verified": True, "name": "C. F."}


class Provider(BaseHTTPRequestHandler):
    """Discovery, keys, tokens and user information; authorization is played by the test."""

    def log_message(self, *_args):
        return

    def _send(self, body):
        data = json.dumps(body).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def do_GET(self):
        issuer = self.server.issuer
        if self.path.endswith("/openid-configuration"):
            self._send(
                {
                    "issuer": issuer,
                    "authorization_endpoint": f"{issuer}/authorize",
                    "token_endpoint": f"{issuer}/token",
                    "userinfo_endpoint": f"{issuer}/userinfo",
                    "jwks_uri": f"{issuer}/keys",
                    "token_endpoint_auth_methods_supported": ["client_secret_post"],
                }
            )
        else:
            self._send(self.server.person)

    def do_POST(self):
        size = int(self.headers["Content-Length"])
        asked = {
            name: values[0] for name, values in parse_qs(self.rfile.read(size).decode()).items()
        }
        self.server.asked.append(asked)
        now = int(time.time())
        claims = {**self.server.person, "iss": self.server.issuer, "aud": asked["client_id"]}
        token = jwt.encode(
            {**claims, "iat": now, "exp": now + 60}, self.server.key, "RS256", {"kid": "1"}
        )
        self._send({"access_token": "a", "token_type": "Bearer", "id_token": token})


@pytest.fixture
def provider(settings, people):
    """A provider, and this service set up for it as OIDC_URL would."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Provider)
    server.issuer = f"http://127.0.0.1:{server.server_port}"
    server.key = rsa.generate_private_key(65537, 2048)
    server.person, server.asked = dict(PERSON), []
    threading.Thread(target=server.serve_forever, daemon=True).start()
    app = {
        "provider_id": "sso",
        "name": "House",
        "client_id": "magistral",
        "secret": "s3cret",
        "settings": {"server_url": server.issuer},
    }
    settings.OIDC = {"name": "House"}
    settings.SOCIALACCOUNT_PROVIDERS = {
        "openid_connect": {"OAUTH_PKCE_ENABLED": True, "APPS": [app]}
    }
    registry.register(OpenIDConnectProvider)
    more = path("", include("allauth.socialaccount.providers.openid_connect.urls"))
    urls.urlpatterns.append(more)
    clear_url_caches()
    yield server
    urls.urlpatterns.remove(more)
    clear_url_caches()
    registry.provider_map.pop("openid_connect")
    server.shutdown()
    server.server_close()


@pytest.fixture
def come(provider):
    """Come back from the provider with a code, as a browser would."""

    def run(client, **change):
        away = client.get("/oidc/sso/login/?next=/review/", **AT)
        asked = {
            name: values[0] for name, values in parse_qs(urlsplit(away["Location"]).query).items()
        }
        assert away["Location"].startswith(f"{provider.issuer}/authorize?")
        assert asked["code_challenge_method"] == "S256"
        back = {"code": "c", "state": asked["state"], **change}
        return client.get("/oidc/sso/login/callback/", back, **AT)

    return run


def signed_in(client):
    return client.session.get("_auth_user_id")


def test_whom_the_provider_vouches_for_signs_in_and_is_linked(client, come, provider, people):
    assert b'Sign in with <bdi dir="auto">House</bdi>' in client.get("/sign-in/", **AT).content
    User.objects.filter(username="reviewer").update(email="Claire@Example.org")
    assert come(client)["Location"] == "/review/"
    assert signed_in(client) == str(people["reviewer"].pk)
    assert provider.asked[0]["code_verifier"]
    assert AuditEvent.objects.get(action="factor_added").code == "oidc"
    assert AuditEvent.objects.get(action="signed_in").code == "socialaccount"
    provider.person["email"] = "new@example.org"
    again = Client()
    come(again)
    assert signed_in(again) == str(people["reviewer"].pk)


@pytest.mark.parametrize(
    "change",
    [{"email": "stranger@example.org"}, {"email_verified": False}, {"email": ""}],
)
def test_strangers_stay_strangers(client, come, provider, people, change):
    User.objects.filter(username="reviewer").update(email="claire@example.org")
    provider.person.update(change)
    before = User.objects.count()
    assert come(client)["Location"] == "/sign-in/"
    assert not signed_in(client)
    assert User.objects.count() == before
    assert b"Nobody here has this account" in client.get("/sign-in/", **AT).content


@pytest.mark.parametrize("change", [{"is_active": False}, {"locked_at": "2026-01-01T00:00Z"}])
def test_who_is_locked_out_here_stays_out(client, come, change):
    User.objects.filter(username="reviewer").update(email="claire@example.org", **change)
    come(client)
    assert not signed_in(client)


def test_an_answer_that_was_not_asked_for_signs_nobody_in(client, come, people):
    User.objects.filter(username="reviewer").update(email="claire@example.org")
    come(client, state="invented")
    assert not signed_in(client)


def test_without_a_provider_there_is_no_such_way(client, db):
    assert client.get("/oidc/sso/login/").status_code == 404
    assert b"Sign in with" not in client.get("/sign-in/", HTTP_HOST="127.0.0.1").content
