"""The service itself: the environment it is given and the programs it consists of."""

import os
import secrets
import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from quickstart.layout import Layout
from quickstart.private import write_private
from quickstart.processes import Program
from quickstart.wishes import Wishes

EVERYWHERE = {"0.0.0.0", "::"}  # noqa: S104
COMMANDS = Path("reasoning") / "management" / "commands"
# The commands that run all the time: what each is called, and as which role it uses the database.
BESIDE = (
    ("reap", "reaper", "DATABASE_URL"),
    ("sequence", "sequencer", "DATABASE_SEQUENCER_URL"),
)
WORKER = ["-P", "threads", "-c", "64", "--prefetch-multiplier", "1"]


def environment(layout: Layout, wishes: Wishes, parts: Mapping[str, str]) -> dict[str, str]:
    """What the service finds in its environment: the caller's, and over it our settings.

    Variables that libpq would read are left out: the database's URL says everything.
    """
    caller = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return caller | settings(layout, wishes, parts)


def settings(layout: Layout, wishes: Wishes, parts: Mapping[str, str]) -> dict[str, str]:
    """The parts' addresses, and our defaults where the caller has set nothing."""
    hosts = "*" if wishes.host in EVERYWHERE else f"localhost,127.0.0.1,[::1],{wishes.host}"
    defaults = {"ALLOWED_HOSTS": hosts, "DEMONSTRATION": "1"}
    if "SECRET_KEY" not in os.environ:
        defaults["SECRET_KEY_FILE"] = str(secret_key(layout))
    return {
        **{name: os.environ.get(name, value) for name, value in defaults.items()},
        "DEBUG": "0",
        "DJANGO_SETTINGS_MODULE": "magistral_audit.settings",
        "PYTHONUNBUFFERED": "1",
        **parts,
    }


def keep_settings(layout: Layout, settings: Mapping[str, str]) -> None:
    """Write them for a shell, so that the service's own commands find the parts that run."""
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in settings.items()]
    write_private(layout.settings, "".join(lines))


def secret_key(layout: Layout) -> Path:
    """The file with the key that signs sessions, made at the first start."""
    if not layout.secret_key.exists():
        write_private(layout.secret_key, secrets.token_urlsafe(48))
    return layout.secret_key


def manage(
    layout: Layout, environment: Mapping[str, str], *arguments: str, name: str = ""
) -> Program:
    """One of the service's commands; ``name`` where the process is not to be called like it.

    Django's checks are for the tests: here they would add a second of imports to each.
    """
    return Program(
        name=name or arguments[0],
        command=[sys.executable, "manage.py", *arguments, "--skip-checks"],
        environment=environment,
        directory=layout.checkout,
    )


def programs(layout: Layout, wishes: Wishes, environment: Mapping[str, str]) -> list[Program]:
    """What runs for as long as the service does: the web server first, as people wait for it."""

    def python(name: str, *arguments: str, grace: float) -> Program:
        return Program(
            name=name,
            command=[sys.executable, "-m", *arguments],
            environment=environment,
            directory=layout.checkout,
            grace=grace,
        )

    address = ["--host", wishes.host, "--port", str(wishes.port)]
    # No access log: addresses hold what people search for.
    app = [
        "magistral_audit.asgi:application",
        "--no-access-log",
        "--timeout-graceful-shutdown",
        "2",
    ]
    quiet = ["--without-mingle", "--without-gossip"]
    return [
        python("web", "uvicorn", *app, *address, grace=3.0),
        *(
            manage(layout, {**environment, "DATABASE_URL": environment[url]}, command, name=name)
            for command, name, url in BESIDE
            if (layout.checkout / COMMANDS / f"{command}.py").exists()
        ),
        python("worker", "celery", "-A", "magistral_audit", "worker", *WORKER, *quiet, grace=6.0),
    ]
