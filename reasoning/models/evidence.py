"""What every evidence table shares: who, when, and how a row becomes its document."""

from typing import Any, ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.core.documents import Actor, entry_document
from reasoning.core.identifiers import uuid7


class ActorKind(models.TextChoices):
    PERSON = "person", _("person")
    SERVICE = "service", _("service account")
    SYSTEM = "system", _("system")


def committed_text() -> "models.TextField[str | None, str | None]":
    """A text that the document commits to. NULL means erased; absent is the empty string."""
    return models.TextField(null=True)


def committed_bytes() -> "models.BinaryField[bytes | None, bytes | None]":
    """Bytes that the document commits to. NULL means erased; absent is empty."""
    return models.BinaryField(null=True)


def salt() -> "models.BinaryField[bytes | None, bytes | None]":
    """The 32 random bytes under a text's commitment, erased with it."""
    return models.BinaryField(null=True, max_length=32)


class Evidence(models.Model):
    """An append-only row. The database refuses UPDATE, DELETE and TRUNCATE (migration 0002).

    ``KIND`` names the act in the log. ``TEXTS`` are the columns the document commits to; each has a
    ``<name>_salt`` column beside it. ``facts`` gives everything else that is hashed.

    A column that came later leaves its fact out where it has the value that all rows before it
    mean, so that their documents stay as they are (``said``).
    """

    KIND: ClassVar[str]
    TEXTS: ClassVar[tuple[str, ...]] = ()

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recorded_at = models.DateTimeField(editable=False)
    actor_id = models.UUIDField(null=True, editable=False)
    actor_kind = models.CharField(max_length=10, choices=ActorKind.choices, editable=False)
    actor_name = committed_text()
    actor_name_salt = salt()

    class Meta:
        abstract = True

    def facts(self) -> dict[str, Any]:
        """The structured part of the document. Decimals as strings, digests as hex."""
        raise NotImplementedError

    def record_id(self) -> Any:
        """The question this belongs to, or None."""
        return None

    @classmethod
    def committed(cls) -> tuple[str, ...]:
        """Every column with a commitment."""
        return ("actor_name", *cls.TEXTS)

    def commits_to(self) -> tuple[str, ...]:
        """The columns that this row's document commits to: fewer, where it is of an older form."""
        return self.committed()

    def document(self, commitments: dict[str, bytes]) -> dict[str, Any]:
        """The canonical document of this row, given its texts' commitments."""
        return entry_document(
            kind=self.KIND,
            identifier=self.id,
            recorded_at=self.recorded_at,
            actor=Actor(self.actor_kind, self.actor_id, ""),
            facts=self.facts(),
            commitments=commitments,
        )


def said(unsaid: Any = None, /, **facts: Any) -> dict[str, Any]:
    """Facts of columns that came later: those that are not as they were before the column was."""
    return {name: value for name, value in facts.items() if value != unsaid}


def reference(identifier: Any) -> str | None:
    """An identifier as documents carry it."""
    return str(identifier) if identifier is not None else None
