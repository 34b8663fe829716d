"""``manage.py halt``: the stop switch for operators."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reasoning.core.errors import AuditError
from reasoning.management.scopes import add_scope, said, scope_of
from reasoning.models import Place
from reasoning.services import halts


class Command(BaseCommand):
    help = "Stop a workspace, a deployment, or everything: the queue and the work in flight."

    def add_arguments(self, parser: Any) -> None:
        add_scope(parser)
        parser.add_argument("--reason", default="", help="it becomes part of the record")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            about = scope_of(options)
            halt = halts.stop(user=None, reason=options["reason"], place=Place.SYSTEM, **about)
        except AuditError as error:
            raise CommandError(said(error)) from error
        self.stdout.write(f"Stopped: {halt.named}. Resume with manage.py resume.")
