"""``manage.py probe_deployment NAME@NUMBER``: asks a deployment's engine who it is, on the record.

Prints what was seen. Exit code 0 when the engine is as the deployment says, 1 when not. Needed
before a deployment can be approved; workers look again when they start.
"""

import json
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from reasoning.core.errors import AuditError
from reasoning.models import Deployment, ProbeOccasion, User
from reasoning.services import probes, registry


class Command(BaseCommand):
    help = "Ask the engine of a deployment who it is, and record the answer."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("deployment", help="an id, name@number, or a name (its newest)")
        parser.add_argument("--user", help="the user name of who asks, for the record")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            deployment = registry.version(Deployment, options["deployment"])
        except AuditError as error:
            raise CommandError(str(error)) from error
        row = probes.probe(
            deployment=deployment, occasion=ProbeOccasion.ASKED, user=_user(options["user"])
        )
        self.stdout.write(json.dumps({**row.facts(), "failure": row.failure}, indent=1))
        if not row.passed:
            raise CommandError(f"The engine of {deployment.label} is not as it should be.")


def _user(name: str | None) -> User | None:
    if not name:
        return None
    user = User.objects.filter(username=name, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user {name}.")
    return user
