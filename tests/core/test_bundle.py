"""Bundles: what is written comes back, the same each time; what may not be in one is refused."""

import io
import json
import random

import pytest

from reasoning.core import bundle as layout
from reasoning.core import canonical, proofs
from reasoning.core.archive import Archive
from reasoning.core.bundle import Bundle, BundleWriter
from reasoning.core.disclosures import Erased, Shown
from reasoning.core.errors import FileDamaged, Malformed, MissingFile
from reasoning.core.verification import Trust, verify
from tests.core.bundle_samples import (
    LOG,
    POLICY,
    QUESTION,
    WITNESS,
    repacked,
    sample_log,
)


def opened(data: bytes) -> Bundle:
    return Bundle(io.BytesIO(data))


@pytest.fixture(scope="module")
def sample() -> bytes:
    return sample_log().write()


def test_what_was_written_comes_back(sample: bytes) -> None:
    bundle, log = opened(sample), sample_log()
    assert bundle.indexes == (0, 1, 2, 3)
    for index in bundle.indexes:
        assert bundle.read(layout.entry_path(index)) == log.documents[index]
        assert bundle.texts(index) == log.texts[index]
        proof = proofs.parse(bundle.read(layout.proof_path(index)))
        assert proof.checkpoint == bundle.read(layout.CHECKPOINT) == log.note(4, WITNESS)
    assert bundle.read(layout.VKEY).decode() == f"{LOG.verifier}\n"
    assert bundle.read(layout.POLICY).decode() == POLICY.encode()
    assert bundle.manifest.scope == {"questions": [QUESTION]}
    assert bundle.issue()["issued_by"] == {"username": "auditor"}
    assert bundle.is_exact
    assert bundle.unlisted == []


def test_the_same_export_is_the_same_bytes_but_for_the_issue_record(sample: bytes) -> None:
    assert sample_log().write() == sample
    later = sample_log().write(issue={"issued_at": "later"})
    first, second = Archive(io.BytesIO(sample)), Archive(io.BytesIO(later))
    assert first.paths == second.paths
    differing = [path for path in first.paths if first.read(path) != second.read(path)]
    assert differing == [layout.ISSUE]
    assert second.packed_digest(layout.MANIFEST) == first.packed_digest(layout.MANIFEST)


def test_a_record_is_readable_and_in_the_order_of_the_log(sample: bytes) -> None:
    record = json.loads(opened(sample).read(layout.record_path(QUESTION)))
    assert [item["entry"] for item in record["items"]] == [0, 1, 2, 3]
    question, trace, decision = record["items"][1:]
    assert question["texts"] == {"text": "Darf ich? — „ja“"}
    assert trace["texts"]["raw_response"]["bytes"] == 12
    assert decision["facts"]["trace_document_sha256"] == trace["document_sha256"]
    assert "„ja“" in opened(sample).read(layout.record_path(QUESTION)).decode()


def test_erased_texts_name_the_entry_of_their_erasure() -> None:
    log = sample_log()
    log.erase(2, "raw_text")
    texts = opened(log.write()).texts(2)
    assert texts["raw_text"] == Erased(4)
    assert isinstance(texts["raw_response"], Shown)


def test_earlier_checkpoints_and_other_files_are_listed() -> None:
    log = sample_log()

    def add(writer: BundleWriter) -> None:
        writer.add_earlier(log.earlier(2))
        writer.add("log/timestamps/one.tsr", b"token")

    bundle = opened(log.write(before_end=add))
    assert bundle.under(layout.EARLIER) == ["log/earlier/2.consistency"]
    assert bundle.under(layout.TIMESTAMPS) == ["log/timestamps/one.tsr"]


@pytest.mark.parametrize("path", ["../up", "/root", "README.md", "a//b"])
def test_unsafe_and_repeated_paths_are_refused(path: str) -> None:
    writer = BundleWriter(io.BytesIO())
    writer.add("README.md", b"")
    with pytest.raises(Malformed):
        writer.add(path, b"")


def test_a_document_that_is_not_canonical_is_refused() -> None:
    writer = BundleWriter(io.BytesIO())
    proof = proofs.Proof(0, (), b"")
    with pytest.raises(Malformed):
        writer.add_entry(0, b'{"b":1,"a":2}', proof, {})


def test_a_bundle_without_its_log_is_not_ended() -> None:
    writer = BundleWriter(io.BytesIO())
    writer.add("README.md", b"")
    with pytest.raises(Malformed, match="log/"):
        writer.finish(scope={}, expected={}, issue={})


