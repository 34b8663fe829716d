"""``manage.py invite``: the first people of a new service, who can then invite others."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.urls import reverse

from reasoning.core.errors import InvalidInput
from reasoning.models import Role, Workspace
from reasoning.services import people


class Command(BaseCommand):
    help = "Make an account with a role in a workspace, and print its one-time link."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("username")
        parser.add_argument("workspace", help="the workspace's short name")
        parser.add_argument("--role", choices=Role.values, default=Role.ADMINISTRATOR)
        parser.add_argument("--name", default="", help="as it is printed (default: the user name)")
        parser.add_argument("--email", default="")
        parser.add_argument("--reason", required=True)

    def handle(self, *args: Any, **options: Any) -> None:
        workspace = Workspace.objects.filter(slug=options["workspace"]).first()
        if workspace is None:
            raise CommandError(f"There is no workspace {options['workspace']}.")
        try:
            _user, token = people.invite(
                by=None,
                username=options["username"],
                display_name=options["name"] or options["username"],
                email=options["email"],
                workspace=workspace,
                role=options["role"],
                reason=options["reason"],
            )
        except InvalidInput as error:
            problems = "; ".join(f"{one.field}: {one.message}" for one in error.fields)
            raise CommandError(problems) from error
        self.stdout.write(reverse("accept-invitation", args=[token]))
