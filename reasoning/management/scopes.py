"""What commands of the stop switch are about."""

from argparse import ArgumentParser
from collections.abc import Mapping
from typing import Any

from reasoning.core.errors import AuditError
from reasoning.services import halts


def add_scope(parser: ArgumentParser) -> None:
    """Options that name a workspace or a deployment; neither: everything."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--workspace", default="", help="its short name")
    which.add_argument("--deployment", default="", help="its id or name@number")


def scope_of(options: Mapping[str, Any]) -> dict[str, Any]:
    """What was named, as ``halts.stop`` takes it. Raises InvalidInput."""
    names = {name: options[name] for name in ("workspace", "deployment")}
    workspace, deployment = halts.named(user=None, **names)
    return {"workspace": workspace, "deployment": deployment}


def said(error: AuditError) -> str:
    """The error in one line."""
    return "; ".join(f"{one.field}: {one.message}" for one in error.fields) or str(error)
