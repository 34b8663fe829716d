"""Verifying bundles: each way of tampering, and the step, the file and the verdict it leads to."""

import io
import json
import sys
import zipfile
from collections.abc import Callable

import pytest

from reasoning.core import bundle as layout
from reasoning.core import keys, manifests, notes, policies
from reasoning.core.archive import Archive
from reasoning.core.bundle import BundleWriter
from reasoning.core.checkpoints import Checkpoint
from reasoning.core.keys import SignerKey
from reasoning.core.policies import Policy
from reasoning.core.reports import STEPS, Report, Status, Verdict
from reasoning.core.verification import Trust, verify
from tests.core.bundle_samples import (
    DECISION,
    LOG,
    POLICY,
    QUESTION,
    SECOND,
    TRACE,
    WITNESS,
    Log,
    relisted,
    repacked,
    sample_log,
)
from tests.core.timestamp_authority import NOW, Authority

PINNED = Trust(POLICY)
Files = dict[str, bytes]


def report_on(bundle: bytes, trust: Trust = PINNED) -> Report:
    report = verify(io.BytesIO(bundle), trust)
    assert [step.number for step in report.steps] == list(STEPS)
    return report


def seen(report: Report, verdict: Verdict) -> list[tuple[int, str]]:
    """Where the steps saw something with this verdict."""
    return [
        (step.number, one.where)
        for step in report.steps
        for one in step.observations
        if one.verdict is verdict
    ]


@pytest.fixture(scope="module")
def bundle() -> bytes:
    return sample_log().write()


def test_a_good_bundle_is_verified(bundle: bytes) -> None:
    report = report_on(bundle)
    assert report.verdict is Verdict.VERIFIED
    statuses = {step.number: step.status for step in report.steps}
    assert [number for number in statuses if statuses[number] is Status.CHECKED] == [
        0, 1, 2, 5, 6, 7, 10,
    ]  # fmt: skip
    assert all(step.impossible for step in report.steps if step.status is Status.NOT_POSSIBLE)
    assert [step.checked for step in report.steps][5:8] == [4, 4, 5]


def test_without_a_pinned_key_the_report_says_so(bundle: bytes) -> None:
    report = report_on(bundle, Trust())
    assert report.verdict is Verdict.UNPINNED
    assert not report.verdict.is_good
    assert report.steps[1].status is Status.NOT_POSSIBLE
    assert str(LOG.verifier) in report.steps[1].observations[0].message


def test_a_bundle_with_only_a_key_is_verified_by_it(bundle: bytes) -> None:
    def drop(files: Files) -> None:
        del files[layout.POLICY]

    without = repacked(bundle, drop, listed=True)
    assert report_on(without, Trust(Policy.of_keys([LOG.verifier]))).verdict is Verdict.VERIFIED


# Step 0 -------------------------------------------------------------------------------------------


def test_one_changed_byte_fails_with_the_files_name(bundle: bytes) -> None:
    for path in Archive(io.BytesIO(bundle)).paths:

        def change(files: Files, path: str = path) -> None:
            middle = len(files[path]) // 2
            files[path] = (
                files[path][:middle] + bytes([files[path][middle] ^ 1]) + files[path][middle + 1 :]
            )

        report = report_on(repacked(bundle, change))
        assert not report.verdict.is_good, path
        assert path in [one.where for one in report.steps[0].observations], path


def test_every_bit_of_the_archive_counts(bundle: bytes) -> None:
    """A sample of all bits, wherever they are: in files, in their packing, between them."""
    for place in range(0, len(bundle), 53):
        changed = bytearray(bundle)
        changed[place] ^= 1 << place % 8
        assert not report_on(bytes(changed)).verdict.is_good, place


def test_one_missing_file_fails_with_its_name(bundle: bytes) -> None:
    for path in Archive(io.BytesIO(bundle)).paths:
        report = report_on(repacked(bundle, lambda files, path=path: files.pop(path)))
        assert report.verdict in {Verdict.INCOMPLETE, Verdict.COULD_NOT_VERIFY, Verdict.TAMPERED}
        assert (0, path) in seen(report, Verdict.INCOMPLETE)


