"""Which tokenizer counts and renders for a deployment."""

import re
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path

from django.conf import settings

from reasoning.core.errors import EngineRefused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.prompts import (
    EarlierTurns,
    Exchange,
    PromptTokenizer,
    Turn,
    conversation,
    count_prompt,
    load_tokenizer,
)
from reasoning.core.think import ThinkForm
from reasoning.models import Deployment, PromptVersion, Renderer

ANSWER_RESERVE = 1024
"""Tokens of the window that a question must leave for the answer (a quarter of a small window)."""


def tokenizer_for(deployment: Deployment) -> PromptTokenizer:
    """The tokenizer file named by the deployment's digest, from ``TOKENIZER_DIR``.

    A deployment that renders by itself is counted with the tokenizer that mistral-common ships.
    Raises EngineRefused when the file on this machine is not the approved one.
    """
    shipped = load_tokenizer(None)
    if deployment.renderer == Renderer.ENGINE or deployment.tokenizer_sha256 == shipped.sha256:
        return shipped
    path = Path(settings.TOKENIZER_DIR) / f"{deployment.tokenizer_sha256}.json"
    if not path.is_file():
        raise EngineRefused(
            _("The approved tokenizer %(sha256)s is not in TOKENIZER_DIR."),
            sha256=deployment.tokenizer_sha256,
        )
    tokenizer = load_tokenizer(path)
    if tokenizer.sha256 != deployment.tokenizer_sha256:
        raise EngineRefused(_("The tokenizer file on this machine is not the approved one."))
    return tokenizer


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
