"""What automatic checks see in a trace. Pure: everything a check may look at is in ``Observed``.

A blocking finding means that the trace is not the whole, well-formed answer of the approved engine
to the prompt that was rendered, so that nobody may approve it. The rest is for the reviewer to
weigh.

Sentences are gettext templates filled in with ``data``, which holds numbers, codes and names, and
never any of the question or the answer: those can be erased, and findings cannot. Where a finding
has a place, ``data["places"]`` names the first of them (``places``): ``{"part": "thinking",
"start": 7, "end": 12}``, in characters of that part, so that a page can mark it.
"""

from collections.abc import Iterable

from reasoning.core import engine_findings, shape_findings, text_findings
from reasoning.core.observations import Observation, Observed, Severity

__all__ = ["Observation", "Observed", "Severity", "blocks", "check"]

_CHECKS = (*shape_findings.CHECKS, *engine_findings.CHECKS, *text_findings.CHECKS)


def check(observed: Observed) -> tuple[Observation, ...]:
    """All that the checks see, in a fixed order."""
    return tuple(observation for look in _CHECKS for observation in look(observed))


def blocks(observations: Iterable[Observation]) -> bool:
    """Whether any of them forbids approving the trace."""
    return any(observation.severity == "blocking" for observation in observations)