def test_one_added_file_fails_with_its_name(bundle: bytes) -> None:
    def add(files: Files) -> None:
        files["entries/99.json"] = b"{}"

    report = report_on(repacked(bundle, add))
    assert report.verdict is Verdict.TAMPERED
    assert seen(report, Verdict.TAMPERED) == [(0, "entries/99.json")]


def test_another_bundles_issue_record_is_noticed(bundle: bytes) -> None:
    other = Archive(io.BytesIO(sample_log().write(expected={}))).read(layout.ISSUE)
    report = report_on(repacked(bundle, lambda files: files.update({layout.ISSUE: other})))
    assert report.verdict is Verdict.TAMPERED


def test_a_bundle_packed_again_is_named_so_and_its_files_are_still_checked(bundle: bytes) -> None:
    def packed_again(change: Callable[[Files], None]) -> Report:
        archive, target = Archive(io.BytesIO(bundle)), io.BytesIO()
        files = {path: archive.read(path) for path in archive.paths}
        change(files)
        with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as other:
            for path, data in files.items():
                other.writestr(path, data)
        return report_on(target.getvalue())

    report = packed_again(lambda files: None)
    assert report.verdict is Verdict.COULD_NOT_VERIFY
    assert seen(report, Verdict.COULD_NOT_VERIFY) == [(0, "")]
    path = layout.entry_path(2)
    report = packed_again(lambda files: files.update({path: files[path].replace(b"0.7", b"0.8")}))
    assert report.verdict is Verdict.TAMPERED
    assert seen(report, Verdict.TAMPERED)[0] == (0, path)


def test_a_header_altered_in_one_place_names_its_file(bundle: bytes) -> None:
    changed = bytearray(bundle)
    changed[bundle.index(layout.CHECKPOINT.encode()) - 18] ^= 1
    report = report_on(bytes(changed))
    assert (0, layout.CHECKPOINT) in seen(report, Verdict.COULD_NOT_VERIFY)


@pytest.mark.parametrize("data", [b"", b"PK", b"no archive at all", b"PK\5\6" + bytes(18)])
def test_what_is_no_bundle_could_not_be_verified(data: bytes) -> None:
    report = report_on(data)
    assert not report.verdict.is_good
    assert report.steps[0].status is Status.FAILED
    assert report.steps[5].impossible


def test_required_files_are_missed_even_when_the_list_leaves_them_out(bundle: bytes) -> None:
    manifest_paths = {layout.MANIFEST, layout.ISSUE}
    archive = Archive(io.BytesIO(bundle))
    files = {path: archive.read(path) for path in archive.paths}
    members = json.loads(files[layout.MANIFEST])
    members["files"] = [one for one in members["files"] if one["path"] != layout.README]

    def change(files: Files) -> None:
        del files[layout.README]
        files[layout.MANIFEST] = json.dumps(members).encode()

    report = report_on(repacked(bundle, change))
    assert (0, layout.README) in seen(report, Verdict.INCOMPLETE)
    assert manifest_paths <= files.keys()


# Steps 1 to 3 -------------------------------------------------------------------------------------


def test_a_checkpoint_signed_by_another_key_could_not_be_verified(bundle: bytes) -> None:
    stranger = SignerKey(LOG.name, keys.ED25519, b"\x09" * 32)
    report = report_on(bundle, Trust(Policy.of_keys([stranger.verifier])))
    assert report.verdict is Verdict.COULD_NOT_VERIFY
    assert seen(report, Verdict.COULD_NOT_VERIFY) == [(2, layout.CHECKPOINT)]
    assert report.steps[5].impossible


def test_a_broken_signature_is_tampering(bundle: bytes) -> None:
    def change(files: Files) -> None:
        note = notes.parse(files[layout.CHECKPOINT])
        other = Checkpoint(LOG.name, 4, bytes(32)).text
        files[layout.CHECKPOINT] = notes.Note(other, note.signatures).encode()

    report = report_on(repacked(bundle, change, listed=True))
    assert (2, layout.CHECKPOINT) in seen(report, Verdict.TAMPERED)


