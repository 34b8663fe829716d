"""Verifying a bundle, step by step, with nothing but the bundle and keys got elsewhere.

The steps, numbered as wherever the log is verified (``reports.STEPS``):

0. every file of the bundle's list is there, unchanged, and no other;
1. keys, origin and policy are pinned: given by whoever verifies, not by the bundle;
2. the checkpoint is signed by the log, and witnesses make the quorum;
3. earlier checkpoints in the bundle, and those given from outside, are of the same growing log;
5. each document's bytes lead, as a leaf, to the checkpoint's root (``evidence_checks``);
6. each text opens its commitment, or the log has an entry of its erasure;
7. records show what the entries say, and as many of each kind as were asked for;
9. time-stamp tokens cover a checkpoint;
10. each decision names the digest of the very trace it decides on;
12. each decision that a passkey signed bears its signature, over the hash of what was decided, by a
    key that the log has as the signer's from before (``passkeys``).

Steps 4, 8 and 11 need the whole log and its database; the report says so.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import IO

from cryptography.x509 import Certificate

from reasoning.core import bundle as layout
from reasoning.core import evidence_checks, merkle, policies, timestamps, witnessing
from reasoning.core.bundle import Bundle
from reasoning.core.checkpoints import Checkpoint
from reasoning.core.errors import AuditError, Malformed, VerificationFailed
from reasoning.core.errors import gettext_noop as _
from reasoning.core.keys import VerifierKey
from reasoning.core.policies import Policy, SignedCheckpoint
from reasoning.core.reports import Report, Step

UNPINNED = _(
    "The bundle's own key was used. Get the log's key from somebody you trust, and give it with "
    "--vkey."
)
NO_PROOF = _(
    "It is of %(size)s entries, the bundle's of %(own)s, and the bundle has no proof from one to "
    "the other: they could not be compared."
)
NEEDS_DATABASE = _("This needs the whole log and its database; a bundle holds a part.")


@dataclass(frozen=True)
class Trust:
    """What whoever verifies got elsewhere: a policy, signed checkpoints, time-stamp authorities.

    Without a policy the bundle's own keys are taken; the report says that nobody vouched for them.
    """

    policy: Policy | None = None
    checkpoints: tuple[bytes, ...] = ()
    authorities: tuple[Certificate, ...] = ()


NOBODY = Trust()


def verify(source: IO[bytes], trust: Trust = NOBODY) -> Report:
    """Verify the bundle in a seekable binary file. Never raises for what the file holds."""
    report = Report()
    step = report.step(0)
    try:
        bundle = Bundle(source)
    except (Malformed, VerificationFailed) as error:
        step.refuse(str(error.data.get("path", "")), error)
    else:
        _files(step, bundle)
        _log_and_evidence(report, bundle, trust)
    for number in (4, 8, 11):
        report.impossible(number, NEEDS_DATABASE)
    report.complete(_("An earlier step failed."))
    return report


def _log_and_evidence(report: Report, bundle: Bundle, trust: Trust) -> None:
    policy = _policy(report.step(1), bundle, trust.policy)
    head = _head(report.step(2), bundle, policy) if policy else None
    if policy and head:
        earlier = _growth(report.step(3), bundle, policy, head, trust.checkpoints)
        evidence_checks.run(report, bundle, policy.without_quorum(), head)
        _timestamps(report.step(9), bundle, [head, *earlier], trust.authorities)


def _files(step: Step, bundle: Bundle) -> None:
    for path in bundle.paths:
        step.checked += 1
        try:
            bundle.check(path)
        except VerificationFailed as error:
            step.refuse(path, error)
    if not bundle.is_exact:
        _packing(step, bundle)
    for path in bundle.unlisted:
        step.tampered(path, _("The file was added: the bundle's list does not name it."))
    for path in layout.REQUIRED:
        if path not in bundle:
            step.incomplete(path, _("The file is missing from the list."))
    _issue(step, bundle)


def _issue(step: Step, bundle: Bundle) -> None:
    """Check that the issue record is this list's; which of the two was changed cannot be told."""
    try:
        named = bundle.issue().get("manifest_sha256")
    except (Malformed, VerificationFailed) as error:
        step.refuse(layout.ISSUE, error)
        return
    if named != bundle.manifest_sha256:
        for path in (layout.MANIFEST, layout.ISSUE):
            step.tampered(path, _("The issue record is of another list of files."))


def _packing(step: Step, bundle: Bundle) -> None:
    """Say that the archive is not as it was written, though its files may be."""
    if len(bundle.differing) == 1:
        step.unverifiable(min(bundle.differing), _("The file is not packed as it was written."))
    else:
        sentence = _("The archive was packed again, or altered around its files (%(count)s).")
        step.unverifiable("", sentence, count=len(bundle.differing))


def _policy(step: Step, bundle: Bundle, pinned: Policy | None) -> Policy | None:
    """The policy to verify by: the pinned one or, for want of it, the bundle's own."""
    own = None
    try:
        own = own_policy(bundle)
    except (Malformed, VerificationFailed) as error:
        step.refuse(layout.VKEY, error)
    if pinned is None:
        step.leave_unpinned(UNPINNED)
    elif own and not _log_keys(own) & _log_keys(pinned):
        step.note(layout.VKEY, _("The bundle names other keys of the log than those pinned."))
    policy = pinned or own
    for party in policy.logs if policy else ():
        step.checked += 1
        step.note(layout.VKEY, "%(key)s", key=str(party.key))
    return policy


