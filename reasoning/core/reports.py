"""Reports of verification: numbered steps, what each found, and one verdict.

The numbers are the same wherever something is verified, so that "step 5" means one thing. A step
that could not be carried out says why; it is never passed over in silence.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from reasoning.core.errors import AuditError, Malformed, MissingFile, NotSigned, QuorumNotReached
from reasoning.core.errors import gettext_noop as _

STEPS = {
    0: _("The files are those of the bundle's list"),
    1: _("Keys, origin and policy are pinned"),
    2: _("The checkpoint's signatures and its quorum of witnesses"),
    3: _("All checkpoints are of one log that only grew"),
    4: _("Indexes are contiguous from 0"),
    5: _("Each document is in the log"),
    6: _("Each text opens its commitment, or was lawfully erased"),
    7: _("Records and entries correspond, and none is missing"),
    8: _("Nothing waits to be sequenced for longer than allowed"),
    9: _("Time-stamp tokens"),
    10: _("Decisions are bound to the traces they decide on"),
    11: _("Triggers, grants and ownership are as declared"),
    12: _("Passkeys signed the decisions that they are said to have signed"),
}


class Verdict(StrEnum):
    """What all steps come to, from best to worst; ``exit_code`` tells them apart in scripts."""

    VERIFIED = "verified"
    LAWFULLY_ERASED = "lawfully_erased"
    INCOMPLETE = "incomplete"
    UNPINNED = "unpinned"
    COULD_NOT_VERIFY = "could_not_verify"
    TAMPERED = "tampered"

    @property
    def exit_code(self) -> int:
        """0 verified, 1 tampered, 3 lawfully erased, 4 incomplete, 5 could not verify, 6 unpinned.

        2 stays what it is everywhere: the command was called wrongly.
        """
        return _EXIT_CODES[self]

    @property
    def is_good(self) -> bool:
        """Whether all that is there, and all that should be, is as it was logged."""
        return self in {Verdict.VERIFIED, Verdict.LAWFULLY_ERASED}

    @property
    def sentence(self) -> str:
        """What the verdict means."""
        return _SENTENCES[self]


_EXIT_CODES = {
    Verdict.VERIFIED: 0,
    Verdict.TAMPERED: 1,
    Verdict.LAWFULLY_ERASED: 3,
    Verdict.INCOMPLETE: 4,
    Verdict.COULD_NOT_VERIFY: 5,
    Verdict.UNPINNED: 6,
}
_SENTENCES = {
    Verdict.VERIFIED: _("Verified: everything here is as it was logged."),
    Verdict.LAWFULLY_ERASED: _(
        "Verified, with texts that were lawfully erased and logged as such."
    ),
    Verdict.INCOMPLETE: _(
        "Incomplete: what is here is as it was logged, but something is missing."
    ),
    Verdict.UNPINNED: _(
        "Not verified: no key from elsewhere was given, and anybody can sign with a key of their "
        "own."
    ),
    Verdict.COULD_NOT_VERIFY: _("Could not be verified."),
    Verdict.TAMPERED: _("Tampered: something is not as it was logged."),
}
_VERDICT_OF_ERROR: dict[type[AuditError], Verdict] = {
    MissingFile: Verdict.INCOMPLETE,
    QuorumNotReached: Verdict.INCOMPLETE,
    NotSigned: Verdict.COULD_NOT_VERIFY,
    Malformed: Verdict.COULD_NOT_VERIFY,
}
"""Every other error says that something is not as it was logged."""

_RANK = {verdict: rank for rank, verdict in enumerate(Verdict)}


KEPT = 1000
"""Observations that a step keeps, of each verdict."""

SHOWN = 20
"""Observations of each step that ``lines`` shows."""

FAILURES = {Verdict.INCOMPLETE, Verdict.COULD_NOT_VERIFY, Verdict.TAMPERED}
"""What a step failed at when it saw one of these."""


class Status(StrEnum):
    """How a step went."""

    CHECKED = "checked"
    FAILED = "failed"
    NOT_POSSIBLE = "not_possible"


@dataclass(frozen=True)
class Observation:
    """Something a step saw: what it means for the verdict, at which file or record, and why."""

    verdict: Verdict
    where: str
    sentence: str
    data: dict[str, Any] = field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence in English, filled in."""
        return self.sentence % self.data if self.data else self.sentence


