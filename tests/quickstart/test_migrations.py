"""When ``migrate`` may be left out: only where neither the code nor the database has changed."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from quickstart.layout import CHECKOUT
from quickstart.migrations import Migrations
from quickstart.postgres import SUPERUSER
from tests import stack


@pytest.fixture
def database(postgres: stack.Server) -> Iterator[str]:
    """The address of an empty database."""
    server = postgres.url(SUPERUSER, "postgres")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute("CREATE DATABASE half_migrated")
        yield postgres.url(SUPERUSER, "half_migrated")
        connection.execute("DROP DATABASE half_migrated WITH (FORCE)")


@pytest.fixture
def migrations(tmp_path: Path) -> Migrations:
    for part in ("reasoning/migrations", "requirements"):
        shutil.copytree(CHECKOUT / part, tmp_path / part)
    return Migrations(tmp_path, tmp_path / "migrated.json")


def execute(url: str, statement: str) -> None:
    with psycopg.connect(url) as connection:
        connection.execute(statement)


def test_they_are_left_out_only_while_nothing_changes(
    database: str, migrations: Migrations, tmp_path: Path
) -> None:
    assert not migrations.are_applied(database)  # nothing kept, and not even a table

    execute(database, "CREATE TABLE django_migrations (app text, name text)")
    execute(database, "INSERT INTO django_migrations VALUES ('reasoning', '0001_evidence')")
    assert not migrations.are_applied(database)
    migrations.remember(database)
    assert migrations.are_applied(database)

    execute(database, "INSERT INTO django_migrations VALUES ('reasoning', '0002_append_only')")
    assert not migrations.are_applied(database)
    migrations.remember(database)
    (tmp_path / "reasoning" / "migrations" / "0999_more.py").write_text("")
    assert not migrations.are_applied(database)


@pytest.mark.parametrize(
    "changed", ["requirements/service.txt", "reasoning/migrations/0003_log.py"]
)
def test_changed_code_is_migrated_by(
    database: str, migrations: Migrations, tmp_path: Path, changed: str
) -> None:
    execute(database, "CREATE TABLE django_migrations (app text, name text)")
    migrations.remember(database)
    with (tmp_path / changed).open("a") as file:
        file.write("#\n")
    assert not migrations.are_applied(database)


def test_a_damaged_note_of_it_counts_as_none(
    database: str, migrations: Migrations, tmp_path: Path
) -> None:
    execute(database, "CREATE TABLE django_migrations (app text, name text)")
    (tmp_path / "migrated.json").write_text("{")
    assert not migrations.are_applied(database)