def own_policy(bundle: Bundle) -> Policy:
    """The policy a bundle brings along, of which nobody vouched for the keys.

    Raises Malformed, MissingFile or FileDamaged, and VerificationFailed when the bundle's policy
    and its list of keys do not agree on the log's keys.
    """
    listed = policies.of_key_lines(_text(bundle.read(layout.VKEY)))
    if layout.POLICY not in bundle:
        return listed
    policy = policies.parse(_text(bundle.read(layout.POLICY)))
    if _log_keys(policy) != _log_keys(listed):
        raise VerificationFailed(_("The list of keys and the policy name other keys of the log."))
    return policy


def _log_keys(policy: Policy) -> set[VerifierKey]:
    return {party.key for party in policy.logs}


def _text(data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as error:
        raise Malformed(_("The bytes are not UTF-8.")) from error


def _head(step: Step, bundle: Bundle, policy: Policy) -> SignedCheckpoint | None:
    where = layout.CHECKPOINT
    try:
        head = policy.without_quorum().open(bundle.read(where))
        step.checked = len(head.log_signatures) + len(head.cosignatures)
    except (Malformed, VerificationFailed) as error:
        step.refuse(where, error)
        return None
    for one in head.cosignatures:
        step.note(
            where, _("%(name)s cosigned at %(time)s."), name=one.key.name, time=_utc(one.time)
        )
    unknown = len(head.note.signatures) - step.checked
    if unknown:
        step.note(where, _("%(count)s signatures are by keys that are not known."), count=unknown)
    try:
        policy.require_quorum(head.cosignatures)
    except VerificationFailed as error:
        step.refuse(where, error)
    return head


def _growth(
    step: Step,
    bundle: Bundle,
    policy: Policy,
    head: SignedCheckpoint,
    outside: Sequence[bytes],
) -> list[SignedCheckpoint]:
    """Check earlier and outside checkpoints against the head; returns the earlier ones."""
    trusted = policy.without_quorum()
    known = {head.checkpoint.size: head}
    for path in bundle.under(layout.EARLIER):
        try:
            earlier = _earlier(bundle.read(path), trusted, head.checkpoint)
            known[earlier.checkpoint.size] = earlier
            step.checked += 1
        except (Malformed, VerificationFailed) as error:
            step.refuse(path, error)
    for number, note in enumerate(outside, start=1):
        _compare_outside(step, f"outside checkpoint {number}", note, trusted, known)
    if not step.checked and not step.observations:
        step.impossible = _("The bundle has one checkpoint, and none was given from outside.")
    return [one for size, one in known.items() if size != head.checkpoint.size]


def _earlier(body: bytes, policy: Policy, head: Checkpoint) -> SignedCheckpoint:
    request = witnessing.parse_request(body)
    opened = policy.open(request.checkpoint)
    old = opened.checkpoint
    if old.size != request.old_size:
        raise Malformed(_("The file is of another size than its checkpoint."))
    merkle.verify_consistency(old.size, old.root, head.size, head.root, request.proof)
    return opened


def _compare_outside(
    step: Step, where: str, note: bytes, policy: Policy, known: dict[int, SignedCheckpoint]
) -> None:
    try:
        mine = policy.open(note).checkpoint
    except (Malformed, VerificationFailed) as error:
        step.unverifiable(where, error.sentence, **error.data)
        return
    step.checked += 1
    other = known.get(mine.size)
    if other is None:
        step.unverifiable(where, NO_PROOF, size=mine.size, own=max(known))
    elif other.checkpoint.root != mine.root:
        step.refuse(where, evidence_checks.forked(mine, other.checkpoint))


def _timestamps(
    step: Step,
    bundle: Bundle,
    heads: Sequence[SignedCheckpoint],
    authorities: Sequence[Certificate],
) -> None:
    paths = bundle.under(layout.TIMESTAMPS)
    if not paths:
        step.impossible = _("The bundle has no time stamps.")
    elif not timestamps.can_read():
        step.impossible = _("The package rfc3161-client is not installed.")
    else:
        for path in paths:
            _timestamp(step, bundle, path, heads, authorities)
        if not authorities:
            step.impossible = _("No authority's certificate was given: who signed was not checked.")


def _timestamp(
    step: Step,
    bundle: Bundle,
    path: str,
    heads: Sequence[SignedCheckpoint],
    authorities: Sequence[Certificate],
) -> None:
    """Check one token; it must cover one of the checkpoints."""
    refused: AuditError | None = None
    for head in heads:
        try:
            stamp = timestamps.check(bundle.read(path), timestamps.stamped_bytes(head), authorities)
        except (Malformed, VerificationFailed) as error:
            refused = refused or error
            continue
        step.checked += 1
        step.note(path, _("Stamped at %(time)s."), time=stamp.time.isoformat())
        return
    if refused:
        step.refuse(path, refused)


def _utc(time: int | None) -> str:
    """POSIX seconds as a date; seconds that no calendar reaches stay as they are."""
    try:
        return datetime.fromtimestamp(time or 0, UTC).isoformat()
    except (ValueError, OverflowError, OSError):
        return str(time)
