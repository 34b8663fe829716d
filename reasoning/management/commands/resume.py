"""``manage.py resume``: let work that was stopped go on."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reasoning import tasks
from reasoning.core.errors import AuditError
from reasoning.management.scopes import add_scope, said, scope_of
from reasoning.models import Halt, Place
from reasoning.services import halts


class Command(BaseCommand):
    help = (
        "Resume what was stopped: a workspace, a deployment, or everything, as it was named then."
    )

    def add_arguments(self, parser: Any) -> None:
        add_scope(parser)
        parser.add_argument("--reason", required=True, help="it becomes part of the record")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            halt = Halt.objects.filter(**scope_of(options)).first()
            if halt is None:
                raise CommandError(f"That is not stopped. {self._standing()}")
            halts.resume(user=None, halt=halt, reason=options["reason"], place=Place.SYSTEM)
        except AuditError as error:
            raise CommandError(said(error)) from error
        tasks.wake()
        self.stdout.write(f"Resumed: {halt.named}.")

    def _standing(self) -> str:
        names = [halt.named for halt in Halt.objects.select_related("workspace", "deployment")]
        return f"Stopped: {', '.join(names)}." if names else "Nothing is."
