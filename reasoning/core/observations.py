"""What a check of a trace may look at, and what it says."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from reasoning.core.think import Split, ThinkForm

Severity = Literal["info", "warning", "blocking"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Observed:
    """One trace as it came back, beside what had been approved and sent.

    ``finish_reason`` is the engine's ("stop" for a whole answer), None or "" when none came.
    ``fidelity`` is raw_ids, raw_text or split_lossy. Languages are codes or ``und``. The window is
    in tokens. What the engine says of itself is compared with what was approved name by name
    (model, version ...), where both are known; a fingerprint that was approved must be given, if it
    is there to be compared. Prompt ids are those sent, and those
    the engine says that it read (empty when it does not say), or how many it counted (None).
    ``replaced``: the answer had characters that no text column holds; U+FFFD stands for each.
    """

    split: Split
    form: ThinkForm
    finish_reason: str | None
    fidelity: str
    language_of_question: str
    language_of_thinking: str
    language_of_summary: str
    prompt_tokens: int
    window: int
    prompt_tokens_counted: int | None = None
    engine_approved: Mapping[str, str] = field(default_factory=dict)
    engine_observed: Mapping[str, str] = field(default_factory=dict)
    prompt_ids_sent: Sequence[int] = ()
    prompt_ids_reported: Sequence[int] = ()
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Observation:
    """One thing a check saw: a stable code, how grave it is, and a sentence with its data."""

    code: str
    severity: Severity
    sentence: str
    data: Mapping[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence in English, filled in."""
        return self.sentence % self.data if self.data else self.sentence
