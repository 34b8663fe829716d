"""What goes to an engine and what comes back, as values; no I/O."""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal

import msgspec

SEED_LIMIT = 2**32 - 1
"""Seeds are 0 <= seed < SEED_LIMIT: llama.cpp keeps 32 bits and takes the last value for random."""


class EngineKind(StrEnum):
    """Which protocol an engine speaks."""

    VLLM = "vllm"
    LLAMA_CPP = "llama_cpp"
    OLLAMA = "ollama"
    LM_STUDIO = "lm_studio"
    OPENAI = "openai"

    @property
    def takes_ids(self) -> bool:
        """Whether the prompt is sent as token ids; the others render messages themselves."""
        return self in {EngineKind.VLLM, EngineKind.LLAMA_CPP}


@dataclass(frozen=True, slots=True)
class EngineAddress:
    """Where an engine is: ``base_url`` without ``/v1`` and without a trailing slash."""

    kind: EngineKind
    base_url: str
    model: str
    api_key: str | None = None

    def __repr__(self) -> str:
        """Without the key, so that an address can be logged."""
        return f"EngineAddress({self.kind.value}, {self.base_url}, {self.model})"


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation, for engines that do the rendering themselves."""

    role: Literal["system", "user", "assistant"]
    text: str


@dataclass(frozen=True, slots=True)
class GenerationRequest:
    """One request to answer.

    vLLM and llama.cpp are sent ``prompt_token_ids``, other engines ``messages``. ``grammar`` is
    GBNF and forces the form of the answer. ``stream_interval`` asks vLLM for that many tokens a
    piece; other engines have no such thing. ``window`` is what prompt and answer may take together,
    in tokens: Ollama allots it with each request, and far less if it is not told. Times in seconds:
    to connect, between two pieces, and for the whole answer (None: as long as it takes).
    """

    request_id: str
    prompt_token_ids: tuple[int, ...] | None
    messages: tuple[Message, ...]
    temperature: Decimal
    top_p: Decimal
    max_tokens: int
    seed: int
    grammar: str | None = None
    stream_interval: int | None = None
    window: int | None = None
    connect_timeout: float = 5.0
    read_timeout: float = 600.0
    total_timeout: float | None = None


class Channel(StrEnum):
    """Which part of the answer a text belongs to, when the engine itself has split it."""

    THINKING = "thinking"
    SUMMARY = "summary"


class Chunk(msgspec.Struct, frozen=True, gc=False):
    """One piece of the answer. ``channel`` is None for raw text, which is ours to split."""

    text: str
    token_ids: tuple[int, ...]
    channel: Channel | None = None


class Fidelity(StrEnum):
    """How exactly the answer is known: with its token ids, as text, or only after a lossy parse."""

    RAW_IDS = "raw_ids"
    RAW_TEXT = "raw_text"
    SPLIT_LOSSY = "split_lossy"


class Cut(StrEnum):
    """Why an answer is not whole."""

    DISCONNECTED = "disconnected"
    FAILED = "failed"
    TIMEOUT = "timeout"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class EngineSplit:
    """Thinking and summary as the engine parted them; what lay between them is lost."""

    thinking: str
    summary: str


@dataclass(frozen=True, slots=True)
class Generation:
    """What arrived, whole (``cut`` is None) or not.

    ``raw_response`` is the body of the response, byte for byte. ``text`` is the raw answer with
    its think tags; where the engine had split it (``fidelity`` is split_lossy, ``split`` is set) it
    is both parts in order of arrival, without the tags. ``token_ids`` includes the end token where
    the engine sends it, and is empty below ``raw_ids``. ``finish_reason`` is in OpenAI's words
    (stop, length, ...). ``fingerprint`` is what the engine says of itself, "" if nothing.
    ``request_id`` is the id under which the engine knows the request. Milliseconds count from the
    sending of the request.
    """

    raw_response: bytes
    text: str
    token_ids: tuple[int, ...]
    prompt_token_ids: tuple[int, ...]
    finish_reason: str | None
    fidelity: Fidelity
    model: str
    fingerprint: str
    request_id: str
    prompt_tokens: int | None
    completion_tokens: int | None
    first_token_ms: int | None
    total_ms: int
    cut: Cut | None = None
    split: EngineSplit | None = None
    last_token_ms: int | None = None
