"""From a run's pins to an engine's request: address, rendering, and the length check."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django.conf import settings

from reasoning.core.errors import EngineRefused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.prompts import Exchange, Turn
from reasoning.inference import client
from reasoning.inference.loop import run as on_loop
from reasoning.inference.requests import EngineAddress, GenerationRequest, Message
from reasoning.models import Renderer, Run, Workspace
from reasoning.services import standing
from reasoning.services.engine_address import address_of
from reasoning.services.prepared import Query
from reasoning.services.registry import is_approved
from reasoning.services.tokenizers import rendered, turns_of

WATCHED_PIECE, UNWATCHED_PIECE = 1, 16
"""Tokens that vLLM puts into one piece. Sixteen cost a sixth of what sixteen pieces of one do; who
begins to watch only later sees words come in such pieces."""


@dataclass(frozen=True)
class Prepared:
    """One request, exactly as it will be sent. ``rendered`` is the prompt as text."""

    address: EngineAddress
    request: GenerationRequest
    rendered: str
    prompt_token_ids: tuple[int, ...]


def require_usable(run: Run) -> None:
    """Raise EngineRefused when the deployment was retired, or disallowed in the workspace, since
    the run was asked for."""
    deployment, workspace = run.deployment, run.question.workspace
    if not is_approved(deployment):
        raise EngineRefused(_("The deployment %(name)s is not approved."), name=deployment.label)
    if not _ALLOWED.exists(workspace.pk, deployment.pk):
        sentence = _("The deployment %(name)s is not allowed in this workspace.")
        raise EngineRefused(sentence, name=deployment.label)


_ALLOWED = Query(
    lambda workspace, deployment: Workspace.objects.filter(
        pk=workspace, allowed_deployments=deployment
    ),
    UUID,
    UUID,
)


def prepare(
    run: Run,
    *,
    request_id: str,
    earlier: Sequence[Exchange] = (),
    base_url: str = "",
    seconds: float | None = None,
    watched: bool = False,
) -> Prepared:
    """Render the prompt and check its length *before* anything is sent. Asks no database.

    ``earlier`` is the conversation that a follow-up question carries (``follow_ups.carried_by``).
    The answer is given ``seconds`` in all, and is asked for at ``base_url``, one of the
    deployment's addresses; in small pieces if it is ``watched``.

    Raises EngineRefused when the prompt leaves no room, and the engine's errors where the engine
    does the rendering; one that is not the approved one is shown nothing (EngineNotApproved).
    """
    deployment, profile = run.deployment, run.sampling_profile
    address = address_of(deployment, base_url)
    turns = turns_of(deployment, run.prompt_version, run.question.text or "", earlier)
    messages = messages_of(run, turns)
    ids, text = _render(run, address, turns, messages)
    room = deployment.window - len(ids)
    if room < 1:
        raise EngineRefused(
            _("The prompt is %(tokens)s tokens long; %(allowed)s are allowed."),
            tokens=len(ids),
            allowed=deployment.window - 1,
        )
    request = GenerationRequest(
        request_id=request_id,
        prompt_token_ids=ids,
        messages=messages,
        temperature=profile.temperature,
        top_p=profile.top_p,
        max_tokens=min(profile.max_tokens, room),
        seed=run.seed,
        grammar=deployment.grammar or None,
        stream_interval=WATCHED_PIECE if watched else UNWATCHED_PIECE,
        window=deployment.window,
        read_timeout=settings.ENGINE_SILENCE_SECONDS,
        total_timeout=settings.ANSWER_SECONDS if seconds is None else seconds,
    )
    return Prepared(address, request, text, ids)


def messages_of(run: Run, turns: Sequence[Turn]) -> tuple[Message, ...]:
    """The prompt as an engine takes it that does the rendering."""
    spoken = (Message(turn.role, turn.text) for turn in turns)
    return (Message("system", run.prompt_version.text or ""), *spoken)


def _render(
    run: Run, address: EngineAddress, turns: Sequence[Turn], messages: Sequence[Message]
) -> tuple[tuple[int, ...], str]:
    by_engine = run.deployment.renderer == Renderer.ENGINE
    if by_engine and not address.kind.takes_ids:
        return (), _as_sent(messages)
    if by_engine:
        standing.require_as_approved(run.deployment, address.base_url)
        return on_loop(client.render_with_engine(address, messages)).result()
    ours = rendered(run.deployment, run.prompt_version.text or "", turns)
    return ours.token_ids, ours.text


def _as_sent(messages: Sequence[Message]) -> str:
    """The prompt of an engine that shows nobody what it makes of the messages: the messages."""
    turns = [{"role": message.role, "content": message.text} for message in messages]
    return json.dumps(turns, ensure_ascii=False, indent=1)
