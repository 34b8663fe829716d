"""Bundles from the database: complete, the same each time, verified offline, or refused."""

import io
import json
import logging
import zipfile
from datetime import timedelta

import pytest
from django.utils import timezone

from reasoning import offline, tasks
from reasoning.core import notes
from reasoning.core.bundle import Bundle
from reasoning.core.errors import ExportFailed, ExportNotReady, IntegrityMismatch, NotFound
from reasoning.core.keys import ED25519_COSIGNATURE, SignerKey, VerifierKey
from reasoning.core.policies import Policy
from reasoning.core.reports import Verdict
from reasoning.core.verification import Trust
from reasoning.core.verification import verify as verify_bundle
from reasoning.management.commands import reap
from reasoning.models import (
    Annotation,
    AuditEvent,
    Checkpoint,
    Cosignature,
    Decision,
    Entry,
    ExportJob,
    ExportStatus,
    Membership,
    Place,
    Question,
    TimestampToken,
    Trace,
    User,
)
from reasoning.services import (
    audit,
    bundle_contents,
    bundle_heads,
    bundles,
    erasure,
    export_requests,
    exports,
    registry,
)
from reasoning.services.export_requests import Scope
from tests.log.attacks import alter, superuser
from tests.log.ledger import APPLICATION, SEQUENCER, connected
from tests.log.populated import TODAY, sequence
from tests.log.test_attacks import COPY, newest


@pytest.fixture
def ledger(copies, tmp_path, settings):
    """Today's log; Django's connection is the application's."""
    settings.EXPORT_DIR = tmp_path / "exports"
    made = copies(TODAY)
    with connected(made.url(APPLICATION)):
        yield made


@pytest.fixture
def auditor(ledger) -> User:
    return User.objects.get(username="auditor")


def built(user: User, **scope: object) -> ExportJob:
    """Ask for a bundle and have it put together."""
    job = export_requests.ask(user=user, scope=Scope(**scope))
    bundles.build(job_id=job.pk)
    job.refresh_from_db()
    return job


def opened(job: ExportJob) -> zipfile.ZipFile:
    assert job.status == ExportStatus.READY, (job.failure_code, job.failure)
    return zipfile.ZipFile(export_requests.file_of(job))


def verified(job: ExportJob, populated):
    policy = Policy.of_keys([VerifierKey.parse(populated.vkey)])
    with export_requests.file_of(job).open("rb") as file:
        return verify_bundle(file, Trust(policy))


def seen(report, verdict=Verdict.TAMPERED):
    return [
        (step.number, one.where)
        for step in report.steps
        for one in step.observations
        if one.verdict == verdict
    ]


# What is in it -----------------------------------------------------------------------------------


def test_it_verifies_offline_and_is_complete(auditor, populated):
    job = built(auditor)
    report = verified(job, populated)
    assert report.verdict == Verdict.VERIFIED
    manifest = json.loads(opened(job).read("manifest.json"))
    assert manifest["expected"] == manifest["actual"]
    assert manifest["scope"]["questions_found"] == Question.objects.count() == job.questions
    logged = Entry.objects.filter(record_id__isnull=False).count()
    shared = Entry.objects.filter(kind__endswith="proposed").count()
    approvals = Entry.objects.filter(kind="registry.judged").count()
    shared += Entry.objects.filter(kind="passkey.registered").count()
    shared += Entry.objects.filter(kind="policy.changed").count()
    assert sum(manifest["actual"].values()) == logged + shared + approvals == job.entries


def test_each_record_has_what_its_question_used(auditor):
    bundle = opened(built(auditor))
    records = [name for name in bundle.namelist() if name.startswith("records/")]
    assert len(records) == Question.objects.count()
    for name in records:
        kinds = [item["kind"] for item in json.loads(bundle.read(name))["items"]]
        for kind in ("prompt.proposed", "registry.judged", "question.submitted", "trace.stored"):
            assert kind in kinds
        assert kinds.count("policy.changed") == 2
        assert kinds.count("question.submitted") == kinds.count("decision.signed") == 1


