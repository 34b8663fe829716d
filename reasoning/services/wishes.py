"""What a signer wants to sign, and whether it is complete by the workspace's policy."""

from collections.abc import Iterator
from dataclasses import dataclass

from reasoning.core.errors import FieldError, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import text_problem
from reasoning.models import VERDICTS, Answer, Meaning
from reasoning.services.policies import Policy

RATIONALE_LIMIT = 10_000
ASKED_ANEW_LIMIT = 20_000


@dataclass(frozen=True)
class Wish:
    """Everything that the signer says; fit for JSON.

    ``shown`` is the hash of the trace's document as the signer saw it. ``answers`` are those to the
    policy's checklist, in its order ("" where one was left out). ``withdraws`` is the id of the
    decision that a withdrawal takes back, else empty.
    """

    meaning: str
    rationale: str
    shown: str
    answers: tuple[str, ...] = ()
    no_conflict: bool = False
    asked_anew: str = ""
    withdraws: str = ""


def require_complete(wish: Wish, policy: Policy) -> None:
    """Raise InvalidInput naming every field that is missing or wrong.

    ``answer_1`` is the answer to the checklist's first statement, and so on.
    """
    if found := list(_problems(wish, policy)):
        raise InvalidInput(fields=found)


def _problems(wish: Wish, policy: Policy) -> Iterator[FieldError]:
    meanings = (Meaning.WITHDRAWN,) if wish.withdraws else VERDICTS
    if wish.meaning not in meanings:
        yield FieldError("meaning", "required", _("Choose what your signature means."))
    if problem := text_problem("rationale", wish.rationale, limit=RATIONALE_LIMIT):
        yield problem
    if not wish.withdraws:
        yield from _answer_problems(wish, policy)
        yield from _conflict_problems(wish, policy)
        yield from _asked_problems(wish)


def _answer_problems(wish: Wish, policy: Policy) -> Iterator[FieldError]:
    """Who approves has answered every statement; others answer those that they want to."""
    answers = wish.answers or ("",) * len(policy.checklist)
    if len(answers) != len(policy.checklist):
        sentence = _("The checklist was changed meanwhile. Look at it again.")
        yield FieldError("checklist", "changed", sentence)
        return
    may_miss = wish.meaning != Meaning.APPROVED
    for number, answer in enumerate(answers, start=1):
        if answer not in Answer.values and not (may_miss and not answer):
            sentence = _("Answer this before you approve.")
            yield FieldError(f"answer_{number}", "required", sentence)


def _conflict_problems(wish: Wish, policy: Policy) -> Iterator[FieldError]:
    if policy.conflict_statement and wish.no_conflict is not True:
        sentence = _("State that you have no conflict of interest, or keep out of this decision.")
        yield FieldError("no_conflict", "required", sentence)


def _asked_problems(wish: Wish) -> Iterator[FieldError]:
    """Who sends back says what is to be asked; nobody else does."""
    sends_back = wish.meaning == Meaning.SENT_BACK
    problem = text_problem(
        "asked_anew", wish.asked_anew, limit=ASKED_ANEW_LIMIT, blank=not sends_back
    )
    if problem:
        yield problem
    elif wish.asked_anew.strip() and not sends_back:
        sentence = _("A new question belongs to sending back. Choose that, or leave this empty.")
        yield FieldError("asked_anew", "not_sent_back", sentence)