def test_too_few_witnesses_are_incomplete(bundle: bytes) -> None:
    policy = Policy.of_keys([LOG.verifier], [WITNESS.verifier, SECOND.verifier], needed=2)
    report = report_on(bundle, Trust(policy))
    assert report.verdict is Verdict.INCOMPLETE
    assert seen(report, Verdict.INCOMPLETE) == [(2, layout.CHECKPOINT)]
    assert report.steps[5].status is Status.CHECKED


def test_unreadable_keys_stop_the_verification(bundle: bytes) -> None:
    for path, data in [(layout.POLICY, b"\xff"), (layout.POLICY, b"quorum none\n")]:
        changed = repacked(bundle, lambda files, p=path, d=data: files.update({p: d}), listed=True)
        report = report_on(changed, Trust())
        assert report.verdict is Verdict.COULD_NOT_VERIFY
        assert report.steps[1].status is Status.FAILED


def test_keys_and_policy_of_a_bundle_must_agree(bundle: bytes) -> None:
    stranger = SignerKey(LOG.name, keys.ED25519, b"\x09" * 32).verifier
    line = f"{stranger}\n".encode()
    changed = repacked(bundle, lambda files: files.update({layout.VKEY: line}), listed=True)
    for trust in (Trust(), PINNED):
        assert seen(report_on(changed, trust), Verdict.TAMPERED) == [(1, layout.VKEY)]


def test_other_keys_in_the_bundle_than_those_pinned_are_mentioned(bundle: bytes) -> None:
    stranger = SignerKey(LOG.name, keys.ED25519, b"\x09" * 32).verifier
    report = report_on(bundle, Trust(Policy.of_keys([stranger])))
    assert "other keys" in report.steps[1].observations[0].message


def with_earlier(log: Log, size: int) -> bytes:
    return log.write(before_end=lambda writer: writer.add_earlier(log.earlier(size)))


def test_earlier_and_outside_checkpoints_are_compared() -> None:
    log = sample_log()
    bundle = with_earlier(log, 2)
    outside = (log.note(2), log.note(4))
    report = report_on(bundle, Trust(POLICY, outside))
    assert report.verdict is Verdict.VERIFIED
    assert report.steps[3].checked == 3


def test_an_earlier_checkpoint_of_another_history_is_tampering() -> None:
    log, other = sample_log(), sample_log()
    other.documents[0] = other.documents[1]

    def add(writer: BundleWriter) -> None:
        honest = log.earlier(2)
        forged = type(honest)(2, honest.proof, other.note(2))
        writer.add_earlier(forged)

    report = report_on(log.write(before_end=add))
    assert seen(report, Verdict.TAMPERED) == [(3, layout.earlier_path(2))]


def test_a_rewritten_log_is_exposed_by_a_checkpoint_that_was_kept() -> None:
    rewritten = sample_log()
    kept = rewritten.note(4)
    rewritten.documents[0] = rewritten.documents[1]
    report = report_on(rewritten.write(leave_out=[0], expected={}), Trust(POLICY, (kept,)))
    assert (3, "outside checkpoint 1") in seen(report, Verdict.TAMPERED)


def test_a_kept_checkpoint_without_a_proof_could_not_be_verified() -> None:
    log = sample_log()
    for note in (log.note(3), b"no note"):
        report = report_on(log.write(), Trust(POLICY, (note,)))
        assert seen(report, Verdict.COULD_NOT_VERIFY) == [(3, "outside checkpoint 1")]


# Step 5 -------------------------------------------------------------------------------------------


def test_a_changed_document_is_not_in_the_log(bundle: bytes) -> None:
    path = layout.entry_path(1)

    def change(files: Files) -> None:
        files[path] = files[path].replace(b'"de"', b'"fr"')

    report = report_on(repacked(bundle, change, listed=True))
    assert (5, layout.proof_path(1)) in seen(report, Verdict.TAMPERED)
    assert report.verdict is Verdict.TAMPERED


