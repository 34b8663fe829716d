"""The demonstration's people at a second start: what they were given stays, unless changed."""

import pytest

from reasoning.management.commands import seed_demo
from reasoning.models import User
from reasoning.services import seeding
from tests.engine.fake import serving

pytestmark = pytest.mark.django_db


@pytest.fixture
def known():
    return seeding.seed_people({})


def test_a_second_start_keeps_everything(known):
    assert seeding.seed_people(known) == known


def test_a_hash_that_was_brought_up_to_date_keeps_the_password(known):
    """As signing in does when the hasher's parameters have changed."""
    user = User.objects.get(username="analyst")
    user.set_password(known["analyst"]["password"])
    user.save()
    again = seeding.seed_people(known)
    assert again["analyst"] == {**known["analyst"], "password_hash": user.password}
    assert again["reviewer"] == known["reviewer"]


def test_a_changed_password_is_replaced(known):
    user = User.objects.get(username="analyst")
    user.set_password("their own")
    user.save()
    again = seeding.seed_people(known)["analyst"]
    user.refresh_from_db()
    assert user.check_password(again["password"])
    assert again["password"] != known["analyst"]["password"]


def test_a_token_that_opens_nothing_is_replaced(known):
    broken = {**known, "analyst": {**known["analyst"], "api_token": "nothing"}}
    assert seeding.seed_people(broken)["analyst"]["api_token"] != "nothing"


@pytest.mark.parametrize(("given", "named"), [("", []), (" one  two ", ["one", "two"])])
def test_fingerprints_are_named_by_the_environment(monkeypatch, given, named):
    with serving() as fake:
        monkeypatch.setenv("INFERENCE_URL", fake.url)
        monkeypatch.setenv("INFERENCE_MODEL", "fake")
        monkeypatch.setenv("INFERENCE_FINGERPRINTS", given)
        assert seed_demo._engine()["fingerprints"] == named
