"""``manage.py open_workspace``: a department's room, to which people can then be invited.

The model card's prompt and the recommended sampling profile are proposed with the first one; a
prompt approver approves them, and an administrator allows them in the workspace.
"""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reasoning.core.errors import InvalidInput
from reasoning.management.scopes import said
from reasoning.models import User
from reasoning.services import seeding
from reasoning.services.workspaces import open_workspace


class Command(BaseCommand):
    help = "Open a workspace, and give it an administrator who has an account already."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("slug", help="its short name, for addresses: finance")
        parser.add_argument("name", help="as people read it: Finance")
        parser.add_argument("--administrator", default="", help="the user name of somebody known")
        parser.add_argument("--reason", required=True, help="it becomes part of the record")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, administrator = options["slug"], _user(options["administrator"])
        about = {name: options[name] for name in ("slug", "name", "reason")}
        try:
            open_workspace(**about, administrator=administrator)
        except InvalidInput as error:
            raise CommandError(said(error)) from error
        seeding.seed_registry()
        self.stdout.write(f"Workspace {slug} is open.")
        if administrator is None:
            self.stdout.write(f"Next: manage.py invite NAME {slug} --reason WHY")


def _user(name: str) -> User | None:
    user = User.objects.filter(username=name, is_active=True).first() if name else None
    if name and user is None:
        raise CommandError(f"There is no active user {name}.")
    return user
