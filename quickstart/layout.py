"""Where everything lies that is kept: ``.venv`` for packages, ``.run`` for all the rest."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

from quickstart.trouble import Trouble

CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Layout:
    """The paths below one checkout."""

    checkout: Path = CHECKOUT

    @property
    def run(self) -> Path:
        return self.checkout / ".run"

    @property
    def logs(self) -> Path:
        return self.run / "logs"

    @property
    def lock(self) -> Path:
        return self.run / "lock"

    @property
    def installing(self) -> Path:
        return self.run / "install.lock"

    @property
    def demo(self) -> Path:
        return self.run / "demo.json"

    @property
    def settings(self) -> Path:
        return self.run / "settings.sh"

    @property
    def secret_key(self) -> Path:
        return self.run / "secret_key"

    def make(self) -> None:
        """Make the directories. Trouble if they belong to somebody else; OSError if impossible."""
        self.run.mkdir(mode=0o755, exist_ok=True)
        refuse_foreign(self.run)
        self.logs.mkdir(mode=0o755, exist_ok=True)


def refuse_foreign(directory: Path) -> None:
    """Trouble if the directory belongs to another user than the one who runs this."""
    owner = directory.stat().st_uid
    if owner != os.geteuid():
        raise Trouble(
            f"{directory} belongs to {name_of(owner)}, and you are {name_of(os.geteuid())}. "
            f"Start as {name_of(owner)}, or let {name_of(owner)} run `make clean` first."
        )


def name_of(uid: int) -> str:
    """The user's name, or the number where there is none."""
    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return f"user {uid}"