def test_the_same_request_again_is_the_same_bytes_but_for_who_asked(auditor):
    one, other = opened(built(auditor)), opened(built(auditor))
    assert one.namelist() == other.namelist()
    differing = [name for name in one.namelist() if one.read(name) != other.read(name)]
    assert differing == ["issue.json"]
    for first, second in zip(one.infolist(), other.infolist(), strict=True):
        if first.filename != "issue.json":
            assert (first.header_offset, first.CRC) == (second.header_offset, second.CRC)


def test_the_readme_has_the_caption_and_the_key(auditor, populated):
    readme = opened(built(auditor)).read("README.md").decode()
    assert f"> {exports.CAPTION}" in readme
    assert populated.vkey in readme
    assert "magistral-verify" in readme
    assert "{" not in readme


def test_the_command_by_hand_in_the_readme_works(auditor, tmp_path):
    """Steps 2 and 3 of the README, with nothing but the standard library."""
    import hashlib
    import hmac
    from base64 import b64decode

    bundle = opened(built(auditor))
    entries = [name for name in bundle.namelist() if name.startswith("entries/")]
    for name in entries[:40]:
        document = bundle.read(name)
        index = name.removeprefix("entries/").removesuffix(".json")
        held = json.loads(document)["commitments"]
        texts = json.loads(bundle.read(f"texts/{index}.json"))
        assert set(texts) == set(held)
        for text, shown in texts.items():
            message = shown["text"].encode() if "text" in shown else bundle.read(shown["file"])
            digest = hmac.new(b64decode(shown["salt"]), message, "sha256").hexdigest()
            assert digest == held[text]
        leaf = hashlib.sha256(b"\x00" + document).digest()
        assert proves(bundle.read(f"proofs/{index}.tlog-proof").decode(), leaf)


def proves(proof: str, leaf: bytes) -> bool:
    """RFC 9162, 2.1.3.2, written down again."""
    import hashlib
    from base64 import b64decode

    head, _blank, checkpoint = proof.partition("\n\n")
    _header, index, *path = head.split("\n")
    _origin, size, root, *_rest = checkpoint.split("\n")
    position, last, node = int(index.removeprefix("index ")), int(size) - 1, leaf
    for sibling in map(b64decode, path):
        if position & 1 or position == last:
            node = hashlib.sha256(b"\x01" + sibling + node).digest()
            while position and not position & 1:
                position, last = position >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\x01" + node + sibling).digest()
        position, last = position >> 1, last >> 1
    return node == b64decode(root)


def test_asking_and_taking_are_evidence(auditor):
    job = built(auditor, decided=True)
    assert Entry.objects.get(subject_id=job.pk).kind == "export.requested"
    assert job.request.actor_name == auditor.get_full_name()
    path = export_requests.take(user=auditor, job=job, place=Place.API)
    assert path.stat().st_size == job.size
    event = AuditEvent.objects.get(action="downloaded", subject_id=job.pk)
    assert (event.actor_id, event.detail) == (auditor.pk, job.sha256)


def test_views_since_the_asking_are_not_in_it(auditor):
    """So that a page that is read while a bundle is made does not keep it from ever being done."""
    job = export_requests.ask(user=auditor, scope=Scope())
    audit.remember(
        action="viewed", place="page", user=auditor, question=Question.objects.first(), detail="x"
    )
    assert bundles.build(job_id=job.pk) == ExportStatus.READY


# Scopes ------------------------------------------------------------------------------------------


def test_questions_by_name(auditor, populated):
    wanted = Question.objects.order_by("pk").last()
    job = built(auditor, questions=(wanted.pk,))
    assert job.questions == 1
    records = [name for name in opened(job).namelist() if name.startswith("records/")]
    assert records == [f"records/{wanted.pk}.json"]
    assert verified(job, populated).verdict == Verdict.VERIFIED


