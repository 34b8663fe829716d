"""The whole log, step by step."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from reasoning.core.errors import Malformed
from reasoning.core.errors import gettext_noop as _
from reasoning.core.policies import Policy
from reasoning.core.replay import Replay
from reasoning.core.reports import STEPS, Report, Step
from reasoning.core.tiles import WIDTH
from reasoning.models import LogHead
from reasoning.services import guards
from reasoning.services.snapshots import snapshot
from reasoning.services.verification import correspondence, trusting
from reasoning.services.verification.evidence_rows import EvidenceRows
from reasoning.services.verification.heads import Head, Heads
from reasoning.services.verification.reading import Progress, no_progress
from reasoning.services.verification.saved import Saved
from reasoning.services.verification.tree import TreePass

SAVE_EVERY = 5.0
"""Seconds between two savings of how far it has come."""

PASS = (2, 3, 4, 5, 6, 7, 10, 12)
"""Steps of the pass over the log, which can be gone on with; the others are whole each time."""

NOT_A_BUNDLE = _("This is the database; files are checked in a bundle.")
DOCUMENTS_ONLY = _("Documents alone were checked, as asked.")
FAILED = _("An earlier step failed.")


@dataclass(frozen=True)
class Wanted:
    """What to check, and what whoever verifies brings along.

    ``outside`` are checkpoints kept elsewhere, each with its name; ``saved`` is where to go on
    (None: at the beginning), and ``save`` keeps how far it has come.
    """

    policy: Policy | None = None
    outside: tuple[tuple[str, bytes], ...] = ()
    documents_only: bool = False
    saved: Saved | None = None
    save: Callable[[Saved], None] | None = None
    progress: Progress = no_progress


def verify(wanted: Wanted) -> Report:
    """Check everything, in one snapshot of the database.

    Raises Malformed for a saved state of another log; an error of the database is raised as it is.
    """
    record = tuple(trusting.signers_record(LogHead.objects.get().origin))
    with snapshot():
        return Verification(wanted, record).run()


def check_guards(step: Step) -> None:
    """Whether what keeps evidence from being changed is in place (step 11)."""
    step.checked = len(guards.TRIGGERS) + len(guards.FUNCTIONS)
    for odd in guards.deviations():
        step.tampered(odd.where, odd.sentence, **odd.data)


class Verification:
    """One verification, within a snapshot. ``record`` is what the signer says that it signed."""

    def __init__(self, wanted: Wanted, record: Iterable[tuple[str, bytes]]) -> None:
        self._wanted = wanted
        self._outside = [*wanted.outside, *record]
        self._head = LogHead.objects.get()
        self._report = Report()
        self._steps = {number: self._report.step(number) for number in STEPS}
        self._saved_at = time.monotonic()

    def run(self) -> Report:
        """Every step; the report."""
        steps = self._steps
        saved, lost = self._state()
        steps[0].impossible = NOT_A_BUNDLE
        policy = trusting.pinned(steps[1], self._wanted.policy, self._head, self._outside)
        if policy:
            outside = trusting.outside_heads(steps[3], policy, self._outside)
            self._pass(policy, saved, [*outside, *lost])
            trusting.check_witnesses(steps[2], policy)
        else:
            for number in PASS:
                steps[number].impossible = FAILED
        self._say("correspondence")
        correspondence.check_pairs(steps[7])
        correspondence.check_waiting(steps[8])
        trusting.check_timestamps(steps[9], saved.size)
        check_guards(steps[11])
        return self._report

    def _state(self) -> tuple[Saved, list[Head]]:
        """Where to begin. A log that is shorter than what was checked is checked from the start,
        and held against what was checked."""
        wanted, saved, origin = self._wanted, self._wanted.saved, self._head.origin
        if saved is None:
            return Saved(origin, wanted.documents_only), []
        if saved.origin != origin:
            raise Malformed(_("The saved state is of another log."))
        if saved.documents_only and not wanted.documents_only:
            raise Malformed(_("The saved state is of documents alone; evidence was not checked."))
        if saved.size <= self._head.size:
            return saved, []
        checked = Head(saved.size, saved.replay().root(), "the saved state", outside=True)
        return Saved(origin, wanted.documents_only), [checked]

    def _pass(self, policy: Policy, saved: Saved, outside: Iterable[Head]) -> None:
        """Steps 2 to 6, 7 as far as single rows go, 10 and 12."""
        steps = self._steps
        saved.restore(steps[number] for number in PASS)
        replay = saved.replay()
        heads = Heads(steps[2], steps[3], policy, outside)
        heads.begin(replay.size, replay.root(), self._head)
        rows = None
        if self._wanted.documents_only:
            for number in (6, 10, 12):
                steps[number].impossible = DOCUMENTS_ONLY
        else:
            rows = EvidenceRows(steps[6], steps[7], steps[10], steps[12])
        tree = TreePass(
            (steps[4], steps[5]), heads, self._head, replay, rows.take if rows else None
        )
        for size in tree.run():
            self._say("entries", size, self._head.size)
            due = time.monotonic() - self._saved_at > SAVE_EVERY
            if size % WIDTH == 0 and (due or size + WIDTH > self._head.size):
                self._save(saved, replay, rows)
        if rows:
            rows.flush()
        if self._wanted.saved:
            for number in PASS:
                steps[number].drop_repeated()

    def _save(self, saved: Saved, replay: Replay, rows: EvidenceRows | None) -> None:
        """Remember what is behind: full rows of the tree, and all their evidence compared."""
        if not self._wanted.save:
            return
        if rows:
            rows.flush()
        saved.remember(replay, (self._steps[number] for number in PASS))
        self._wanted.save(saved)
        self._saved_at = time.monotonic()

    def _say(self, what: str, done: int = 0, total: int = 0) -> None:
        self._wanted.progress(what, done, total)
