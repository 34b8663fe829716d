"""Reports: the worst counts, much of a kind is counted, and the lines say it all."""

import pytest

from reasoning.core import reports
from reasoning.core.errors import Malformed, MissingFile, NotSigned, SignatureInvalid
from reasoning.core.reports import KEPT, STEPS, Report, Status, Verdict


def test_nothing_seen_is_verified():
    report = Report()
    report.step(5)
    assert report.verdict == Verdict.VERIFIED
    assert report.verdict.exit_code == 0


def test_the_verdict_is_the_worst_that_was_seen():
    report = Report()
    step = report.step(6)
    step.note("a", "fine")
    step.erased("b", "gone")
    assert report.verdict == Verdict.LAWFULLY_ERASED
    assert step.status == Status.CHECKED
    step.incomplete("c", "missing")
    assert report.verdict == Verdict.INCOMPLETE
    step.tampered("d", "changed")
    step.unverifiable("e", "unknown")
    assert report.verdict == Verdict.TAMPERED
    assert step.status == Status.FAILED


def test_without_a_pinned_key_the_best_is_no_good_and_worse_stays_worse():
    report = Report()
    step = report.step(1)
    step.leave_unpinned("The bundle's own key was used.")
    assert (report.verdict, step.status) == (Verdict.UNPINNED, Status.NOT_POSSIBLE)
    assert list(reports.lines(report))[-2:] == [
        Verdict.UNPINNED.sentence,
        "The bundle's own key was used.",
    ]
    report.step(7).incomplete("c", "missing")
    assert report.verdict == Verdict.UNPINNED
    report.step(5).tampered("d", "changed")
    assert report.verdict == Verdict.TAMPERED


def test_exit_codes_are_distinct():
    assert len({verdict.exit_code for verdict in Verdict}) == len(Verdict)
    assert all(verdict.exit_code != 2 for verdict in Verdict)


@pytest.mark.parametrize(
    ("error", "verdict"),
    [
        (Malformed(), Verdict.COULD_NOT_VERIFY),
        (NotSigned(), Verdict.COULD_NOT_VERIFY),
        (MissingFile(path="x"), Verdict.INCOMPLETE),
        (SignatureInvalid(), Verdict.TAMPERED),
    ],
)
def test_errors_bring_their_verdict(error, verdict):
    report = Report()
    report.step(2).refuse("x", error)
    assert report.verdict == verdict


def test_beyond_a_thousand_only_the_count_grows_and_the_worst_is_kept():
    report = Report()
    step = report.step(7)
    for number in range(KEPT + 5):
        step.note(str(number), "fine")
    step.tampered("last", "changed")
    assert (len(step.observations), step.omitted) == (KEPT + 1, 5)
    assert report.verdict == Verdict.TAMPERED
    assert report.as_dict()["steps"][0]["omitted"] == 5
    assert f"    and {KEPT + 6 - reports.SHOWN:,} more" in list(reports.lines(report))


def test_steps_not_begun_say_why():
    report = Report()
    report.step(3)
    report.complete("too early")
    assert [step.number for step in report.steps] == sorted(STEPS)
    assert {step.impossible for step in report.steps if step.number != 3} == {"too early"}
