"""Steps 1, 2 and 9: whose keys count, whether witnesses cosigned, and when others saw the log."""

from collections.abc import Iterable, Iterator
from datetime import timedelta

from django.conf import settings
from django.db.models.functions import Now

from reasoning import durable
from reasoning.core import timestamps
from reasoning.core.errors import AuditError, Malformed, QuorumNotReached, VerificationFailed
from reasoning.core.errors import gettext_noop as _
from reasoning.core.policies import Policy
from reasoning.core.reports import Step
from reasoning.models import Checkpoint, LogHead, TimestampToken
from reasoning.services import checkpoints
from reasoning.services.timestamps import trusted_roots
from reasoning.services.verification.heads import Head

LOOKED_AT = 50
"""Cosigned checkpoints, the newest first, among which one with a quorum is looked for."""


UNPINNED = _(
    "The keys that the database lists were used. Get the log's key from somebody you trust, and "
    "give it with --vkey."
)


def pinned(
    step: Step, policy: Policy | None, head: LogHead, outside: Iterable[tuple[str, bytes]]
) -> Policy | None:
    """The policy to verify by: the given one or, for want of it, the keys the database lists.

    A checkpoint from outside the database that one of those signed vouches for them: who changed
    keys and log in the database could not have changed that too.
    """
    try:
        chosen = policy or checkpoints.policy()
    except Malformed as error:
        step.refuse("log", error)
        return None
    if policy is None:
        _vouch(step, chosen, outside)
    _name_keys(step, chosen, head)
    return chosen


def _vouch(step: Step, listed: Policy, outside: Iterable[tuple[str, bytes]]) -> None:
    signed = [head.where for head in outside_heads(Step(step.number), listed, outside)]
    for where in signed:
        sentence = _("A key that the database lists signed this, which lies outside the database.")
        step.note(where, sentence)
    if not signed:
        step.leave_unpinned(UNPINNED)


def _name_keys(step: Step, policy: Policy, head: LogHead) -> None:
    for party in policy.logs:
        step.checked += 1
        step.note("log", "%(key)s", key=str(party.key))
    if head.origin not in {party.key.name for party in policy.logs}:
        sentence = _("The database holds the log %(origin)s, of which no key is known.")
        step.unverifiable("log", sentence, origin=head.origin)


def signers_record(origin: str) -> Iterator[tuple[str, bytes]]:
    """What the signer says that it signed last, where its file can be read from here.

    Read it before the database: the log is always as long as what was signed of it, or longer.
    """
    try:
        note = durable.read(durable.place_of(settings.SIGNER_STATE, origin))
    except OSError:
        return
    if note is not None:
        yield "the signer's record", note


def outside_heads(step: Step, policy: Policy, given: Iterable[tuple[str, bytes]]) -> Iterator[Head]:
    """The heads of checkpoints kept outside the database, as far as the log signed them."""
    for where, note in given:
        try:
            head = policy.without_quorum().open(note).checkpoint
        except AuditError as error:
            step.unverifiable(where, error.sentence, **error.data)
        else:
            yield Head(head.size, head.root, where, outside=True)


def check_witnesses(step: Step, policy: Policy) -> None:
    """A quorum has cosigned the log as it was a while ago, or a later one."""
    if policy.quorum == "none":
        step.note("log", _("No witnesses are asked for, so none is."))
        return
    allowed = timedelta(seconds=settings.SEQUENCER_ALARM_SECONDS)
    due = Checkpoint.objects.filter(signed_at__lt=Now() - allowed).order_by("-size").first()
    reached = _witnessed_size(step, policy)
    if due and (reached is None or reached < due.size):
        sentence = _("Since %(reached)s entries no quorum of witnesses has cosigned the log.")
        step.incomplete(f"checkpoint {due.size}", sentence, reached=reached or 0)


def _witnessed_size(step: Step, policy: Policy) -> int | None:
    """The largest size that a quorum cosigned."""
    cosigned = Checkpoint.objects.filter(cosignatures__isnull=False).distinct().order_by("-size")
    for row in cosigned[:LOOKED_AT]:
        try:
            opened = policy.open(checkpoints.cosigned_note(row))
        except QuorumNotReached:
            continue
        except (Malformed, VerificationFailed) as error:
            step.refuse(f"checkpoint {row.size}", error)
            continue
        step.checked += len(opened.cosignatures)
        return row.size
    return None


def check_timestamps(step: Step, size: int) -> None:
    """Each time stamp of a checkpoint beyond this size covers the checkpoint's note."""
    tokens = TimestampToken.objects.filter(checkpoint__gte=size).select_related("checkpoint")
    roots = trusted_roots()
    for token in tokens.order_by("checkpoint", "pk").iterator(chunk_size=100):
        where = f"checkpoint {token.checkpoint_id} ({token.authority})"
        step.checked += 1
        try:
            timestamps.check(bytes(token.response), bytes(token.checkpoint.note), roots)
        except (Malformed, VerificationFailed) as error:
            step.tampered(where, error.sentence, **error.data)
    if not step.checked:
        step.impossible = _("There are no time stamps to check.")
    elif not roots:
        step.impossible = _("No authority's certificate is set: who signed was not checked.")
