"""The steps of verifying a bundle that look at its entries: 5, 6, 7, 10 and 12."""

import hashlib
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from reasoning.core import bundle as layout
from reasoning.core import canonical, commitments, merkle, passkeys, proofs, records, strict
from reasoning.core.bundle import Bundle
from reasoning.core.checkpoints import Checkpoint
from reasoning.core.commitments import SALT_SIZE
from reasoning.core.disclosures import ERASURE_KIND, Disclosure, Erased
from reasoning.core.errors import Inconsistent, Malformed, NotIncluded, VerificationFailed
from reasoning.core.errors import gettext_noop as _
from reasoning.core.policies import Policy, SignedCheckpoint
from reasoning.core.proofs import Proof
from reasoning.core.records import Item
from reasoning.core.reports import Report, Step

DECISION_KIND = "decision.signed"


@dataclass
class Evidence:
    """What is known of a bundle's entries as the steps go on, by index.

    ``meanings`` are the documents as read and ``digests`` the SHA-256 of their bytes in hex;
    ``proven`` those that the log is shown to have; ``shown`` fingerprints of what records show;
    ``unread`` those of which a file is missing or damaged, which was said where that was found.
    """

    meanings: dict[int, dict[str, Any]] = field(default_factory=dict)
    digests: dict[int, str] = field(default_factory=dict)
    proven: set[int] = field(default_factory=set)
    shown: dict[int, bytes] = field(default_factory=dict)
    unread: set[int] = field(default_factory=set)

    def facts(self, index: int) -> dict[str, Any]:
        """The facts of an entry; empty when its document has none."""
        facts = self.meanings[index].get("facts")
        return facts if isinstance(facts, dict) else {}

    def records_erasure(self, index: int, subject: Any, name: str) -> bool:
        """Whether the entry at the index is in the log and says that this text was erased."""
        if index not in self.proven or self.meanings[index].get("kind") != ERASURE_KIND:
            return False
        facts = self.facts(index)
        fields = facts.get("fields")
        return facts.get("subject_id") == subject and isinstance(fields, list) and name in fields


def forked(one: Checkpoint, other: Checkpoint) -> Inconsistent:
    """Two checkpoints of one size with different roots: the log showed two faces."""
    return Inconsistent(
        old=one.size, new=other.size, old_root=one.root.hex(), new_root=other.root.hex()
    )


def run(report: Report, bundle: Bundle, policy: Policy, head: SignedCheckpoint) -> None:
    """Add steps 5, 6, 7, 10 and 12 to the report. ``policy`` asks for no quorum."""
    evidence = Evidence()
    _inclusion(report.step(5), bundle, policy, head, evidence)
    _texts(report.step(6), bundle, evidence)
    step = report.step(7)
    _counts(step, bundle, evidence)
    _strays(step, bundle, evidence)
    _records(step, bundle, evidence)
    _decisions(report.step(10), evidence)
    _passkeys(report.step(12), evidence)


def _inclusion(
    step: Step, bundle: Bundle, policy: Policy, head: SignedCheckpoint, evidence: Evidence
) -> None:
    opened = {head.note.encode(): head.checkpoint}
    for index in bundle.indexes:
        step.checked += 1
        path = layout.entry_path(index)
        try:
            document = bundle.read(path)
            evidence.digests[index] = hashlib.sha256(document).hexdigest()
            evidence.meanings[index] = canonical.decode(document)
            path = layout.proof_path(index)
            proof = proofs.parse(bundle.read(path))
            if proof.checkpoint not in opened:
                opened[proof.checkpoint] = policy.open(proof.checkpoint).checkpoint
            _prove(index, document, proof, opened[proof.checkpoint], head.checkpoint)
            evidence.proven.add(index)
            if proof.extra is not None:
                step.note(path, _('It has a line "extra", for which no signature vouches.'))
        except (Malformed, VerificationFailed) as error:
            step.refuse(path, error)


