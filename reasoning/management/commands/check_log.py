"""``manage.py check_log``: verifies the log in the database, step by step.

It reads only, and needs no more than the role magistral_auditor may do. Exit codes: 0 verified,
1 tampered, 3 verified with texts that were lawfully erased, 4 incomplete, 5 could not be verified,
6 not verified, for want of a key or a checkpoint from outside the database; 130 when interrupted.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from reasoning.core import reports
from reasoning.core.errors import AuditError
from reasoning.core.reports import Report
from reasoning.offline import policy_of
from reasoning.services.verification import Progress, Wanted, saved, verify, verify_record

INTERRUPTED = 130
COLUMNS = (
    TextColumn("{task.description}"),
    BarColumn(),
    MofNCompleteColumn(),
    TimeRemainingColumn(),
)


class Command(BaseCommand):
    help = "Verify the log: keys, checkpoints, tree, texts, records, rights."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument(
            "--vkey",
            metavar="KEY|FILE",
            help="the log's verifier key, got elsewhere; or a file of keys, or a policy; without "
            "it the signer's record or a checkpoint has to vouch for the database's keys",
        )
        parser.add_argument(
            "--checkpoint",
            metavar="FILE",
            type=Path,
            action="append",
            default=[],
            help="a signed checkpoint that was kept elsewhere; may be repeated",
        )
        parser.add_argument("--record", type=UUID, help="one question, or one piece of evidence")
        parser.add_argument(
            "--documents-only", action="store_true", help="leave the evidence rows out"
        )
        parser.add_argument(
            "--state",
            metavar="FILE",
            type=Path,
            help="go on where this file says, and keep there how far it came: after an "
            "interruption, or to check only what is new; everything before is taken as found",
        )
        parser.add_argument("--json", action="store_true", help="print the report for programs")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            report = self._verify(options)
        except (AuditError, OSError) as error:
            raise CommandError(str(error), returncode=2) from error
        except KeyboardInterrupt:
            self.stderr.write("Interrupted. With --state FILE it goes on where it stopped.")
            sys.exit(INTERRUPTED)
        self._print(report, as_json=options["json"])
        sys.exit(report.verdict.exit_code)

    def _verify(self, options: dict[str, Any]) -> Report:
        state: Path | None = options["state"]
        wanted = Wanted(
            policy=policy_of(options["vkey"]) if options["vkey"] else None,
            outside=tuple((str(path), path.read_bytes()) for path in options["checkpoint"]),
            documents_only=options["documents_only"],
            saved=saved.read(state) if state else None,
            save=partial(saved.Saved.write, path=state) if state else None,
        )
        if options["record"]:
            return verify_record(options["record"], wanted)
        with _progress() as progress:
            return verify(replace(wanted, progress=progress))

    def _print(self, report: Report, *, as_json: bool) -> None:
        if as_json:
            self.stdout.write(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
        else:
            self.stdout.write("\n".join(reports.lines(report)))


@contextmanager
def _progress() -> Iterator[Progress]:
    """A bar on the terminal; nothing where there is none."""
    console = Console(stderr=True)
    with Bar(*COLUMNS, console=console, transient=True, disable=not console.is_terminal) as bar:
        task = bar.add_task("")

        def show(what: str, done: int, total: int) -> None:
            bar.update(task, description=what, completed=done, total=total or None)

        yield show