def test_two_entries_swapped_are_not_in_the_log_there(bundle: bytes) -> None:
    def change(files: Files) -> None:
        one, other = layout.entry_path(2), layout.entry_path(3)
        files[one], files[other] = files[other], files[one]

    report = report_on(repacked(bundle, change, listed=True))
    places = seen(report, Verdict.TAMPERED)
    assert {(5, layout.proof_path(2)), (5, layout.proof_path(3))} <= set(places)


def test_a_proof_of_another_entry_or_tree_is_refused(bundle: bytes) -> None:
    def swap(files: Files) -> None:
        files[layout.proof_path(2)] = files[layout.proof_path(3)]

    assert (5, layout.proof_path(2)) in seen(
        report_on(repacked(bundle, swap, listed=True)), Verdict.TAMPERED
    )
    longer = sample_log()
    longer.append("audit.recorded", "x", {})
    other = Archive(io.BytesIO(longer.write(expected={}))).read(layout.proof_path(2))
    changed = repacked(
        bundle, lambda files: files.update({layout.proof_path(2): other}), listed=True
    )
    assert (5, layout.proof_path(2)) in seen(report_on(changed), Verdict.COULD_NOT_VERIFY)
    forked = sample_log()
    forked.documents[0] = forked.documents[1]
    other = Archive(io.BytesIO(forked.write(leave_out=[0], expected={}))).read(layout.proof_path(2))
    changed = repacked(
        bundle, lambda files: files.update({layout.proof_path(2): other}), listed=True
    )
    assert (5, layout.proof_path(2)) in seen(report_on(changed), Verdict.TAMPERED)


def test_an_extra_line_in_a_proof_is_mentioned(bundle: bytes) -> None:
    path = layout.proof_path(1)

    def add(files: Files) -> None:
        files[path] = files[path].replace(b"\nindex ", b"\nextra aGVsbG8=\nindex ", 1)

    report = report_on(repacked(bundle, add, listed=True))
    assert report.verdict is Verdict.VERIFIED
    assert [one.where for one in report.steps[5].observations] == [path]
    assert "no signature vouches" in report.steps[5].observations[0].message


def test_a_document_without_proof_is_incomplete(bundle: bytes) -> None:
    changed = repacked(bundle, lambda files: files.pop(layout.proof_path(2)), listed=True)
    assert (5, layout.proof_path(2)) in seen(report_on(changed), Verdict.INCOMPLETE)


def test_logged_bytes_that_are_not_canonical_could_not_be_verified() -> None:
    log = sample_log()
    log.documents.append(b'{"kind":"a", "id":"b"}')
    log.texts.append({})

    def add(writer: BundleWriter) -> None:
        honest = Archive(io.BytesIO(sample_log().write())).read(layout.proof_path(0))
        writer.add(layout.entry_path(4), log.documents[4])
        writer.add(layout.proof_path(4), honest)

    with_bad = log.documents.pop()
    log.documents.append(with_bad)
    short = sample_log()
    report = report_on(short.write(before_end=add))
    assert (5, layout.entry_path(4)) in seen(report, Verdict.COULD_NOT_VERIFY)


# Step 6 -------------------------------------------------------------------------------------------


def in_json(
    path: str, change: Callable[[dict[str, dict[str, object]]], None]
) -> Callable[[Files], None]:
    def apply(files: Files) -> None:
        members = json.loads(files[path])
        change(members)
        files[path] = json.dumps(members).encode()

    return apply


def test_a_changed_text_or_salt_does_not_open_its_commitment(bundle: bytes) -> None:
    path = layout.texts_path(3)
    for change in (
        lambda members: members["rationale"].update(text="It is not so."),
        lambda members: members["rationale"].update(salt="A" * 43 + "="),
        lambda members: members["rationale"].update(salt="AAAA"),
        lambda members: members.update(extra=members["rationale"]),
    ):
        report = report_on(repacked(bundle, in_json(path, change), listed=True))
        assert (6, path) in seen(report, Verdict.TAMPERED)


