"""From a system prompt and the turns of a conversation to the exact tokens that are sent.

mistral-common lets much pass that is a mistake here (two questions in a row are merged, an empty
question is rendered), so the conversation is checked first. White space at the edges counts and is
kept, except that mistral-common drops spaces at the end of an earlier answer.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib.resources import files
from pathlib import Path
from typing import Literal, NamedTuple

from reasoning.core.errors import FieldError, IntegrityMismatch, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.think import ThinkForm
from reasoning.core.tokenizers import (
    PromptTokenizer,
    approved_tokenizer,
    load_tokenizer,
    shipped_tekken,
)

__all__ = [
    "CARD_PROMPT_SHA256",
    "CardPrompt",
    "EarlierTurns",
    "Exchange",
    "PromptTokenizer",
    "RenderedPrompt",
    "Turn",
    "card_prompt",
    "conversation",
    "count_prompt",
    "load_tokenizer",
    "render",
    "render_approved",
    "shipped_tekken",
]

CARD_PROMPT_SHA256 = "c19a4fea5363add00a61697aaab92d2c6c86a585177c544393ce7111f25f1e90"
"""Of the UTF-8 bytes of the model card's prompt; see data/README.md for where they come from."""


@dataclass(frozen=True, slots=True)
class Turn:
    """What one side said. An assistant's text holds its thinking, in the model's own tags."""

    role: Literal["user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class RenderedPrompt:
    """The exact prompt: what is sent (ids), and its text with the control tokens spelled out."""

    token_ids: tuple[int, ...]
    text: str


class CardPrompt(NamedTuple):
    """A published prompt, where it was published, and the sha256 of its UTF-8 bytes, hex."""

    text: str
    source: str
    sha256: str


class EarlierTurns(StrEnum):
    """What a follow-up question carries of the conversation before it. Part of a prompt version."""

    NONE = "none"
    """Nothing: the model sees the new question alone."""
    SUMMARIES = "summaries"
    """The earlier questions, and of each answer the summary."""
    THINKING = "thinking"
    """The earlier questions and whole answers, the thinking in the model's own tags."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """An earlier question and its answer, taken apart."""

    question: str
    thinking: str
    summary: str


def card_prompt() -> CardPrompt:
    """The system prompt of the Magistral-Small-2506 model card.

    Raises IntegrityMismatch when the file is not, to the byte, the one this release was made with.
    """
    data = (files("reasoning.core") / "data" / "magistral-small-2506-prompt.txt").read_bytes()
    sha256 = hashlib.sha256(data).hexdigest()
    if sha256 != CARD_PROMPT_SHA256:
        raise IntegrityMismatch(
            _("The file of the model card's prompt was changed: its sha256 is %(found)s."),
            found=sha256,
        )
    source = "https://huggingface.co/mistralai/Magistral-Small-2506"
    return CardPrompt(text=data.decode(), source=source, sha256=sha256)


def render(tokenizer: PromptTokenizer, system_prompt: str, turns: Sequence[Turn]) -> RenderedPrompt:
    """The prompt for the conversation's next answer.

    The turns alternate, and begin and end with the user's. An empty system prompt leaves it out.
    Raises InvalidInput with a field per mistake: ``system_prompt``, ``turns`` or ``turns.0`` ...
    """
    mistakes = [*_mistakes(system_prompt, turns), *_blanks(system_prompt, turns)]
    if mistakes:
        raise InvalidInput(fields=mistakes)
    token_ids = _encoded(tokenizer, system_prompt, turns)
    return RenderedPrompt(token_ids=token_ids, text=tokenizer.decode(token_ids))


def render_approved(
    directory: Path, sha256: str, system_prompt: str, turns: Sequence[Turn]
) -> RenderedPrompt:
    """``render`` with the ``approved_tokenizer``; raises what either does."""
    return render(approved_tokenizer(directory, sha256), system_prompt, turns)


def count_prompt(tokenizer: PromptTokenizer, system_prompt: str, turns: Sequence[Turn]) -> int:
    """How many tokens ``render`` would give. For counting while somebody types: blank text counts.

    Raises InvalidInput as ``render`` does for everything else.
    """
    mistakes = _mistakes(system_prompt, turns)
    if mistakes:
        raise InvalidInput(fields=mistakes)
    return len(_encoded(tokenizer, system_prompt, turns))


def conversation(
    earlier: Iterable[Exchange], question: str, policy: EarlierTurns, form: ThinkForm
) -> tuple[Turn, ...]:
    """The turns that end with the question, of earlier ones as much as the policy wants.

    Thinking goes inline as text, in the tags of ``form``: tokenizers before v13 have no tokens for
    it. White space at the edges of a summary that stands alone belonged to the tags, and goes too.
    """
    turns: list[Turn] = []
    if policy is not EarlierTurns.NONE:
        for exchange in earlier:
            answer = _answer(exchange, policy, form)
            turns += [Turn("user", exchange.question), Turn("assistant", answer)]
    return (*turns, Turn("user", question))


def _answer(exchange: Exchange, policy: EarlierTurns, form: ThinkForm) -> str:
    if policy is EarlierTurns.SUMMARIES or not exchange.thinking:
        return exchange.summary.strip()
    return f"{form.opening}{exchange.thinking}{form.closing}{exchange.summary}"


def _encoded(
    tokenizer: PromptTokenizer, system_prompt: str, turns: Sequence[Turn]
) -> tuple[int, ...]:
    spoken = [(turn.role, turn.text) for turn in turns]
    return tokenizer.encode([("system", system_prompt), *spoken] if system_prompt else spoken)


def _named(system_prompt: str, turns: Sequence[Turn]) -> Iterable[tuple[str, str]]:
    yield "system_prompt", system_prompt
    for number, turn in enumerate(turns):
        yield f"turns.{number}", turn.text


def _mistakes(system_prompt: str, turns: Sequence[Turn]) -> list[FieldError]:
    """What is wrong with the order of the turns and with the characters of the texts."""
    mistakes = []
    roles = [turn.role for turn in turns]
    if len(roles) % 2 == 0 or any(
        role != ("assistant" if number % 2 else "user") for number, role in enumerate(roles)
    ):
        sentence = _("Turns alternate between user and assistant, and begin and end with the user.")
        mistakes.append(FieldError("turns", "wrong_order", sentence))
    for name, text in _named(system_prompt, turns):
        if "\0" in text:
            mistakes.append(FieldError(name, "nul", _("The text contains a NUL character.")))
        if not _encodable(text):
            sentence = _("The text contains half of a surrogate pair, which is no character.")
            mistakes.append(FieldError(name, "lone_surrogate", sentence))
    return mistakes


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _blanks(system_prompt: str, turns: Sequence[Turn]) -> list[FieldError]:
    return [
        FieldError(name, "blank", _("The text is empty or blank."))
        for name, text in _named(system_prompt, turns)
        if not text.strip() and (name, text) != ("system_prompt", "")
    ]
