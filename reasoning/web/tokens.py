"""A prompt or an answer token by token, a thousand at a time."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from reasoning.core.token_ids import unpack
from reasoning.models import Trace
from reasoning.services import access, integrity
from reasoning.services.tokenizers import tokenizer_of
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.traces import remember_view

AT_ONCE = 1000
PARTS = {"output": _("Output"), "prompt": _("Prompt")}


@dataclass(frozen=True)
class Token:
    """One token: its place (from 1), its id, its text; bytes that are no text in hexadecimal."""

    place: int
    id: int
    text: str


@signed_in
@require_GET
def tokens(request: SignedIn, identifier: UUID) -> HttpResponse:
    """One stretch of the tokens; a script that asks gets the stretch alone."""
    trace = access.readable_trace(request.user, identifier)
    part = request.GET.get("part", "")
    part = part if part in PARTS else "output"
    given = request.GET.get("from", "")
    start = int(given) if given.isdecimal() and len(given) < 8 else 0
    partly = request.headers.get("X-Requested-With") == "fetch"
    if not partly:
        remember_view(request, trace)
    context = {"trace": trace, "question": trace.run.question, **_stretch(trace, part, start)}
    if not partly:
        context["mismatches"] = integrity.mismatches([trace])
    return render(request, f"traces/{'token_stretch' if partly else 'tokens'}.html", context)


def _stretch(trace: Trace, part: str, start: int) -> dict[str, Any]:
    ids = unpack(bytes(getattr(trace, f"{part}_token_ids") or b""))
    shown = ids[start : start + AT_ONCE]
    rest = start + AT_ONCE
    tokenizer = tokenizer_of(trace.tokenizer_sha256) if shown else None
    pieces = tokenizer.pieces(shown) if tokenizer else [None] * len(shown)
    return {
        "part": part,
        "parts": PARTS,
        "total": len(ids),
        "language": trace.language_of_summary if part == "output" else "",
        "known": tokenizer is not None,
        "tokens": [
            Token(place, one, _text(piece))
            for place, (one, piece) in enumerate(zip(shown, pieces, strict=True), start + 1)
        ],
        "more": f"?part={part}&from={rest}" if rest < len(ids) else "",
    }


def _text(piece: bytes | None) -> str:
    """A token's text; a line end is seen and acts."""
    if piece is None:
        return ""
    try:
        return piece.decode().replace("\n", "↵\n")
    except UnicodeDecodeError:
        return f"⟨{piece.hex(' ')}⟩"
