"""What every piece of evidence shows: its id, when it was recorded, and by whom."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from reasoning.api.shapes.fields import Shape
from reasoning.core.token_ids import unpack
from reasoning.models import Evidence, User


@extend_schema_field(OpenApiTypes.STR)
class Username(serializers.Field[Any, Any, Any, Any]):
    """Who recorded the row: the user name, from ``context["usernames"]`` (see ``usernames``).

    Rows of the system have none; the printed name as it was recorded stands in for users gone.
    """

    def __init__(self, **options: Any) -> None:
        super().__init__(source="*", read_only=True, **options)

    def to_representation(self, row: Evidence) -> str:
        known: dict[UUID | None, str] = self.context.get("usernames", {})
        return known.get(row.actor_id) or row.actor_name or ""


@extend_schema_field({"type": ["array", "null"], "items": {"type": "integer", "minimum": 0}})
class TokenIds(serializers.Field[Any, Any, Any, Any]):
    """Token ids as whole numbers; null once erased."""

    def to_representation(self, value: Any) -> list[int]:
        return unpack(bytes(value))


def usernames(rows: Iterable[Evidence]) -> dict[str, Any]:
    """The context in which ``Username`` works, for these rows; one query."""
    ids = {row.actor_id for row in rows if row.actor_id}
    return {"usernames": dict(User.objects.filter(pk__in=ids).values_list("pk", "username"))}


def erasable(**options: Any) -> serializers.CharField:
    """A committed text: null once it was erased."""
    return serializers.CharField(allow_null=True, **options)


def list_of(shape: type[Shape], **more: "serializers.Field[Any, Any, Any, Any]") -> Any:
    """The envelope of every list: ``results``, where the ``next`` page is (null at the end), and
    what else a list says."""
    name = shape.__name__.removesuffix("Shape")
    fields = {
        "results": shape(many=True),
        "next": serializers.URLField(
            allow_null=True, help_text="The next page, as it is to be got."
        ),
        **more,
    }
    return type(f"{name}ListShape", (Shape,), fields)()
