"""What the tests of the engine's client share: a fake engine and a clean end of sessions."""

from collections.abc import AsyncIterator, Callable, Iterator

import pytest

from reasoning.inference import transport
from reasoning.inference.requests import EngineAddress, EngineKind
from tests.engine.fake import FakeEngine, serving


@pytest.fixture(scope="session")
def fake_engine() -> Iterator[FakeEngine]:
    """One fake engine for all tests."""
    with serving() as engine:
        yield engine


@pytest.fixture
def fake(fake_engine: FakeEngine) -> FakeEngine:
    """The fake engine, which has forgotten what came before."""
    fake_engine.plan, fake_engine.version, fake_engine.rendered = None, "0.32.0", None
    fake_engine.behind_router = False
    fake_engine.received.clear()
    return fake_engine


@pytest.fixture
def address(fake: FakeEngine) -> Callable[..., EngineAddress]:
    """The address of the fake engine in which a scenario happens."""

    def of(scenario: str, kind: EngineKind = EngineKind.VLLM) -> EngineAddress:
        return EngineAddress(kind, fake.url, f"fake-{scenario}")

    return of


@pytest.fixture(autouse=True)
async def sessions_closed() -> AsyncIterator[None]:
    """Each test has a loop of its own, whose session it closes."""
    yield
    await transport.close()