def test_questions_by_time(auditor):
    first, second, third = Question.objects.order_by("recorded_at")
    job = built(auditor, asked_from=second.recorded_at, asked_before=third.recorded_at)
    scope = json.loads(opened(job).read("manifest.json"))["scope"]
    assert scope["questions_found"] == 1
    assert f"records/{second.pk}.json" in opened(job).namelist()
    assert f"records/{first.pk}.json" not in opened(job).namelist()


def test_decided_questions_alone(auditor, ledger):
    from reasoning.services import questions

    asked = questions.Asked(workspace="finance", text="Not answered yet?")
    questions.submit(user=User.objects.get(username="analyst"), asked=asked)
    sequence(ledger)
    assert built(auditor).questions == built(auditor, decided=True).questions + 1


# Erased texts ------------------------------------------------------------------------------------


def erase(row, *fields):
    return erasure.erase(
        user=None, subject=row, fields=fields, legal_basis="GDPR Article 17", reason="Asked for."
    )


def test_an_erased_text_is_shown_as_erased(auditor, ledger, populated):
    note = Annotation.objects.order_by("pk").last()
    told = erase(note, "note", "actor_name")
    sequence(ledger)
    job = built(auditor)
    report = verified(job, populated)
    assert report.verdict == Verdict.LAWFULLY_ERASED
    (record,) = [
        json.loads(opened(job).read(name))
        for name in opened(job).namelist()
        if name == f"records/{note.question_id}.json"
    ]
    (shown,) = [item for item in record["items"] if item["id"] == str(note.pk)]
    (by,) = [item["entry"] for item in record["items"] if item["id"] == str(told.pk)]
    assert shown["texts"]["note"] == {"erased_by": by}
    assert (
        "Indeed."
        not in opened(job)
        .read(f"records/{note.question_id}.json")
        .decode()
        .split(shown["id"])[1]
        .split('"entry"')[0]
    )


def test_an_erasure_of_a_shared_prompt_is_in_every_record(auditor, ledger, populated):
    prompt = registry.version(
        Trace.objects.first().run.prompt_version.__class__, "magistral-small-2506"
    )
    erase(prompt, "actor_name")
    sequence(ledger)
    job = built(auditor)
    assert verified(job, populated).verdict == Verdict.LAWFULLY_ERASED
    assert seen(verified(job, populated)) == []


# Damage ------------------------------------------------------------------------------------------


def damage_row(connection, decision):
    alter(connection, "reasoning_decision", "rationale", "text", decision)


def delete_row(connection, decision):
    connection.execute("DELETE FROM reasoning_decision WHERE id = %s", [decision])


def delete_entry(connection, decision):
    connection.execute("DELETE FROM reasoning_entry WHERE subject_id = %s", [decision])


def slip_in(connection, decision):
    changes = "id = overlay(id::text placing 'f' from 1)::uuid"
    for statement in COPY.format(table="reasoning_decision", changes=changes).split(";"):
        connection.execute(statement, {"row": decision} if "%(row)s" in statement else None)


def replace_leaf(connection, decision):
    connection.execute(
        "UPDATE reasoning_leaf SET leaf_hash = set_byte(leaf_hash, 0, 1) FROM reasoning_entry"
        " WHERE entry_id = id AND subject_id = %s",
        [decision],
    )


@pytest.mark.parametrize(
    ("harm", "where"),
    [
        (damage_row, "rationale"),
        (delete_row, "row"),
        (delete_entry, "entry"),
        (slip_in, "entry"),
        (replace_leaf, "leaf"),
    ],
)
def test_a_damaged_record_blocks_it_and_is_named(auditor, ledger, harm, where, caplog):
    decision = newest(ledger, "reasoning_decision")
    with superuser(ledger) as connection:
        harm(connection, decision)
    with caplog.at_level(logging.ERROR):
        job = built(auditor)
    assert (job.status, job.failure_code) == (ExportStatus.FAILED, "integrity_mismatch")
    assert job.failure["where"] == where
    assert job.failure["id"] == str(decision) or harm is slip_in
    assert job.failure["id"] in caplog.text
    assert AuditEvent.objects.filter(
        action="integrity_alarm", subject_id=job.failure["id"]
    ).exists()
    with pytest.raises(IntegrityMismatch, match=job.failure["id"]):
        export_requests.take(user=auditor, job=job, place=Place.API)
    assert not list(export_requests.file_of(job).parent.iterdir())


