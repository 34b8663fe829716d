"""Reading an answer: taken apart, its languages told, and everything checked, in one step."""

from collections.abc import Callable
from dataclasses import dataclass

from reasoning.core import think
from reasoning.core.findings import check
from reasoning.core.languages import Detection, detect
from reasoning.core.observations import Observation, Observed
from reasoning.core.think import Split, ThinkForm


@dataclass(frozen=True, slots=True)
class Reading:
    """What an answer is found to be."""

    split: Split
    of_thinking: Detection
    of_summary: Detection
    observations: tuple[Observation, ...]


def read(
    answer: str | tuple[str, str], form: ThinkForm, observed: Callable[..., Observed]
) -> Reading:
    """Read an answer: its raw text, or thinking and summary where an engine has parted them.

    ``observed`` knows all else that checks look at; it is told the split and the two languages.
    """
    split = think.split(answer, form) if isinstance(answer, str) else think.parted(*answer, form)
    of_thinking, of_summary = detect(split.thinking), detect(split.summary)
    seen = observed(
        split=split,
        language_of_thinking=of_thinking.language,
        language_of_summary=of_summary.language,
    )
    return Reading(split, of_thinking, of_summary, check(seen))