@dataclass
class Step:
    """One numbered step: how many things it checked, what it saw, or why it was not possible.

    ``unpinned``: nobody from outside vouches for the keys, so that the rest proves little.
    """

    number: int
    checked: int = 0
    observations: list[Observation] = field(default_factory=list)
    impossible: str = ""
    unpinned: bool = False
    omitted: int = 0
    _kept: Counter[Verdict] = field(default_factory=Counter)

    @property
    def title(self) -> str:
        return STEPS[self.number]

    @property
    def status(self) -> Status:
        """Failed, when anything is missing, tampered with or could not be verified."""
        if any(seen.verdict in FAILURES for seen in self.observations):
            return Status.FAILED
        return Status.NOT_POSSIBLE if self.impossible else Status.CHECKED

    def leave_unpinned(self, sentence: str) -> None:
        """Say that no key was pinned, and what was done for want of one."""
        self.impossible, self.unpinned = sentence, True

    def note(self, where: str, sentence: str, **data: Any) -> None:
        """Say something that does not touch the verdict."""
        self.see(Observation(Verdict.VERIFIED, where, sentence, data))

    def erased(self, where: str, sentence: str, **data: Any) -> None:
        self.see(Observation(Verdict.LAWFULLY_ERASED, where, sentence, data))

    def incomplete(self, where: str, sentence: str, **data: Any) -> None:
        self.see(Observation(Verdict.INCOMPLETE, where, sentence, data))

    def unverifiable(self, where: str, sentence: str, **data: Any) -> None:
        self.see(Observation(Verdict.COULD_NOT_VERIFY, where, sentence, data))

    def tampered(self, where: str, sentence: str, **data: Any) -> None:
        self.see(Observation(Verdict.TAMPERED, where, sentence, data))

    def refuse(self, where: str, error: AuditError) -> None:
        """Take an error over, with the verdict that its kind stands for."""
        verdicts = (one for kind, one in _VERDICT_OF_ERROR.items() if isinstance(error, kind))
        verdict = next(verdicts, Verdict.TAMPERED)
        self.see(Observation(verdict, where, error.sentence, error.data))

    def see(self, observation: Observation) -> None:
        """Keep an observation; beyond a thousand of one verdict they are only counted."""
        if self._kept[observation.verdict] < KEPT:
            self._kept[observation.verdict] += 1
            self.observations.append(observation)
        else:
            self.omitted += 1

    def drop_repeated(self) -> None:
        """Keep one of observations that are alike: for a step that went on where it had stopped."""
        kept: list[Observation] = []
        for observation in self.observations:
            if observation not in kept:
                kept.append(observation)
        self.observations = kept


@dataclass
class Report:
    """The steps of one verification, in their order."""

    steps: list[Step] = field(default_factory=list)

    def step(self, number: int) -> Step:
        """Begin the next step."""
        self.steps.append(Step(number))
        return self.steps[-1]

    def impossible(self, number: int, sentence: str) -> None:
        """Report a step that cannot be carried out here, and why."""
        self.step(number).impossible = sentence

    def complete(self, sentence: str) -> None:
        """Put the steps in order, and say of those not begun why they were not possible."""
        begun = {step.number for step in self.steps}
        for number in STEPS.keys() - begun:
            self.impossible(number, sentence)
        self.steps.sort(key=lambda step: step.number)

    @property
    def verdict(self) -> Verdict:
        """The worst that any step saw."""
        seen = [one.verdict for step in self.steps for one in step.observations]
        seen += [Verdict.UNPINNED for step in self.steps if step.unpinned]
        return max(seen, key=_RANK.__getitem__, default=Verdict.VERIFIED)

    def as_dict(self) -> dict[str, Any]:
        """The report for programs; texts in English."""
        return {
            "verdict": str(self.verdict),
            "exit_code": self.verdict.exit_code,
            "steps": [_step_as_dict(step) for step in self.steps],
        }


def lines(report: Report) -> Iterator[str]:
    """The report for people, in English: each step with what it saw, then the verdict."""
    for step in report.steps:
        yield from _step_lines(step)
    yield ""
    yield report.verdict.sentence
    if failed := [str(step.number) for step in report.steps if step.status is Status.FAILED]:
        yield f"See above: {'step' if len(failed) == 1 else 'steps'} {', '.join(failed)}."
    yield from (step.impossible for step in report.steps if step.unpinned)


def _step_lines(step: Step) -> Iterator[str]:
    status = str(step.status).replace("_", " ")
    count = f" ({step.checked:,})" if step.checked else ""
    yield f"{step.number:2}. {status:12}  {step.title}{count}"
    if step.impossible:
        yield f"    {step.impossible}"
    for seen in step.observations[:SHOWN]:
        yield f"    {seen.where}: {seen.message}" if seen.where else f"    {seen.message}"
    more = len(step.observations[SHOWN:]) + step.omitted
    if more:
        yield f"    and {more:,} more"


def _step_as_dict(step: Step) -> dict[str, Any]:
    return {
        "number": step.number,
        "title": step.title,
        "status": str(step.status),
        "checked": step.checked,
        "reason": step.impossible,
        "omitted": step.omitted,
        "observations": [
            {"verdict": str(seen.verdict), "where": seen.where, "message": seen.message}
            for seen in step.observations
        ],
    }
