"""The stub's commands: they note that they ran, and do as little as the launcher lets them."""

import json
import os
import signal
import sys
from pathlib import Path

import psycopg

ASKED_FOR = Path("asked_for.jsonl")
PEOPLE = {"analyst": {"username": "analyst", "password": "stub", "api_token": "stub"}}


def note(arguments: list[str]) -> None:
    with ASKED_FOR.open("a") as file:
        json.dump({"arguments": arguments, "database": os.environ["DATABASE_URL"]}, file)
        file.write("\n")


def main() -> None:
    arguments = sys.argv[1:]
    note(arguments)
    if Path(f"fail_{arguments[0]}").exists():
        sys.exit(Path(f"fail_{arguments[0]}").read_text())
    if arguments[0] == "migrate":
        with psycopg.connect(os.environ["DATABASE_URL"]) as connection:
            connection.execute("CREATE TABLE IF NOT EXISTS django_migrations (app text, name text)")
    if arguments[0] == "seed_demo":
        output = Path(arguments[arguments.index("--output") + 1])
        output.write_text(json.dumps({"people": PEOPLE, "workspaces": ["finance"]}))
    if arguments[0] == "reap":
        signal.pause()


if __name__ == "__main__":
    main()