def test_changed_bytes_do_not_open_their_commitment(bundle: bytes) -> None:
    path = "texts/2.raw_response.bin"
    report = report_on(repacked(bundle, lambda files: files.update({path: b"other"}), listed=True))
    assert (6, layout.texts_path(2)) in seen(report, Verdict.TAMPERED)


def test_a_missing_text_is_incomplete(bundle: bytes) -> None:
    path = layout.texts_path(3)
    changed = repacked(bundle, in_json(path, lambda members: members.clear()), listed=True)
    assert (6, path) in seen(report_on(changed), Verdict.INCOMPLETE)
    gone = repacked(bundle, lambda files: files.pop(path), listed=True)
    assert (6, path) in seen(report_on(gone), Verdict.INCOMPLETE)


def test_malformed_texts_could_not_be_verified(bundle: bytes) -> None:
    path = layout.texts_path(2)
    for change in (
        lambda members: members["raw_text"].update(more=1),
        lambda members: members["raw_text"].update(salt="?"),
        lambda members: members["raw_response"].update(file=layout.CHECKPOINT),
    ):
        report = report_on(repacked(bundle, in_json(path, change), listed=True))
        assert (6, path) in seen(report, Verdict.COULD_NOT_VERIFY) or (
            6,
            layout.CHECKPOINT,
        ) in seen(report, Verdict.COULD_NOT_VERIFY)


def test_an_erased_text_is_reported_as_lawfully_erased() -> None:
    log = sample_log()
    log.erase(2, "raw_text")
    report = report_on(log.write())
    assert report.verdict is Verdict.LAWFULLY_ERASED
    assert report.verdict.is_good
    assert seen(report, Verdict.LAWFULLY_ERASED) == [(6, layout.texts_path(2))]


def test_an_erasure_that_no_entry_records_is_tampering(bundle: bytes) -> None:
    path = layout.texts_path(3)
    claim = in_json(path, lambda members: members.update(rationale={"erased_by": 0}))
    assert (6, path) in seen(report_on(repacked(bundle, claim, listed=True)), Verdict.TAMPERED)
    log = sample_log()
    log.erase(2, "raw_text")
    for text in ("raw_response", "raw_text"):
        where = 2 if text == "raw_response" else 3
        name = text if where == 2 else "rationale"
        other = in_json(
            layout.texts_path(where),
            lambda members, name=name: members.update({name: {"erased_by": 4}}),
        )
        report = report_on(repacked(log.write(), other, listed=True))
        assert (6, layout.texts_path(where)) in seen(report, Verdict.TAMPERED)


def test_an_erasure_whose_entry_is_missing_is_incomplete() -> None:
    log = sample_log()
    log.erase(2, "raw_text")
    report = report_on(log.write(leave_out=[4]))
    assert (6, layout.entry_path(4)) in seen(report, Verdict.INCOMPLETE)


# Step 7 -------------------------------------------------------------------------------------------


def test_less_than_was_asked_for_is_incomplete() -> None:
    log = sample_log()
    report = report_on(log.write(leave_out=[0]))
    assert report.verdict is Verdict.INCOMPLETE
    assert seen(report, Verdict.INCOMPLETE) == [(7, layout.MANIFEST)]


def test_a_file_that_is_gone_is_not_held_against_the_records_that_show_it(bundle: bytes) -> None:
    report = report_on(repacked(bundle, lambda files: files.pop(layout.texts_path(3))))
    assert report.verdict is Verdict.INCOMPLETE
    assert seen(report, Verdict.INCOMPLETE) == [
        (0, layout.texts_path(3)),
        (6, layout.texts_path(3)),
    ]


