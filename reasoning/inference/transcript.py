"""What has arrived of one answer so far.

The event loop's thread writes it. Other threads may call ``generation`` at any time (to keep the
partial text of a run in flight, or of one that was cancelled): every change is an append or an
assignment, first of bytes, then of what is parsed from them, then of counts.
"""

import time
import zlib
from collections.abc import Iterable

import msgspec

from reasoning.core.errors import EngineFailed
from reasoning.inference.pieces import Pieces
from reasoning.inference.requests import (
    Channel,
    Chunk,
    Cut,
    EngineSplit,
    Fidelity,
    Generation,
    GenerationRequest,
)

RESPONSE_LIMIT = 128 * 1024 * 1024
"""Bytes. 40,960 tokens, one an event, are about 10 MB with vLLM."""


PACK_SIZE = 16 * 1024
"""Bytes of a response that are packed together: events repeat themselves, and hundreds of answers
are held at once. Measured in benchmarks/README.md: no more CPU, and less memory."""


class Facts(msgspec.Struct, frozen=True, gc=False):
    """What an event says of the answer as a whole; None where it says nothing. Most events repeat
    the one before."""

    finish_reason: str | None = None
    prompt_token_ids: tuple[int, ...] | None = None
    model: str | None = None
    fingerprint: str | None = None
    request_id: str | None = None
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


NO_FACTS = Facts()


class Delta(msgspec.Struct, frozen=True, gc=False):
    """What one event of any engine says.

    ``pieces`` are those with a text or a token. One whose ``token_ids`` the engine did not send
    makes ``ids_known`` false.
    """

    pieces: tuple[Chunk, ...] = ()
    ids_known: bool = True
    facts: Facts = NO_FACTS


