"""Which tokenizer counts and renders for a deployment."""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from reasoning import beside
from reasoning.core.prompts import (
    EarlierTurns,
    Exchange,
    PromptTokenizer,
    RenderedPrompt,
    Turn,
    conversation,
    count_prompt,
    load_tokenizer,
    render_approved,
)
from reasoning.core.think import ThinkForm
from reasoning.core.tokenizers import approved_tokenizer
from reasoning.models import Deployment, PromptVersion, Renderer

ANSWER_RESERVE = 1024
"""Tokens of the window that a question must leave for the answer (a quarter of a small window)."""


def rendered(deployment: Deployment, system_prompt: str, turns: Sequence[Turn]) -> RenderedPrompt:
    """The prompt as the deployment's approved tokenizer renders it, beside a worker.

    Raises InvalidInput as ``prompts.render`` does, and EngineRefused when the tokenizer's file on
    this machine is not the approved one.
    """
    directory, sha256 = Path(settings.TOKENIZER_DIR), deployment.tokenizer_sha256
    return beside.call(render_approved, directory, sha256, system_prompt, turns)


def tokenizer_for(deployment: Deployment) -> PromptTokenizer:
    """The tokenizer that counts for a deployment: the approved one, or of one that renders by
    itself the tokenizer that mistral-common ships.

    Raises EngineRefused when the file on this machine is not the approved one.
    """
    if deployment.renderer == Renderer.ENGINE:
        return load_tokenizer(None)
    return approved_tokenizer(Path(settings.TOKENIZER_DIR), deployment.tokenizer_sha256)


def tokenizer_of(sha256: str) -> PromptTokenizer | None:
    """The tokenizer with exactly this digest; None when this machine has it not."""
    shipped = load_tokenizer(None)
    if shipped.sha256 == sha256:
        return shipped
    path = Path(settings.TOKENIZER_DIR) / f"{sha256}.json"
    if not re.fullmatch("[0-9a-f]{64}", sha256) or not path.is_file():
        return None
    tokenizer = load_tokenizer(path)
    return tokenizer if tokenizer.sha256 == sha256 else None


def question_room(
    deployment: Deployment, prompt: PromptVersion, text: str, earlier: Iterable[Exchange] = ()
) -> tuple[int, int]:
    """How many tokens the question takes with the earlier turns that it carries, and how many it
    may take, counted by mistral-common."""
    tokenizer = tokenizer_for(deployment)
    turns = turns_of(deployment, prompt, text, earlier)
    used = count_prompt(tokenizer, prompt.text or "", turns)
    frame = _frame(tokenizer, prompt.text or "")
    reserve = min(ANSWER_RESERVE, deployment.window // 4)
    return used - frame, deployment.window - frame - reserve


@lru_cache(maxsize=16)
def _frame(tokenizer: PromptTokenizer, prompt: str) -> int:
    """Tokens of a prompt with an empty question. There are few prompts, and many questions."""
    return count_prompt(tokenizer, prompt, [Turn("user", "")])


def turns_of(
    deployment: Deployment, prompt: PromptVersion, text: str, earlier: Iterable[Exchange]
) -> tuple[Turn, ...]:
    """The conversation as this prompt version carries it to this deployment's model."""
    policy, form = EarlierTurns(prompt.earlier_turns), ThinkForm(deployment.think_form)
    return conversation(earlier, text, policy, form)
