"""Having an engine score a text that it is given: what each token's probability would have been.

vLLM does (``prompt_logprobs`` at /v1/completions, tried with 0.32.0). llama.cpp's server gives
probabilities of what it writes itself only (ggml-org/llama.cpp#27174, open in August 2026), and the
OpenAI protocol has no way to ask.
"""

from collections.abc import Sequence
from typing import Any

from reasoning.core.errors import EngineFailed, EngineRefused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.plausibility import LISTED, TokenScore
from reasoning.inference import fields
from reasoning.inference.requests import EngineAddress, EngineKind
from reasoning.inference.transport import failures, opened

CONNECT_SECONDS = 5.0
SCORING_ENGINES = (EngineKind.VLLM,)


async def score(
    address: EngineAddress, prompt: Sequence[int], output: Sequence[int], *, seconds: float
) -> list[TokenScore]:
    """The scores of the output's tokens after the prompt, in order.

    ``seconds`` may pass without a byte: the answer comes in one piece. Raises EngineRefused for
    engines that cannot do it and for ids that the engine does not know; and EngineError.
    """
    if address.kind not in SCORING_ENGINES:
        raise EngineRefused(_("This engine cannot score a given text."), status=None, param=None)
    wanted = {
        "model": address.model,
        "prompt": [*prompt, *output],
        "prompt_logprobs": LISTED,
        "max_tokens": 1,
        "temperature": 0,
    }
    async with opened(
        address, "/v1/completions", wanted, connect_timeout=CONNECT_SECONDS, read_timeout=seconds
    ) as response:
        with failures():
            answer = fields.parse(await response.read())
    return _scores(answer, len(prompt), output)


def _scores(answer: dict[str, Any], start: int, output: Sequence[int]) -> list[TokenScore]:
    choice = fields.objects(answer, "choices")[0]
    places = fields.required(choice, "prompt_logprobs", list)
    if len(places) != start + len(output):
        raise EngineFailed(reason="prompt_logprobs has another length than the prompt")
    return [_score(one, token) for one, token in zip(places[start:], output, strict=True)]


def _score(listed: Any, token: int) -> TokenScore:
    """One place: ``{"<token id>": {"logprob": -0.1, "rank": 1, ...}, ...}``."""
    if not isinstance(listed, dict) or str(token) not in listed:
        raise EngineFailed(reason="prompt_logprobs lacks a token of the prompt")
    known = {int(name): _logprob(one) for name, one in listed.items()}
    likeliest = tuple(sorted(known.values(), reverse=True)[:LISTED])
    return TokenScore(known[token], likeliest)


def _logprob(listed: Any) -> float:
    value = listed.get("logprob") if isinstance(listed, dict) else None
    if not isinstance(value, int | float):
        raise EngineFailed(reason="a log-probability is no number")
    return float(value)