def test_other_questions_can_still_be_taken(auditor, ledger, populated):
    decision = Decision.objects.order_by("pk").last()
    with superuser(ledger) as connection:
        damage_row(connection, decision.pk)
    other = Question.objects.exclude(pk=decision.question_id).first()
    assert verified(built(auditor, questions=(other.pk,)), populated).verdict == Verdict.VERIFIED


# Jobs --------------------------------------------------------------------------------------------


def test_what_is_not_in_the_log_yet_is_waited_for(auditor, ledger):
    audit.remember(
        action="viewed", place="page", user=auditor, question=Question.objects.first(), detail="x"
    )
    job = export_requests.ask(user=auditor, scope=Scope())
    assert bundles.build(job_id=job.pk) == ExportStatus.WAITING
    job.refresh_from_db()
    with pytest.raises(ExportNotReady):
        export_requests.take(user=auditor, job=job, place=Place.API)
    assert not list(export_requests.file_of(job).parent.iterdir())
    assert bundles.due() == []
    sequence(ledger)
    assert bundles.build(job_id=job.pk) == ExportStatus.READY


def test_a_waiting_job_is_due_again_after_a_moment(auditor, monkeypatch):
    job = export_requests.ask(user=auditor, scope=Scope())
    assert bundles.due() == []
    monkeypatch.setattr(bundles, "AGAIN_AFTER", timedelta(0))
    assert bundles.due() == [job.pk]


def test_a_job_is_built_once(auditor):
    job = built(auditor)
    assert bundles.build(job_id=job.pk) is None
    assert bundles.build(job_id=auditor.pk) is None


def test_a_lost_workers_job_is_taken_over_and_its_late_file_thrown_away(auditor):
    job = export_requests.ask(user=auditor, scope=Scope())
    late = bundles._claim(job.pk)
    ExportJob.objects.filter(pk=job.pk).update(lease_until=timezone.now() - timedelta(minutes=1))
    assert bundles.due() == [job.pk]
    assert bundles.build(job_id=job.pk) == ExportStatus.READY
    job.refresh_from_db()
    digest = job.sha256
    part = export_requests.file_of(job).with_suffix(".late.part")
    part.write_bytes(b"late")
    assert bundles._publish(late, part, bundle_contents.Written(0, 0)) is None
    job.refresh_from_db()
    assert (job.status, job.sha256) == (ExportStatus.READY, digest)
    assert bundles._sha256(export_requests.file_of(job)) == digest


def test_a_disk_that_cannot_be_written_fails_it(auditor, settings, tmp_path, caplog):
    (tmp_path / "file").write_text("")
    settings.EXPORT_DIR = tmp_path / "file" / "exports"
    job = built(auditor)
    assert (job.status, job.failure_code) == (ExportStatus.FAILED, "export_failed")
    with pytest.raises(ExportFailed):
        export_requests.take(user=auditor, job=job, place=Place.API)
    assert str(job.pk) in caplog.text


def test_a_file_that_is_not_kept_any_more(auditor):
    job = built(auditor)
    export_requests.file_of(job).unlink()
    with pytest.raises(ExportFailed, match="Ask for it again"):
        export_requests.take(user=auditor, job=job, place=Place.API)


def test_files_are_for_their_owners_eyes(auditor):
    path = export_requests.file_of(built(auditor))
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_task_builds_it(auditor):
    job = export_requests.ask(user=auditor, scope=Scope())
    tasks.build_export(str(job.pk))
    job.refresh_from_db()
    assert job.status == ExportStatus.READY


