"""Whether the database has been migrated by this very code: Django takes seconds to find out."""

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import psycopg

APPLIED = "SELECT app, name FROM django_migrations ORDER BY app, name"


@dataclass(frozen=True)
class Migrations:
    """What the last ``migrate`` led to, kept in a file: by which code, and what is applied."""

    checkout: Path
    kept: Path

    def are_applied(self, url: str) -> bool:
        """Whether nothing has changed since: neither the code nor what the database says."""
        try:
            kept = json.loads(self.kept.read_text(encoding="utf-8"))
            return bool(kept == self._found(url))
        except (OSError, ValueError, psycopg.errors.UndefinedTable):
            return False

    def remember(self, url: str) -> None:
        """``migrate`` has just succeeded on the database."""
        self.kept.write_text(json.dumps(self._found(url)), encoding="utf-8")

    def _found(self, url: str) -> dict[str, object]:
        with psycopg.connect(url) as connection:
            applied = [list(row) for row in connection.execute(APPLIED).fetchall()]
        return {"code": self._code(), "applied": applied}

    def _code(self) -> str:
        """A digest over our migrations and over the lock, which pins those of the packages."""
        digest = hashlib.sha256()
        migrations = sorted((self.checkout / "reasoning" / "migrations").glob("*.py"))
        for path in (self.checkout / "requirements" / "service.txt", *migrations):
            content = path.read_bytes()
            digest.update(f"{path.name} {len(content)}\n".encode() + content)
        return digest.hexdigest()
