"""The log over HTTP: checkpoint and tiles for all (c2sp.org/tlog-tiles), entries for auditors.

Checkpoint, tiles and keys hold hashes and signatures only, and need no sign-in.
"""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.urls import path
from django.views.decorators.http import require_safe
from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request

from reasoning.api.base import ApiView
from reasoning.api.schema import operation
from reasoning.api.traces import TraceView
from reasoning.core import tiles
from reasoning.core.errors import Malformed, NotFound
from reasoning.models import Entry, LogHead, Place
from reasoning.services import checkpoints, log_entries, log_keys, proofs
from reasoning.services.tree import Tree

TEXT = "text/plain; charset=utf-8"
ALWAYS_ASK = "no-cache"
FOR_EVER = "public, max-age=31536000, immutable"
FOR_A_MINUTE = "public, max-age=60"


@require_safe
def checkpoint(_request: HttpRequest) -> HttpResponse:
    """The newest signed checkpoint, with the cosignatures it has so far."""
    newest = checkpoints.newest()
    if newest is None:
        raise Http404
    note = checkpoints.cosigned_note(newest)
    return HttpResponse(note, content_type=TEXT, headers={"Cache-Control": ALWAYS_ASK})


@require_safe
def vkey(_request: HttpRequest) -> HttpResponse:
    """The log's verifier keys, one a line, the present one first."""
    keys = [str(one.key) for one in reversed(log_keys.listed())]
    if not keys:
        raise Http404
    body = "".join(f"{key}\n" for key in keys)
    return HttpResponse(body, content_type=TEXT, headers={"Cache-Control": ALWAYS_ASK})


@require_safe
def tile(_request: HttpRequest, place: str) -> HttpResponse:
    """A tile, in any width that the signed tree has."""
    try:
        wanted = tiles.parse_path(f"tile/{place}")
    except Malformed as error:
        raise Http404 from error
    newest = checkpoints.newest()
    if newest is None or not tiles.exists(wanted, newest.size):
        raise Http404
    data = Tree(LogHead.objects.get()).fetch([wanted])[0]
    caching = FOR_EVER if wanted.is_full else FOR_A_MINUTE
    return HttpResponse(
        data, content_type="application/octet-stream", headers={"Cache-Control": caching}
    )


class LogEntry(ApiView):
    """One entry of the log."""

    @operation(
        "log_entry",
        "Read an entry of the log",
        answers={(200, "application/json"): OpenApiTypes.OBJECT},
        refusals=[404],
    )
    def get(self, request: Request, index: int) -> HttpResponse:
        """The exact bytes that the leaf hashes. For auditors. The reading is remembered."""
        entry = log_entries.entry_at(user=self.user, index=index, place=Place.API)
        return HttpResponse(bytes(entry.document), content_type="application/json")


class TraceProof(TraceView):
    """A trace's proof of inclusion."""

    @operation(
        "traces_proof",
        "Read a trace's proof of inclusion",
        answers={(200, "text/plain"): OpenApiTypes.STR},
        refusals=[403, 404, 409],
    )
    def get(self, request: Request, pk: Any) -> HttpResponse:
        """A ``.tlog-proof`` file: the trace's document in the log, up to a signed checkpoint."""
        trace = self.readable(pk)
        entry = Entry.objects.filter(subject_id=trace.pk).first()
        if entry is None:
            raise NotFound
        name = f'attachment; filename="{trace.pk}.tlog-proof"'
        proof = proofs.proof_of(entry).encode()
        return HttpResponse(proof, content_type=TEXT, headers={"Content-Disposition": name})


app_name = "log"

urlpatterns = [
    path("checkpoint", checkpoint, name="checkpoint"),
    path("vkey", vkey, name="vkey"),
    path("tile/<path:place>", tile, name="tile"),
    path("entries/<int:index>", LogEntry.as_view(), name="entry"),
]