def test_the_reaper_sends_what_is_due(auditor, monkeypatch):
    job = export_requests.ask(user=auditor, scope=Scope())
    monkeypatch.setattr(bundles, "AGAIN_AFTER", timedelta(0))
    sent: list = []
    monkeypatch.setattr(tasks, "dispatch_export", sent.append)
    monkeypatch.setattr(tasks, "dispatch", lambda _run: None)
    reap.sweep()
    assert sent == [job.pk]


def test_another_persons_export_is_not_there(auditor):
    job = built(auditor)
    with pytest.raises(NotFound):
        export_requests.readable(user=User.objects.get(username="reviewer"), identifier=job.pk)


def test_who_may_no_longer_read_it_all_may_not_take_it(auditor):
    job = built(auditor)
    assert export_requests.readable(user=auditor, identifier=job.pk) == job
    Membership.objects.filter(user=auditor, workspace__slug="legal").delete()
    with pytest.raises(NotFound):
        export_requests.readable(user=auditor, identifier=job.pk)


# Witnesses and time stamps -----------------------------------------------------------------------


@pytest.fixture
def witness(settings) -> SignerKey:
    key = SignerKey("witness.example/one", ED25519_COSIGNATURE, b"\x02" * 32)
    settings.LOG_WITNESSES = [f"{key.verifier} https://witness.example/"]
    settings.LOG_WITNESS_QUORUM = 1
    return key


def cosign(ledger, size: int, key: SignerKey, time: int) -> None:
    with connected(ledger.url(SEQUENCER)):
        row = Checkpoint.objects.get(size=size)
        line = notes.signature_line(notes.parse(bytes(row.note)).text, key, time=time)
        Cosignature.objects.create(
            checkpoint=row, key=str(key.verifier), line=notes.encode_lines([line])
        )


def stamp(ledger, size: int) -> None:
    with connected(ledger.url(SEQUENCER)):
        TimestampToken.objects.create(checkpoint_id=size, authority="tsa", response=b"token")


def test_the_first_checkpoint_over_it_is_taken(ledger):
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    assert bundle_heads.first_over(0).size == sizes[1]
    assert bundle_heads.first_over(sizes[1]).size == sizes[2]
    assert bundle_heads.first_over(sizes[-1]) is None


def test_a_cosigned_one_is_preferred_and_a_stamped_one_even_more(ledger, witness):
    sizes = list(Checkpoint.objects.order_by("size").values_list("size", flat=True))
    assert bundle_heads.first_over(0).size == sizes[1]
    cosign(ledger, sizes[2], witness, 1_795_000_000)
    cosign(ledger, sizes[3], witness, 1_795_000_000)
    assert bundle_heads.first_over(0).size == sizes[2]
    stamp(ledger, sizes[3])
    assert bundle_heads.first_over(0).size == sizes[3]
    assert bundle_heads.first_over(sizes[3]).size == sizes[4]


def test_a_later_cosignature_of_the_same_witness_changes_nothing(auditor, ledger, witness):
    size = Checkpoint.objects.order_by("-size").first().size
    cosign(ledger, size, witness, 1_795_000_000)
    before = opened(built(auditor)).read("log/checkpoint")
    assert witness.name in before.decode()
    cosign(ledger, size, witness, 1_795_009_999)
    assert opened(built(auditor)).read("log/checkpoint") == before


def test_cosignatures_and_the_policy_go_along(auditor, ledger, witness, populated, tmp_path):
    size = Checkpoint.objects.order_by("-size").first().size
    cosign(ledger, size, witness, 1_795_000_000)
    job = built(auditor)
    policy = opened(job).read("log/policy").decode()
    kept = tmp_path / "policy"
    kept.write_text(policy)
    assert offline.main([str(export_requests.file_of(job)), "--vkey", str(kept)]) == 0
    report = verified(job, populated)
    assert report.steps[2].checked == 1
    assert Bundle(io.BytesIO(export_requests.file_of(job).read_bytes())).is_exact