def test_reading_refuses_what_the_list_does_not_vouch_for(sample: bytes) -> None:
    changed = opened(repacked(sample, lambda files: files.update({"README.md": b"other"})))
    with pytest.raises(FileDamaged, match=r"README\.md"):
        changed.read("README.md")
    gone = opened(repacked(sample, lambda files: files.pop("README.md")))
    with pytest.raises(MissingFile, match=r"README\.md"):
        gone.read("README.md")
    added = opened(repacked(sample, lambda files: files.update({"more.txt": b""})))
    assert added.unlisted == ["more.txt"]
    with pytest.raises(MissingFile, match=r"more\.txt"):
        added.read("more.txt")


def test_an_entry_in_the_wrong_place_is_malformed(sample: bytes) -> None:
    document = canonical.encode({})
    for path in ("entries/01.json", "entries/x.json", "entries/1.txt", "entries/1/2.json"):
        with pytest.raises(Malformed):
            opened(repacked(sample, lambda files, p=path: files.update({p: document}), listed=True))


@pytest.mark.parametrize(
    "manifest",
    [
        b"",
        b"[]",
        b"{}",
        b'{"schema":"magistral-audit/bundle/v2","scope":{},"expected":{},"actual":{},"files":[]}',
        b'{"schema":"magistral-audit/bundle/v1","scope":{},"expected":{"a":-1},"actual":{},"files":[]}',
        b'{"schema":"magistral-audit/bundle/v1","scope":{},"expected":{"a":true},"actual":{},"files":[]}',
        b'{"schema":"magistral-audit/bundle/v1","scope":{},"expected":{},"actual":{},"files":[1]}',
        b'{"schema":"magistral-audit/bundle/v1","scope":{},"expected":{},"actual":{},"files":[],"x":1}',
        b'{"schema":"magistral-audit/bundle/v1","scope":{"a":1.5},"expected":{},"actual":{},"files":[]}',
    ],
)
def test_other_manifests_are_malformed(sample: bytes, manifest: bytes) -> None:
    with pytest.raises(Malformed):
        opened(repacked(sample, lambda files: files.update({layout.MANIFEST: manifest})))


def test_manifests_that_list_a_file_badly_are_malformed(sample: bytes) -> None:
    members = json.loads(Archive(io.BytesIO(sample)).read(layout.MANIFEST))
    first = members["files"][0]
    for bad in (
        [first, first],
        [first | {"path": "../up"}],
        [first | {"sha256": "00"}],
        [first | {"sha256": first["sha256"].upper() + "A" * 0, "size": -1}],
        [first | {"more": 1}],
    ):
        data = json.dumps(members | {"files": bad}).encode()
        with pytest.raises(Malformed):
            opened(repacked(sample, lambda files, d=data: files.update({layout.MANIFEST: d})))


def test_an_issue_record_of_another_kind_is_malformed(sample: bytes) -> None:
    changed = opened(repacked(sample, lambda files: files.update({layout.ISSUE: b"{}"})))
    with pytest.raises(Malformed):
        changed.issue()


def test_verifying_mutated_files_never_raises_and_never_passes(sample: bytes) -> None:
    """Mutations by someone who can bring the manifest up to date as well."""
    chance = random.Random(20_261_123)
    paths = [path for path in Archive(io.BytesIO(sample)).paths if path not in UNPROVEN]

    def mutate(files: dict[str, bytes]) -> None:
        path = chance.choice(paths)
        data = bytearray(files[path])
        for _accident in range(chance.randint(1, 3)):
            place = chance.randrange(len(data))
            data[place] = data[place] ^ 1 << chance.randrange(8)
        files[path] = bytes(data)

    for _round in range(100):
        changed = repacked(sample, mutate, listed=True)
        before, after = Archive(io.BytesIO(sample)), Archive(io.BytesIO(changed))
        if all(before.read(path) == after.read(path) for path in paths):
            continue
        report = verify(io.BytesIO(changed), Trust(POLICY))
        names = [path for path in paths if before.read(path) != after.read(path)]
        assert not report.verdict.is_good or still_proves(names[0], before, after), names


def still_proves(path: str, before: Archive, after: Archive) -> bool:
    """Whether a proof differs in nothing but a cosignature, now by a key that nobody knows."""
    if not path.startswith(layout.PROOFS):
        return False
    one, other = proofs.parse(before.read(path)), proofs.parse(after.read(path))
    policy = POLICY.without_quorum()
    opened_one, opened_other = policy.open(one.checkpoint), policy.open(other.checkpoint)
    same = (one.index, one.path, opened_one.checkpoint, opened_one.log_signatures)
    return same == (other.index, other.path, opened_other.checkpoint, opened_other.log_signatures)


UNPROVEN = {layout.README, layout.MANIFEST, layout.ISSUE, layout.VKEY, layout.POLICY}
"""What no proof covers: words for people, and what has to be pinned or got elsewhere."""
