"""The statement that a signer signs: who, what, with which meaning, and that it binds them."""

from dataclasses import dataclass

from django.utils import translation
from django.utils.translation import gettext

from reasoning.core.documents import timestamp
from reasoning.core.errors import gettext_noop as _
from reasoning.models import Decision, Meaning, Trace, User
from reasoning.services import policies

SENTENCES = {
    Meaning.APPROVED: _(
        "I, %(name)s, have read the record %(trace)s (SHA-256 %(digest)s) and sign it as: "
        "approved. Its answer may be used as it stands."
    ),
    Meaning.REJECTED: _(
        "I, %(name)s, have read the record %(trace)s (SHA-256 %(digest)s) and sign it as: "
        "rejected. Its answer must not be used."
    ),
    Meaning.SENT_BACK: _(
        "I, %(name)s, have read the record %(trace)s (SHA-256 %(digest)s) and sign it as: sent "
        "back. The question is to be asked anew, as I have written with this signature."
    ),
    Meaning.WITHDRAWN: _(
        "I, %(name)s, have read the record %(trace)s (SHA-256 %(digest)s) and withdraw the "
        "decision %(decision)s, which %(signer)s signed on it at %(time)s. It stays on record and "
        "counts no more."
    ),
}
NO_CONFLICT = _("I have no conflict of interest in this matter.")
BINDING = _("This signature is the equivalent of my handwritten signature.")


@dataclass(frozen=True)
class Statement:
    """The text, and the language that it is in."""

    text: str
    language: str


def statement_for(
    *, user: User, trace: Trace, meaning: str, digest: str, withdrawn: Decision | None = None
) -> Statement:
    """The statement in the language of the workspace's policy, else in the signer's own.

    ``digest`` is the hash of the trace's document; ``withdrawn`` what a withdrawal takes back.
    """
    policy = policies.policy_of(trace.run.question.workspace)
    facts = {"name": user.get_full_name(), "trace": trace.pk, "digest": digest}
    if withdrawn is not None:
        signer, signed_at = withdrawn.actor_name or "–", timestamp(withdrawn.recorded_at)
        facts |= {"decision": withdrawn.pk, "signer": signer, "time": signed_at}
    states = policy.conflict_statement and withdrawn is None
    language = policy.statement_language or translation.get_language() or "en"
    with translation.override(language):
        sentences = [
            gettext(SENTENCES[Meaning(meaning)]) % facts,
            *([gettext(NO_CONFLICT)] if states else []),
            gettext(BINDING),
        ]
    return Statement(" ".join(sentences), language)
