"""Real vLLM: one server at a time, each for the tests of one module."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from reasoning.inference import transport
from reasoning.models import (
    ComparisonKind,
    Deployment,
    ProbeOccasion,
    Replay,
    Rescore,
    Trace,
    User,
)
from reasoning.services import (
    access,
    comparisons,
    execution,
    leases,
    probes,
    questions,
    seeding,
    standing,
)
from tests import stack
from tests.databases import make_database, use_database


@pytest.fixture(autouse=True)
async def sessions_closed() -> AsyncIterator[None]:
    """Each test has a loop of its own, whose session it closes."""
    yield
    await transport.close()


@pytest.fixture(scope="session")
def database(
    postgres: "stack.Server", django_db_setup: None, django_db_blocker: object
) -> Iterator[None]:
    """A database in which things are committed."""
    with django_db_blocker.unblock():
        make_database(postgres, "vllm")
        seeding.seed_people({})
        yield
        use_database(postgres.url("magistral_app", "unit"))


@pytest.fixture
def approved(database: None) -> Callable[..., Deployment]:
    """A deployment that was looked at, approved and allowed, as ``make run`` does it."""

    def approve(**columns: object) -> Deployment:
        standing.forget()
        deployment = seeding.seed_deployment(columns)
        seen = probes.probe(deployment=deployment, occasion=ProbeOccasion.ASKED)
        assert seen.passed, (seen.differing, seen.failure)
        seeding.allow(*seeding.seed_registry(), deployment)
        return deployment

    return approve


def answered(text: str) -> Trace:
    """A question through the product: submitted, taken by a worker's code, stored."""
    asked = questions.Asked(workspace="finance", text=text)
    run = questions.submit(user=person("analyst"), asked=asked).run
    claim = leases.claim(run_id=run.pk, worker=execution.worker_name())
    assert claim is not None
    execution.answer(claim)
    return access.readable_trace(person("analyst"), Trace.objects.get(run=run).pk)


def compared(trace: Trace, what: ComparisonKind) -> Replay | Rescore:
    """What came of holding a trace against its engine again."""
    wish = comparisons.ask(user=person("reviewer"), trace=trace, what=what)
    row = comparisons.carry_out(request_id=wish.pk)
    assert row is not None
    return row


def person(name: str) -> User:
    return User.objects.get(username=name)
