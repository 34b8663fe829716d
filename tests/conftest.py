"""Real servers for every test: PostgreSQL with the two roles, migrated; Valkey; people to act.

Tests run as the application's role. Nothing is ever flushed (the database would refuse): each test
is rolled back, and the live tests work in a database of their own.
"""

import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from types import SimpleNamespace

import hypothesis
import psycopg
import pytest
from django.conf import settings
from django.contrib.auth import hashers
from django.db import connections
from rest_framework.test import APIClient
from xdist.scheduler import LoadFileScheduling

from reasoning.core.think import ThinkForm
from reasoning.core.tokenizers import load_tokenizer
from reasoning.inference.requests import EngineKind, Fidelity, Generation
from reasoning.models import (
    Ending,
    Renderer,
    Trace,
    User,
    Workspace,
)
from reasoning.services import api_tokens, clock, leases, limits, questions, seeding, traces
from reasoning.services.traces import Arrived, Outcome
from tests import approving, stack
from tests.databases import make_database

hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

pytest_plugins = ["tests.live.fixtures"]

PASSWORD = "correct horse battery"
ANSWER = "<think>\nTwo and two are four.\n</think>\n\nThe answer is four."


# These files ask the running service or its engine, which one process starts for all of them.
SERVICE = (
    "tests/browser/test_api_docs.py",
    "tests/browser/test_the_main_job.py",
    "tests/inference/test_real_engine.py",
    "tests/live/test_killed_worker.py",
    "tests/live/test_the_main_job.py",
)
# What waits longest begins first where tests run in several processes.
LONGEST = (
    *SERVICE,
    "tests/live/",
    "tests/quickstart/",
    "tests/log/test_log_storms.py",
    "tests/browser/",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The longest first, in the order of their list."""
    items.sort(key=lambda item: _place(item.nodeid))


def _place(nodeid: str) -> int:
    begins = (number for number, path in enumerate(LONGEST) if nodeid.startswith(path))
    return next(begins, len(LONGEST))


class ByFile(LoadFileScheduling):
    """A file stays in one process, and so do all that ask the service."""

    def _split_scope(self, nodeid: str) -> str:
        return "the service" if nodeid.startswith(SERVICE) else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    return ByFile(config, log)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> None:
    """Passwords are hashed for real in production; here a slow hash would be most of the run."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    hashers.get_hashers.cache_clear()
    hashers.get_hashers_by_algorithm.cache_clear()


@pytest.fixture(scope="session", autouse=True)
def no_static_files() -> None:
    """The web server lists its static files once, when it starts, and every test client is a start:
    that would be half of what a request costs here. The live tests serve them."""
    settings.SERVESTATIC_USE_FINDERS = settings.SERVESTATIC_USE_STATIC_ROOT = False


@pytest.fixture
def within_a_minute(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Rate limits count in one minute however long the test takes, and wait for a slow Redis."""
    minute = time.time() // limits.SECONDS * limits.SECONDS
    still = SimpleNamespace(time=lambda: minute + 30, monotonic=time.monotonic)
    monkeypatch.setattr(limits, "time", still)
    monkeypatch.setattr(limits, "PATIENCE", 30)
    limits._counter.cache_clear()
    yield
    limits._counter.cache_clear()


# Servers ----------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator["stack.Server"]:
    """A PostgreSQL server of this test run's own."""
    with stack.embedded_postgres(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def valkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A Valkey server of this test run's own; its URL."""
    with stack.embedded_valkey(tmp_path_factory.mktemp("valkey")) as url:
        settings.REDIS_URL = settings.CELERY_BROKER_URL = url
        yield url


@pytest.fixture(scope="session")
def django_db_setup(
    postgres: "stack.Server", valkey: str, django_db_blocker: object
) -> Iterator[None]:
    """pytest-django's hook: the migrated database, with tests as the application's role."""
    with django_db_blocker.unblock():
        make_database(postgres, "unit")
        settle_people()
        yield
        connections["default"].close()
        connections["default"].close_pool()


@pytest.fixture
def as_role(postgres: "stack.Server", db: None) -> Callable[[str], psycopg.Connection]:
    """Connections to the test database as another role; closed at the end."""
    opened: list[psycopg.Connection] = []

    def connect(role: str) -> psycopg.Connection:
        opened.append(psycopg.connect(postgres.url(role, "unit"), autocommit=True))
        return opened[-1]

    yield connect
    for connection in opened:
        connection.close()


# People and what they may use -------------------------------------------------------------------


def settle_people() -> None:
    """The demonstration's people and workspaces, once for all tests: each begins with them."""
    seeding.seed_people({})
    for user in User.objects.all():
        user.set_password(PASSWORD)
        user.save()


@pytest.fixture
def people(db: None) -> dict[str, User]:
    """The demonstration's people by name: two analysts, two reviewers, auditor, admin."""
    return {user.username: user for user in User.objects.all()}


@pytest.fixture
def workspace(people: dict[str, User]) -> Workspace:
    """The finance workspace; nothing may be used in it yet (see ``registered``)."""
    return Workspace.objects.get(slug="finance")


@pytest.fixture
def registered(workspace: Workspace) -> SimpleNamespace:
    """Approved and allowed: ``prompt``, ``profile`` and ``deployment``."""
    prompt, profile = seeding.seed_registry()
    deployment = seeding.seed_deployment(deployment_columns())
    approving.allow(prompt, profile, deployment)
    return SimpleNamespace(prompt=prompt, profile=profile, deployment=deployment)


def deployment_columns(**changes: object) -> dict[str, object]:
    """A vLLM deployment that nobody answers at."""
    tokenizer = load_tokenizer(None)
    return {
        "engine": EngineKind.VLLM.value,
        "engine_version": "0.32.0",
        "base_url": "http://127.0.0.1:9",
        "model": "mistralai/Magistral-Small-2506",
        "revision": "0" * 40,
        "tokenizer_sha256": tokenizer.sha256,
        "tokenizer_version": tokenizer.version,
        "renderer": Renderer.MISTRAL_COMMON,
        "think_form": ThinkForm.TEXT_TAGS.value,
        "window": 40_960,
        "grammar": "",
        "credential": "",
        "demonstration": False,
        **changes,
    }


# Questions and traces ---------------------------------------------------------------------------


@pytest.fixture
def submitted(people: dict[str, User], registered: SimpleNamespace) -> questions.Submitted:
    """A question by ``analyst`` in the queue."""
    asked = questions.Asked(
        workspace="finance", text="Combien font deux et deux, et pourquoi ?", case_reference="AML-7"
    )
    return questions.submit(user=people["analyst"], asked=asked)


@pytest.fixture
def answered(submitted: questions.Submitted) -> Callable[..., Trace]:
    """Answers the submitted question's queued run with a given text, without an engine."""

    def answer(text: str = ANSWER, **generation: object) -> Trace:
        claim = leases.claim(run_id=submitted.run.pk, worker="test:1")
        assert claim is not None
        outcome = Outcome(claim, Ending.FINISHED, None, whole(text, **generation))
        stored = traces.store(outcome, Arrived("", ()))
        assert stored is not None
        return stored.trace

    return answer


def whole(text: str, **changes: object) -> Generation:
    """An answer as an engine's client hands it over."""
    fields: dict[str, object] = {
        "raw_response": text.encode("utf-8", "surrogatepass"),
        "text": text,
        "token_ids": (1, 2, 3),
        "prompt_token_ids": (),
        "finish_reason": "stop",
        "fidelity": Fidelity.RAW_IDS,
        "model": "mistralai/Magistral-Small-2506",
        "fingerprint": "fp",
        "request_id": "request",
        "prompt_tokens": 3,
        "completion_tokens": 3,
        "first_token_ms": 12,
        "total_ms": 340,
    }
    return Generation(**{**fields, **changes})


@pytest.fixture
def trace(answered: Callable[..., Trace]) -> Trace:
    """A stored, complete trace whose question waits for review."""
    return answered()


@pytest.fixture
def pass_time(db: None, monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Moves the services' time on: a test is one transaction, in which the database's stands."""
    time = [clock.now()]
    monkeypatch.setattr(clock, "now", lambda: time[0])

    def move() -> None:
        time[0] += timedelta(seconds=1)

    return move


@pytest.fixture
def client_for() -> Callable[[User], APIClient]:
    """An API client with a bearer token of the user's."""

    def client(user: User) -> APIClient:
        token = api_tokens.issue(user=user, name="test")
        api = APIClient()
        api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
        return api

    return client