def test_an_entry_taken_out_of_bundle_and_list_is_missed(bundle: bytes) -> None:
    def change(files: Files) -> None:
        del files[layout.entry_path(3)], files[layout.texts_path(3)]

    report = report_on(repacked(bundle, change, listed=True))
    assert (7, layout.MANIFEST) in seen(report, Verdict.TAMPERED)
    assert (7, layout.proof_path(3)) in seen(report, Verdict.INCOMPLETE)
    assert (7, layout.record_path(QUESTION)) in seen(report, Verdict.TAMPERED)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"It is so.", b"It is not so."),
        (b'"temperature": "0.7"', b'"temperature": "0.1"'),
        (b'"kind": "person"', b'"kind": "system"'),
        (b'"entry": 3', b'"entry": 2'),
        (b'"bytes": 12', b'"bytes": 13'),
        (b'"entry": 3', b'"entry": true'),
        (b'"entry": 3', b'"entry": 77'),
        (b'"id": null', b'"id": false'),
        (b'"schema": "', b'"caption": "", "schema": "'),
    ],
)
def test_a_record_that_shows_something_else_fails(
    bundle: bytes, before: bytes, after: bytes
) -> None:
    path = layout.record_path(QUESTION)

    def change(files: Files) -> None:
        assert before in files[path]
        files[path] = files[path].replace(before, after)

    report = report_on(repacked(bundle, change, listed=True))
    bad = seen(report, Verdict.TAMPERED) + seen(report, Verdict.COULD_NOT_VERIFY)
    assert (7, path) in bad


def test_a_record_that_leaves_an_entry_out_is_tampering(bundle: bytes) -> None:
    path = layout.record_path(QUESTION)
    change = in_json(path, lambda members: members["items"].pop())
    report = report_on(repacked(bundle, change, listed=True))
    assert seen(report, Verdict.TAMPERED) == [(7, path)]


def test_a_record_laid_out_otherwise_is_the_same_record(bundle: bytes) -> None:
    change = in_json(layout.record_path(QUESTION), lambda members: None)
    assert report_on(repacked(bundle, change, listed=True)).verdict is Verdict.VERIFIED


def test_a_record_of_another_question_cannot_show_this_ones_entries(bundle: bytes) -> None:
    other = layout.record_path("0190a0a0-0000-7000-8000-00000000000f")

    def change(files: Files) -> None:
        record = files[layout.record_path(QUESTION)]
        files[other] = record.replace(QUESTION.encode(), b"0190a0a0-0000-7000-8000-00000000000f", 1)

    report = report_on(repacked(bundle, change, listed=True))
    assert (7, other) in seen(report, Verdict.TAMPERED)


def test_a_missing_record_is_incomplete(bundle: bytes) -> None:
    path = layout.record_path(QUESTION)
    report = report_on(repacked(bundle, lambda files: files.pop(path), listed=True))
    assert seen(report, Verdict.INCOMPLETE) == [(7, path)]


def test_two_entries_with_one_id_are_tampering() -> None:
    log = sample_log()
    log.append("decision.signed", DECISION, {"about": "again"})
    report = report_on(log.write())
    assert {(7, layout.entry_path(3)), (7, layout.entry_path(4))} <= set(
        seen(report, Verdict.TAMPERED)
    )


# Step 9 -------------------------------------------------------------------------------------------


def stamped(log: Log, *tokens: bytes) -> bytes:
    def add(writer: BundleWriter) -> None:
        for number, token in enumerate(tokens):
            writer.add(f"{layout.TIMESTAMPS}{number}.tsr", token)

    return log.write(before_end=add)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


def test_time_stamps_of_the_checkpoint_are_checked(authority: Authority) -> None:
    log = sample_log()
    bundle = stamped(log, authority.stamp(log.note(4)))
    report = report_on(bundle, Trust(POLICY, (), (authority.root,)))
    assert report.verdict is Verdict.VERIFIED
    assert report.steps[9].status is Status.CHECKED
    assert NOW.isoformat() in report.steps[9].observations[0].message


