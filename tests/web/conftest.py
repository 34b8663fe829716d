"""Browsers without scripts: Django's client, signed in as one of the people."""

from collections.abc import Callable

import pytest
from django.test import Client

from reasoning.models import User


@pytest.fixture
def browse(people: dict[str, User]) -> Callable[[str], Client]:
    """A client signed in as the person of that name."""

    def client(name: str) -> Client:
        browser = Client()
        browser.force_login(people[name])
        return browser

    return client


@pytest.fixture
def outsider(people: dict[str, User]) -> Client:
    """Someone signed in who belongs to no workspace."""
    browser = Client()
    browser.force_login(User.objects.create_user("outsider", display_name="Out Sider"))
    return browser


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of runs that the broker was told about, instead of a broker."""
    ids: list[str] = []
    monkeypatch.setattr("reasoning.tasks.answer_run.delay", ids.append)
    return ids
