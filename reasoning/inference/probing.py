"""A closer look at an engine before it is approved: who it is, and whether it does as it should."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from reasoning.core.errors import EngineError
from reasoning.inference import client, fields
from reasoning.inference.identity import EngineIdentity, identify
from reasoning.inference.openai_chat import PATH as CHAT
from reasoning.inference.openai_chat import THINKING_FIELDS
from reasoning.inference.requests import (
    EngineAddress,
    EngineKind,
    Fidelity,
    Generation,
    GenerationRequest,
    Message,
)
from reasoning.inference.transport import ask

MESSAGES = (
    Message("system", "Answer briefly. Répondez brièvement.\n\nProblem:\n\n"),
    Message("user", "[INST] 2 + 2 = ? [/INST]</s>[THINK] Ελληνικά, हिन्दी, 日本語 😀"),
)
"""What is rendered for comparison: control tokens as plain text, blank lines, several scripts."""
FORCED = "<think>a</think>b"
ANSWER_TOKENS = 8
SECONDS = 120.0


class Answer(StrEnum):
    """What was found out."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Examination:
    """``rendered`` are the engine's own token ids of MESSAGES; None where it does not say.

    ``token_ids``: whether exact ids come back with an answer. ``parser``: whether the server takes
    answers apart in its chat endpoint.
    """

    identity: EngineIdentity
    rendered: tuple[int, ...] | None
    token_ids: Answer
    parser: Answer


async def examine(
    address: EngineAddress, prompt: Sequence[int], *, window: int | None = None
) -> Examination:
    """Look at an engine with four or five short questions. ``prompt`` is answered in a few tokens.

    ``window``: as in GenerationRequest. Raises EngineError when it cannot even answer those.
    """
    identity = await identify(address)
    rendered = await _rendered(address)
    generation = await client.generate(address, _request(tuple(prompt) or rendered, window))
    return Examination(
        identity=identity,
        rendered=rendered,
        token_ids=Answer.YES if generation.fidelity is Fidelity.RAW_IDS else Answer.NO,
        parser=await _parser(address, generation),
    )


def _request(prompt: tuple[int, ...] | None, window: int | None) -> GenerationRequest:
    return GenerationRequest(
        request_id="probe",
        prompt_token_ids=prompt,
        messages=MESSAGES,
        temperature=Decimal(0),
        top_p=Decimal(1),
        max_tokens=ANSWER_TOKENS,
        seed=0,
        window=window,
        read_timeout=SECONDS,
        total_timeout=SECONDS,
    )


async def _rendered(address: EngineAddress) -> tuple[int, ...] | None:
    """The prompt as the engine makes it; None where it will not say."""
    try:
        ids, _text = await client.render_with_engine(address, MESSAGES)
    except EngineError as error:
        if error.retryable:
            raise
        return None
    return ids


async def _parser(address: EngineAddress, generation: Generation) -> Answer:
    """vLLM is made to say a short thought in its chat; other servers show it in any answer."""
    if generation.split is not None:
        return Answer.YES
    if address.kind is not EngineKind.VLLM:
        return Answer.UNKNOWN
    wanted = {
        "model": address.model,
        "messages": [{"role": "user", "content": "?"}],
        "max_tokens": 4 * len(FORCED),
        "structured_outputs": {"regex": FORCED},
    }
    try:
        choices = fields.objects(await ask(address, CHAT, wanted), "choices")
    except EngineError:
        return Answer.UNKNOWN
    message = fields.optional(choices[0], "message", dict) or {} if choices else {}
    if any(message.get(name) for name in THINKING_FIELDS):
        return Answer.YES
    return Answer.NO if message.get("content") == FORCED else Answer.UNKNOWN
