"""What was changed about a person, as a page says it in the reader's language."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from reasoning.models import Change, Role

FIELDS: dict[str, Any] = {
    "account": pgettext_lazy("change", "account"),
    "role": pgettext_lazy("change", "role"),
    "password": pgettext_lazy("change", "password"),
    "state": pgettext_lazy("change", "state"),
    "locked": pgettext_lazy("change", "locked"),
    "second_factor": _("second factor"),
    "sessions": pgettext_lazy("change", "sessions"),
}
VALUES: dict[str, Mapping[str, Any]] = {
    "role": dict(Role.choices),
    "password": {"set": pgettext_lazy("password", "set")},
    "state": {
        "active": pgettext_lazy("account", "active"),
        "deactivated": pgettext_lazy("account", "deactivated"),
    },
    "second_factor": {
        "totp": _("One-time codes"),
        "recovery_codes": _("Recovery codes"),
        "webauthn": _("Passkeys"),
    },
}


@dataclass(frozen=True)
class Line:
    """One change with its words; where ``old`` or ``new`` is empty, there was or is nothing."""

    change: Change
    field: str
    old: str
    new: str


def lines(changes: Iterable[Change]) -> Iterator[Line]:
    """Each change with its words, in the order given."""
    for change in changes:
        field = str(FIELDS.get(change.field, change.field))
        yield Line(change, field, _said(change.field, change.old), _said(change.field, change.new))


def _said(field: str, value: str | None) -> str:
    """Several values are listed with commas; an erased one is empty."""
    words = VALUES.get(field, {})
    return ", ".join(str(words.get(part, part)) for part in (value or "").split(", "))
