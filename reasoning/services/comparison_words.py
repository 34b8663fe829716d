"""What came of a comparison, in a sentence that claims no more than was measured."""

from django.utils.translation import gettext as _

from reasoning.core.errors import gettext_noop as _noop
from reasoning.core.matching import Unit
from reasoning.core.plausibility import Verdict
from reasoning.models import Replay, Rescore


def sentence_of(row: Replay | Rescore) -> str:
    """The sentence for pages and the API, in the reader's language."""
    if row.failure_code:
        return _("The engine did not do it.")
    return _of_replay(row) if isinstance(row, Replay) else _of_rescore(row)


def _of_replay(row: Replay) -> str:
    data = {"matched": row.matched, "compared": row.compared, "at": row.first_difference}
    tokens = row.unit == Unit.TOKENS
    if row.first_difference is None:
        whole = (
            _("Matched %(matched)s of %(compared)s tokens.")
            if tokens
            else _("Matched %(matched)s of %(compared)s characters.")
        )
        return whole % data
    parted = (
        _("Matched %(matched)s of %(compared)s tokens; the first difference is token %(at)s.")
        if tokens
        else _(
            "Matched %(matched)s of %(compared)s characters; the first difference is character "
            "%(at)s."
        )
    )
    return parted % data


_VERDICTS = {
    Verdict.AGREES: _noop("The model could have written this with the recorded sampling."),
    Verdict.DIFFERS: _noop(
        "The model would hardly have written this with the recorded sampling: the text may be "
        "another model's, or changed."
    ),
    Verdict.UNDECIDED: _noop("These figures do not allow to say whether the model wrote this."),
}


def _of_rescore(row: Rescore) -> str:
    return _(_VERDICTS[Verdict(row.verdict)])
