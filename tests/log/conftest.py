"""Logs to break: each test has a database and a signer of its own."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from tests import stack
from tests.databases import TEMPLATE, administer, copy_database, make_template
from tests.log.ledger import AUDITOR, SEQUENCER, Ledger, connected
from tests.log.populated import TODAY, Populated, populate
from tests.log.unplugged import Unpluggable, unpluggable

_numbers = itertools.count()


@pytest.fixture(scope="session")
def log_server(postgres: stack.Server, django_db_blocker: object) -> stack.Server:
    """The test run's server, with a template for logs."""
    with django_db_blocker.unblock():
        make_template(postgres)
    return postgres


@contextmanager
def fresh_ledger(server: stack.Server, directory: Path) -> Iterator[Ledger]:
    """An empty log; Django's connection is the sequencer's."""
    name = f"log_{next(_numbers)}"
    copy_database(server, TEMPLATE, name)
    made = Ledger(lambda role: server.url(role, name), directory)
    with connected(made.url(SEQUENCER)):
        yield made
    administer(server, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def signer_directory(tmp_path: Path, settings: object) -> Path:
    """Where the settings say that the signer lies."""
    settings.LOG_DIR = tmp_path / "log"
    settings.SIGNER_STATE = tmp_path / "log" / "signed"
    return tmp_path / "log"


@pytest.fixture
def ledger(
    log_server: stack.Server, signer_directory: Path, django_db_blocker: object
) -> Iterator[Ledger]:
    """An empty log in a database of its own."""
    with django_db_blocker.unblock(), fresh_ledger(log_server, signer_directory) as made:
        yield made


@pytest.fixture(scope="session")
def unplugged(
    tmp_path_factory: pytest.TempPathFactory, django_db_blocker: object
) -> Iterator[Unpluggable]:
    """A server that tests may stop hard; they leave it running."""
    with unpluggable(tmp_path_factory.mktemp("unpluggable")) as server:
        with django_db_blocker.unblock():
            make_template(server.server)
        yield server


@pytest.fixture
def durable_ledger(
    unplugged: Unpluggable, signer_directory: Path, django_db_blocker: object
) -> Iterator[Ledger]:
    """An empty log on the server that may be stopped hard."""
    with django_db_blocker.unblock(), fresh_ledger(unplugged.server, signer_directory) as made:
        yield made


@pytest.fixture(scope="session")
def populated(
    postgres: stack.Server, tmp_path_factory: pytest.TempPathFactory, django_db_blocker: object
) -> Populated:
    """A log with something of everything in it, to copy."""
    with django_db_blocker.unblock():
        return populate(postgres, tmp_path_factory.mktemp("populated"))


@pytest.fixture
def copies(
    populated: Populated, tmp_path: Path, settings: object, django_db_blocker: object
) -> Iterator[Callable[[str], Ledger]]:
    """Makes copies of a day's log; Django's connection is the auditor's at the last one made."""
    made: list[str] = []
    with django_db_blocker.unblock(), ExitStack() as connections:

        def copy(day: str = TODAY) -> Ledger:
            name = f"copy_{next(_numbers)}"
            ledger = populated.copy(day, name, tmp_path / name)
            made.append(name)
            settings.LOG_DIR, settings.SIGNER_STATE = ledger.directory, ledger.directory / "signed"
            connections.enter_context(connected(ledger.url(AUDITOR)))
            return ledger

        yield copy
    for name in made:
        administer(populated.server, f"DROP DATABASE {name} WITH (FORCE)")
