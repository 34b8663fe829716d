"""Who is asking: a bearer token, or the browser's session."""

from datetime import UTC, datetime

import pytest
from django.test import Client

from reasoning.models import ApiToken
from reasoning.services import api_tokens
from tests.api.expectations import nothing_stored, problem

ADDRESS = "/api/v1/workspaces/"


def call(client, header):
    return client.get(ADDRESS, HTTP_AUTHORIZATION=header)


def test_a_token_is_enough(client, people):
    token = api_tokens.issue(user=people["analyst"], name="script")
    assert call(client, f"Bearer {token}").status_code == 200
    assert call(client, f"bearer  {token}").status_code == 200


def test_a_session_is_enough(client, people):
    client.force_login(people["analyst"])
    assert client.get(ADDRESS).status_code == 200


def test_without_either_the_answer_says_what_is_needed(client, db):
    answer = client.get(ADDRESS)
    problem(answer, 401, "not_authenticated")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


@pytest.mark.parametrize(
    "header",
    [
        "Bearer nonsense",
        "Bearer mag_0000000000.AAAA",
        "Bearer ",
        "Bearer",
        "Bearer a b",
        "Bearer \x00",
        "Bearer ключ",
        "Bearer " + "a" * 5000,
        "Basic YW5hbHlzdDpwYXNzd29yZA==",
        "Token abc",
        "garbage",
    ],
)
def test_anything_else_is_refused(client, db, header):
    answer = call(client, header)
    problem(answer, 401, "authentication_failed")
    assert answer["WWW-Authenticate"] == 'Bearer realm="api"'


def test_half_a_token_is_none(client, people):
    token = api_tokens.issue(user=people["analyst"], name="script")
    problem(call(client, f"Bearer {token[:-1]}"), 401, "authentication_failed")
    problem(call(client, f"Bearer {token}A"), 401, "authentication_failed")


@pytest.mark.parametrize("column", ["revoked_at", "expires_at"])
def test_a_token_that_is_over_is_refused(client, people, column):
    token = api_tokens.issue(user=people["analyst"], name="script")
    ApiToken.objects.filter(user=people["analyst"]).update(
        **{column: datetime(2026, 1, 1, tzinfo=UTC)}
    )
    problem(call(client, f"Bearer {token}"), 401, "authentication_failed")


def test_the_token_of_someone_deactivated_is_refused(client, people):
    token = api_tokens.issue(user=people["analyst"], name="script")
    people["analyst"].is_active = False
    people["analyst"].save()
    problem(call(client, f"Bearer {token}"), 401, "authentication_failed")


def test_a_session_cannot_write_without_the_csrf_token(people, registered):
    browser = Client(enforce_csrf_checks=True)
    browser.force_login(people["analyst"])
    body = {"workspace": "finance", "text": "Why?"}
    answer = browser.post("/api/v1/questions/", body, content_type="application/json")
    problem(answer, 403, "permission_denied")
    assert nothing_stored()


def test_a_bad_token_is_refused_even_with_a_session(client, people):
    client.force_login(people["analyst"])
    problem(call(client, "Bearer nonsense"), 401, "authentication_failed")


@pytest.mark.usefixtures("within_a_minute")
def test_calls_are_limited_by_person_and_the_answer_says_how_long_to_wait(client, people, settings):
    settings.API_RATE = 2
    token = f"Bearer {api_tokens.issue(user=people['admin'], name='busy')}"
    answers = [call(client, token) for _ in range(3)]
    assert [answer.status_code for answer in answers[:2]] == [200, 200]
    problem(answers[2], 429, "too_many_requests")
    assert answers[2]["Retry-After"] == "31"


@pytest.mark.usefixtures("within_a_minute")
def test_wrong_tokens_are_limited_by_address(client, db, settings):
    settings.API_ADDRESS_RATE = 2
    answers = [
        client.get(
            "/api/v1/questions/",
            headers={"Authorization": "Bearer guess"},
            REMOTE_ADDR="198.51.100.23",
        )
        for _ in range(3)
    ]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
