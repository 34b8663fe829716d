"""What a registered version says, name by name, as pages show it."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reasoning.core.differences import Piece, pieces
from reasoning.models import Deployment, PromptVersion, Registered, SamplingProfile
from reasoning.models.sampling_profile import decimal

LABELS = {
    "source": _("Source"),
    "sha256": _("Text, SHA-256"),
    "earlier_turns": _("Earlier turns"),
    "engine": _("Engine"),
    "engine_version": _("Engine version"),
    "base_url": _("Address"),
    "replicas": _("Further addresses"),
    "credential": _("Key, by variable"),
    "model": _("Model"),
    "revision": _("Revision"),
    "tokenizer_sha256": _("Tokenizer, SHA-256"),
    "tokenizer_version": _("Tokenizer version"),
    "renderer": _("Prompt rendered by"),
    "think_form": _("Thinking marked by"),
    "window": _("Window, in tokens"),
    "fingerprints": _("Fingerprints"),
    "demonstration": _("For demonstration only"),
    "text": _("Text"),
    "grammar": _("Grammar"),
}
SHOWN: dict[type[Registered], str] = {
    PromptVersion: "earlier_turns source sha256",
    SamplingProfile: "temperature top_p max_tokens",
    Deployment: (
        "engine engine_version base_url replicas credential model revision tokenizer_sha256 "
        "tokenizer_version renderer think_form window fingerprints demonstration"
    ),
}
TEXTS: dict[type[Registered], str] = {PromptVersion: "text", Deployment: "grammar"}


@dataclass(frozen=True)
class Field:
    """One value, and its label."""

    label: str
    value: str


@dataclass(frozen=True)
class Compared:
    """One value of two versions."""

    label: str
    old: str
    new: str
    same: bool


@dataclass(frozen=True)
class ComparedText:
    """A long text of two versions, as the stretches that were kept, removed and added."""

    label: str
    pieces: list[Piece]
    same: bool


def fields_of(row: Registered) -> list[Field]:
    """Every short value of a version."""
    return [Field(_label(name), _shown(row, name)) for name in SHOWN[type(row)].split()]


def texts_of(row: Registered) -> list[tuple[str, str | None]]:
    """Its long texts with their labels; None where one was erased."""
    return [(_label(name), getattr(row, name)) for name in TEXTS.get(type(row), "").split()]


def compared(old: Registered, new: Registered) -> list[Compared]:
    """Every short value of both."""
    return [
        Compared(
            _label(name), before := _shown(old, name), after := _shown(new, name), before == after
        )
        for name in SHOWN[type(old)].split()
    ]


def compared_texts(old: Registered, new: Registered) -> list[ComparedText]:
    """Their long texts, word by word."""
    found = []
    for name in TEXTS.get(type(old), "").split():
        before, after = getattr(old, name) or "", getattr(new, name) or ""
        found.append(ComparedText(_label(name), pieces(before, after), before == after))
    return found


def _label(name: str) -> str:
    return str(LABELS.get(name, name))


def _shown(row: Registered, name: str) -> str:
    display: Any = getattr(row, f"get_{name}_display", None)
    value = display() if display else getattr(row, name)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if name == "fingerprints" and not value:
        return gettext("not compared")
    if name in ("temperature", "top_p"):
        return decimal(value)
    return ", ".join(value) if isinstance(value, list) else str(value)