def _prove(
    index: int, document: bytes, proof: Proof, checkpoint: Checkpoint, head: Checkpoint
) -> None:
    """Raise unless the proof has the document at this index of the head."""
    if proof.index != index:
        raise NotIncluded(_("The proof is of entry %(index)s."), index=proof.index)
    if checkpoint.size == head.size and checkpoint.root != head.root:
        raise forked(checkpoint, head)
    if checkpoint != head:
        raise Malformed(_("The proof is for another checkpoint than the bundle's."))
    leaf = merkle.leaf_hash(document)
    merkle.verify_inclusion(index, head.size, leaf, proof.path, head.root)


def _texts(step: Step, bundle: Bundle, evidence: Evidence) -> None:
    for index, meaning in evidence.meanings.items():
        comparison = _TextComparison(step, layout.texts_path(index), meaning.get("id"), evidence)
        try:
            shown = bundle.texts(index)
            held = _commitments(meaning)
        except (Malformed, VerificationFailed) as error:
            step.refuse(str(error.data.get("path", comparison.where)), error)
            continue
        for name in sorted({*held, *shown}):
            step.checked += 1
            comparison.compare(name, held.get(name), shown.get(name))
        item = Item(index, evidence.digests[index], meaning, shown)
        evidence.shown[index] = records.fingerprint(records.readable(item))
    evidence.unread = set(bundle.indexes) - evidence.shown.keys()


def _commitments(meaning: dict[str, Any]) -> dict[str, bytes]:
    match meaning.get("commitments", {}):
        case dict(held) if all(isinstance(value, str) for value in held.values()):
            return {name: strict.from_hex(value) for name, value in held.items()}
        case _:
            raise Malformed(_("The document's commitments are not in hexadecimal."))


@dataclass(frozen=True)
class _TextComparison:
    """Compares the texts shown of one entry, whose id is ``subject``, with its commitments."""

    step: Step
    where: str
    subject: Any
    evidence: Evidence

    def compare(self, name: str, held: bytes | None, shown: Disclosure | None) -> None:
        if held is None:
            sentence = _("The entry does not commit to a text %(field)s.")
            self.step.tampered(self.where, sentence, field=name)
        elif shown is None:
            self.step.incomplete(self.where, _("The text %(field)s is missing."), field=name)
        elif isinstance(shown, Erased):
            self.compare_erased(name, shown.by)
        elif len(shown.salt) != SALT_SIZE or not commitments.opens(held, shown.salt, shown.value):
            sentence = _("The text %(field)s is not the one that was logged.")
            self.step.tampered(self.where, sentence, field=name)

    def compare_erased(self, name: str, by: int) -> None:
        if self.evidence.records_erasure(by, self.subject, name):
            sentence = _("The text %(field)s was erased, as entry %(by)s records.")
            self.step.erased(self.where, sentence, field=name, by=by)
        elif by in self.evidence.digests:
            sentence = _("Entry %(by)s records no erasure of the text %(field)s.")
            self.step.tampered(self.where, sentence, field=name, by=by)
        else:
            sentence = _("The entry that records the erasure is missing.")
            self.step.incomplete(layout.entry_path(by), sentence)


def _counts(step: Step, bundle: Bundle, evidence: Evidence) -> None:
    """Compare entries of each kind with what the manifest says is there and was asked for."""
    found = Counter(str(meaning.get("kind")) for meaning in evidence.meanings.values())
    manifest = bundle.manifest
    for kind in sorted({*found, *manifest.expected, *manifest.actual}):
        step.checked += 1
        expected, actual = manifest.expected.get(kind, 0), manifest.actual.get(kind, 0)
        numbers = {"kind": kind, "found": found[kind], "listed": actual, "expected": expected}
        if found[kind] != actual:
            step.tampered(
                layout.MANIFEST, _("%(kind)s: %(listed)s listed, %(found)s there."), **numbers
            )
        elif found[kind] != expected:
            step.incomplete(
                layout.MANIFEST, _("%(kind)s: %(expected)s asked for, %(found)s there."), **numbers
            )