class Transcript:
    """Collects an answer, its text in ``pieces``. Make one for each attempt, right before it is
    sent."""

    def __init__(self, request: GenerationRequest, pieces: Pieces | None = None) -> None:
        self._request = request
        self._pieces = Pieces() if pieces is None else pieces
        self._started = time.monotonic()
        self._first_token: float | None = None
        self._latest_token: float | None = None
        self._raw: tuple[list[bytes], list[bytes]] = ([], [])
        self._loose_size = 0
        self._raw_size = 0
        self._ids_known = True
        self._split = False
        self._said = self._latest = NO_FACTS

    @property
    def finished(self) -> bool:
        """Whether the engine has said how the answer ended."""
        return self._said.finish_reason is not None

    def stalled(self) -> bool:
        """Whether the answer has begun and then stood still longer than the request allows.

        An engine that is stuck may go on sending keep-alive comments, so the socket cannot tell.
        """
        latest = self._latest_token
        return latest is not None and time.monotonic() - latest > self._request.read_timeout

    def receive(self, piece: bytes) -> None:
        """Keep bytes of the response as they came."""
        packed, loose = self._raw
        loose.append(piece)
        self._raw_size += len(piece)
        self._loose_size += len(piece)
        if self._loose_size >= PACK_SIZE:
            # One assignment, so that whoever reads meanwhile has all of it once.
            self._raw = ([*packed, zlib.compress(b"".join(loose), 1)], [])
            self._loose_size = 0
        if self._raw_size > RESPONSE_LIMIT:
            raise EngineFailed(reason="response too large")

    def add(self, deltas: Iterable[Delta]) -> list[Chunk]:
        """Take in what some events say; the pieces for whoever watches.

        Where reading an event fails, those before it are taken in.
        """
        pieces: list[Chunk] = []
        facts: list[Facts] = []
        try:
            for delta in deltas:
                pieces += delta.pieces
                facts.append(delta.facts)
                if not delta.ids_known:
                    self._ids_known = False
        finally:
            if pieces:
                self._clock()
                pieces = self._placed(pieces)
                self._pieces.add(pieces)
            self._learn(facts)
        return pieces

    def _learn(self, facts: list[Facts]) -> None:
        for one in facts:
            if one == self._latest:
                continue
            self._latest, said = one, _merged(self._said, one)
            if said.prompt_token_ids == self._request.prompt_token_ids:
                # As is to be expected; hundreds of second copies would take megabytes.
                said = msgspec.structs.replace(said, prompt_token_ids=None)
            self._said = said

    def generation(self, cut: Cut | None = None) -> Generation | None:
        """All that has arrived up to now; None if that is nothing."""
        return self._generation(cut) if self._raw_size else None

    def whole(self) -> Generation:
        """The finished answer."""
        return self._generation(None)

    def _clock(self) -> None:
        self._latest_token = time.monotonic()
        if self._first_token is None:
            self._first_token = self._latest_token

    def _placed(self, pieces: list[Chunk]) -> list[Chunk]:
        """The pieces as kept: once the engine has split off thinking, what follows is the
        summary."""
        if not self._split and all(piece.channel is None for piece in pieces):
            return pieces
        placed = []
        for piece in pieces:
            self._split = self._split or piece.channel is Channel.THINKING
            summary = self._split and piece.channel is None
            placed.append(Chunk(piece.text, piece.token_ids, Channel.SUMMARY) if summary else piece)
        return placed

    def _generation(self, cut: Cut | None) -> Generation:
        # Read in the opposite order of writing: what is counted is there, and so are its bytes.
        said = self._said
        text, ids = self._pieces.since(0, 0)
        raw = self._received()
        fidelity = self._fidelity(len(ids))
        return Generation(
            raw_response=raw,
            text=text,
            token_ids=tuple(ids) if fidelity is Fidelity.RAW_IDS else (),
            prompt_token_ids=said.prompt_token_ids or self._request.prompt_token_ids or (),
            finish_reason=said.finish_reason,
            fidelity=fidelity,
            model=said.model or "",
            fingerprint=said.fingerprint or "",
            request_id=said.request_id or self._request.request_id,
            prompt_tokens=said.prompt_tokens,
            completion_tokens=said.completion_tokens,
            first_token_ms=self._since_start(self._first_token),
            total_ms=self._since_start(time.monotonic()) or 0,
            cut=cut,
            split=_parted(self._pieces) if self._split else None,
            last_token_ms=self._since_start(self._latest_token),
        )

    def _received(self) -> bytes:
        packed, loose = self._raw
        return b"".join([*map(zlib.decompress, packed), *loose])

    def _fidelity(self, ids: int) -> Fidelity:
        """Ids count only when none is missing: llama.cpp sends one per character, not per token."""
        if self._split:
            return Fidelity.SPLIT_LOSSY
        counted = self._said.completion_tokens
        whole = self._ids_known and (counted is None or ids >= counted)
        return Fidelity.RAW_IDS if whole else Fidelity.RAW_TEXT

    def _since_start(self, moment: float | None) -> int | None:
        return None if moment is None else round((moment - self._started) * 1000)


def _merged(said: Facts, more: Facts) -> Facts:
    """What is known after an event: the new value where it has one, else the old."""
    return Facts(
        finish_reason=more.finish_reason or said.finish_reason,
        prompt_token_ids=more.prompt_token_ids or said.prompt_token_ids,
        model=more.model or said.model,
        fingerprint=more.fingerprint or said.fingerprint,
        request_id=more.request_id or said.request_id,
        prompt_tokens=said.prompt_tokens if more.prompt_tokens is None else more.prompt_tokens,
        completion_tokens=(
            said.completion_tokens if more.completion_tokens is None else more.completion_tokens
        ),
    )


def _parted(pieces: Pieces) -> EngineSplit:
    parts = list(pieces.runs())
    thinking = "".join(text for channel, text in parts if channel is Channel.THINKING)
    summary = "".join(text for channel, text in parts if channel is not Channel.THINKING)
    return EngineSplit(thinking=thinking, summary=summary)