def test_a_time_stamp_of_an_earlier_checkpoint_counts_as_well(authority: Authority) -> None:
    log = sample_log()

    def add(writer: BundleWriter) -> None:
        writer.add_earlier(log.earlier(2))
        writer.add(f"{layout.TIMESTAMPS}2.tsr", authority.stamp(log.note(2)))

    report = report_on(log.write(before_end=add), Trust(POLICY, (), (authority.root,)))
    assert report.verdict is Verdict.VERIFIED
    assert report.steps[9].checked == 1


def test_without_an_authority_the_report_says_what_was_not_checked(authority: Authority) -> None:
    log = sample_log()
    report = report_on(stamped(log, authority.stamp(log.note(4))))
    assert report.verdict is Verdict.VERIFIED
    assert report.steps[9].status is Status.NOT_POSSIBLE
    assert report.steps[9].checked == 1


def test_a_time_stamp_of_something_else_or_by_another_is_tampering(authority: Authority) -> None:
    log = sample_log()
    others = Authority("Other").stamp(log.note(4))
    bundle = stamped(log, authority.stamp(b"something else"), others)
    report = report_on(bundle, Trust(POLICY, (), (authority.root,)))
    where = [f"{layout.TIMESTAMPS}0.tsr", f"{layout.TIMESTAMPS}1.tsr"]
    assert seen(report, Verdict.TAMPERED) == [(9, path) for path in where]


def test_what_is_no_time_stamp_could_not_be_verified() -> None:
    report = report_on(stamped(sample_log(), b"no token"))
    assert seen(report, Verdict.COULD_NOT_VERIFY) == [(9, f"{layout.TIMESTAMPS}0.tsr")]


def test_without_the_package_time_stamps_are_reported_as_not_checked(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "rfc3161_client", None)
    log = sample_log()
    report = report_on(stamped(log, authority.stamp(log.note(4))))
    assert report.verdict is Verdict.VERIFIED
    assert "rfc3161-client" in report.steps[9].impossible
    assert report.steps[9].checked == 0


# Step 10 ------------------------------------------------------------------------------------------


def test_a_decision_copied_onto_another_trace_fails() -> None:
    log = sample_log()
    other = "0190a0a0-0000-7000-8000-000000000022"
    log.append("trace.stored", other, {"about": "another"})
    copied = {"trace_id": other, "trace_document_sha256": log.digest(2), "about": "copy"}
    log.append("decision.signed", "0190a0a0-0000-7000-8000-000000000033", copied)
    report = report_on(log.write())
    assert seen(report, Verdict.TAMPERED) == [(10, layout.entry_path(5))]


def test_a_decision_without_its_trace_is_incomplete() -> None:
    report = report_on(sample_log().write(leave_out=[2]))
    assert (10, layout.entry_path(3)) in seen(report, Verdict.INCOMPLETE)


def test_a_bundle_without_decisions_says_so() -> None:
    log = sample_log()
    log.documents.pop()
    log.texts.pop()
    report = report_on(log.write())
    assert report.verdict is Verdict.VERIFIED
    assert report.steps[10].impossible


# The report ---------------------------------------------------------------------------------------


def test_verdicts_have_exit_codes_of_their_own() -> None:
    codes = [verdict.exit_code for verdict in Verdict]
    assert len(set(codes)) == len(codes)
    assert Verdict.VERIFIED.exit_code == 0
    assert 2 not in codes


def test_a_report_can_be_read_by_programs(bundle: bytes) -> None:
    report = json.loads(json.dumps(report_on(bundle).as_dict()))
    assert report["verdict"] == "verified"
    assert [step["number"] for step in report["steps"]] == list(STEPS)
    assert report["steps"][2]["observations"][0]["message"].startswith("witness.example/one")


def test_the_samples_are_what_they_seem(bundle: bytes) -> None:
    archive = Archive(io.BytesIO(bundle))
    manifest = manifests.parse(archive.read(layout.MANIFEST))
    assert policies.parse(archive.read(layout.POLICY).decode()) == POLICY
    assert relisted({path: archive.read(path) for path in archive.paths})
    assert manifest.expected == manifest.actual
    assert TRACE.encode() in archive.read(layout.entry_path(3))