def _strays(step: Step, bundle: Bundle, evidence: Evidence) -> None:
    """Refuse what belongs to an entry that is not there, and one id under two entries."""
    present = {layout.proof_path(index) for index in evidence.digests}
    for path in bundle.under(layout.PROOFS):
        if path not in present:
            step.incomplete(path, _("The entry that this belongs to is missing."))
    ids = Counter(str(meaning.get("id")) for meaning in evidence.meanings.values())
    for index, meaning in evidence.meanings.items():
        if ids[str(meaning.get("id"))] > 1:
            step.tampered(layout.entry_path(index), _("Another entry has the same id."))


def _records(step: Step, bundle: Bundle, evidence: Evidence) -> None:
    """Compare what each question's record shows with what the entries say."""
    members: dict[str, set[int]] = {}
    for index, meaning in evidence.meanings.items():
        if question := records.question_of(meaning):
            members.setdefault(question, set()).add(index)
    for path in bundle.under(layout.RECORDS):
        question = path.removeprefix(layout.RECORDS).removesuffix(".json")
        step.checked += 1
        try:
            record = records.parse(bundle.read(path), question)
        except (Malformed, VerificationFailed) as error:
            step.refuse(path, error)
            continue
        _record(step, path, record, members.pop(question, set()), evidence)
    for question in members:
        step.incomplete(layout.record_path(question), _("The question's record is missing."))


def _record(
    step: Step,
    path: str,
    record: dict[int, dict[str, Any]],
    members: set[int],
    evidence: Evidence,
) -> None:
    for index, shown in record.items():
        if index in evidence.unread:
            continue
        foreign = records.question_of(evidence.meanings.get(index, {})) and index not in members
        if foreign or evidence.shown.get(index) != records.fingerprint(shown):
            step.tampered(path, _("Entry %(index)s is not shown as it was logged."), index=index)
    for index in sorted(members - record.keys()):
        step.tampered(path, _("Entry %(index)s is left out."), index=index)


def _decisions(step: Step, evidence: Evidence) -> None:
    """Check that each decision's facts name the digest of the trace's document."""
    traces = {str(meaning.get("id")): index for index, meaning in evidence.meanings.items()}
    for index, meaning in evidence.meanings.items():
        if meaning.get("kind") != DECISION_KIND:
            continue
        step.checked += 1
        facts = evidence.facts(index)
        trace = traces.get(str(facts.get("trace_id")))
        where = layout.entry_path(index)
        if trace is None:
            step.incomplete(where, _("The trace that was decided on is not in the bundle."))
        elif facts.get("trace_document_sha256") != evidence.digests[trace]:
            step.tampered(where, _("The decision is not bound to the trace that it names."))
    if not step.checked:
        step.impossible = _("The bundle has no decision.")


def _passkeys(step: Step, evidence: Evidence) -> None:
    """Check the assertion of each decision that a passkey signed, in the order of the log."""
    keys = {
        meaning.get("id"): index
        for index, meaning in evidence.meanings.items()
        if meaning.get("kind") == passkeys.REGISTRATION_KIND
    }
    counters: dict[int, int] = {}
    for index, meaning in sorted(evidence.meanings.items()):
        facts = evidence.facts(index)
        if meaning.get("kind") != DECISION_KIND or not passkeys.claims(facts):
            continue
        step.checked += 1
        where, key = layout.entry_path(index), keys.get(facts.get("passkey_id"))
        if key is None:
            step.incomplete(where, _("The passkey that signed is not in the bundle."))
            continue
        try:
            passkeys.require_registered_before(key, index)
            counter = passkeys.verify_decision(meaning, evidence.meanings[key])
            passkeys.require_counted(counter, counters.get(key, 0))
            counters[key] = counter
        except (Malformed, VerificationFailed) as error:
            step.refuse(where, error)
    if not step.checked:
        step.impossible = _("No decision in the bundle was signed with a passkey.")
