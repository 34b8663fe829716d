"""The log over HTTP: public parts, the auditor's part, and a trace's proof file."""

import hashlib

import pytest
from django.test import Client
from rest_framework.test import APIClient

from reasoning.core import notes, policies, proofs, tiles
from reasoning.core.keys import VerifierKey
from reasoning.core.merkle import inclusion_proof, leaf_hash, verify_inclusion
from reasoning.models import Action, AuditEvent, Checkpoint, Ending, Entry, Leaf, User
from reasoning.services import api_tokens, checkpoints, leases, log_keys, questions, seeding, traces
from reasoning.services.traces import Arrived, Outcome
from tests import approving
from tests.conftest import ANSWER, deployment_columns, whole
from tests.log.ledger import APPLICATION, SEQUENCER, connected, drain, sequencer

FOR_EVER = "public, max-age=31536000, immutable"
IMPOSSIBLE = [
    "tile/0/002",
    "tile/0/002.p/89",
    "tile/0/003.p/1",
    "tile/0/2",
    "tile/0/000.p/0",
    "tile/0/000.p/256",
    "tile/1/000",
    "tile/2/000.p/1",
    "tile/64/000",
    "tile/-1/000",
    "tile/0/x000/001",
    "tile/0/" + "x999/" * 9 + "999",
    "tile/entries/000",
    "tile/0/000.p/1/",
    "tile/",
    "nothing",
]


@pytest.fixture
def served(ledger, valkey):
    """A log whose application answers; ``sequence`` takes in what waits."""
    with connected(ledger.url(APPLICATION)):
        yield ledger


def sequence(ledger):
    with connected(ledger.url(SEQUENCER)):
        drain(sequencer())


@pytest.fixture
def grown(served):
    """600 entries: two full tiles and a partial one."""
    served.write_at_once(600)
    sequence(served)
    return served


def get(path: str):
    return Client().get(f"/log/{path}")


# For everybody -----------------------------------------------------------------------------------


def test_a_log_that_never_began_has_nothing(served):
    for path in ("checkpoint", "vkey", "tile/0/000.p/1"):
        assert get(path).status_code == 404


def test_the_checkpoint_verifies_under_the_published_key(grown):
    answer = get("checkpoint")
    assert (answer["Content-Type"], answer["Cache-Control"]) == (
        "text/plain; charset=utf-8",
        "no-cache",
    )
    key = VerifierKey.parse(get("vkey").content.decode().strip())
    opened = policies.Policy.of_keys([key]).open(answer.content)
    assert opened.checkpoint.size == 600


def test_after_a_rotation_the_present_key_comes_first(grown):
    (old,) = log_keys.listed()
    new = log_keys.rotate()
    grown.write()
    sequence(grown)
    answer = get("vkey")
    assert answer["Cache-Control"] == "no-cache"
    assert answer.content.decode().split("\n") == [str(new.verifier), str(old.key), ""]


def test_full_tiles_are_for_ever_and_partial_ones_for_a_while(grown):
    full, partial = get("tile/0/001"), get("tile/0/002.p/88")
    assert (full.status_code, len(full.content)) == (200, 256 * 32)
    assert (full["Content-Type"], full["Cache-Control"]) == ("application/octet-stream", FOR_EVER)
    assert (partial.status_code, len(partial.content)) == (200, 88 * 32)
    assert partial["Cache-Control"] == "public, max-age=60"


def test_every_tile_of_the_tree_is_there_and_proves_every_leaf(grown):
    """A client with HTTP alone derives what the checkpoint says."""

    def fetch(wanted):
        answers = [get(tile.path) for tile in wanted]
        assert {answer.status_code for answer in answers} == {200}
        return [answer.content for answer in answers]

    reader = tiles.TileReader(600, fetch)
    checkpoint = Checkpoint.objects.get(size=600)
    for index in (0, 255, 256, 511, 512, 599):
        leaf = bytes(Leaf.objects.get(index=index).leaf_hash)
        path = inclusion_proof(index, 600, reader)
        verify_inclusion(index, 600, leaf, path, bytes(checkpoint.root))


def test_a_narrower_tile_of_then_is_still_there_when_the_tile_is_full(grown):
    assert get("tile/0/001.p/7").content == get("tile/0/001").content[: 7 * 32]


def test_tiles_that_the_tree_has_not(grown):
    answers = {path: get(path).status_code for path in IMPOSSIBLE}
    assert answers == dict.fromkeys(IMPOSSIBLE, 404)


def test_what_is_not_signed_yet_is_not_shown(grown):
    grown.write_at_once(200)
    with connected(grown.url(SEQUENCER)):
        sequencer().sequence()
    assert get("tile/0/002").status_code == 404
    assert b"\n600\n" in get("checkpoint").content


def test_the_public_parts_are_read_only(grown):
    for path in ("checkpoint", "vkey", "tile/0/000"):
        assert Client().post(f"/log/{path}").status_code == 405


# For auditors, and whoever may read a trace ------------------------------------------------------


@pytest.fixture
def trace(served):
    """A stored trace of a question in the finance workspace, in the log."""
    seeding.seed_people({})
    prompt, profile = seeding.seed_registry()
    deployment = seeding.seed_deployment(deployment_columns())
    approving.allow(prompt, profile, deployment)
    asked = questions.Asked(workspace="finance", text="Two and two?", case_reference="AML-7")
    submitted = questions.submit(user=User.objects.get(username="analyst"), asked=asked)
    claim = leases.claim(run_id=submitted.run.pk, worker="test:1")
    outcome = Outcome(claim, Ending.FINISHED, None, whole(ANSWER))
    trace = traces.store(outcome, Arrived("", ())).trace
    sequence(served)
    return trace


def client(username: str) -> APIClient:
    api = APIClient()
    token = api_tokens.issue(user=User.objects.get(username=username), name="test")
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return api


def index_of(subject) -> int:
    return Leaf.objects.get(entry__subject_id=subject.pk).index


def test_an_auditor_reads_the_bytes_that_the_leaf_hashes(trace):
    answer = client("auditor").get(f"/log/entries/{index_of(trace)}")
    entry = Entry.objects.get(subject_id=trace.pk)
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/json")
    assert answer.content == bytes(entry.document)
    assert leaf_hash(answer.content) == bytes(entry.leaf.leaf_hash)
    seen = AuditEvent.objects.get(action=Action.VIEWED, subject_id=trace.pk)
    assert seen.actor_id == User.objects.get(username="auditor").pk


def test_entries_that_belong_to_no_question_are_read_too(trace):
    assert client("auditor").get("/log/entries/0").status_code == 200


@pytest.mark.parametrize("username", ["analyst", "reviewer", "admin"])
def test_others_find_no_entry_there(trace, username):
    answer = client(username).get(f"/log/entries/{index_of(trace)}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    assert AuditEvent.objects.filter(action=Action.REFUSED).count() == 1


def test_an_auditor_of_another_workspace_finds_no_entry_there(trace):
    User.objects.get(username="auditor").memberships.filter(workspace__slug="finance").delete()
    assert client("auditor").get(f"/log/entries/{index_of(trace)}").status_code == 404


@pytest.mark.parametrize("index", ["999999", "9" * 30])
def test_there_is_no_such_entry(trace, index):
    assert client("auditor").get(f"/log/entries/{index}").status_code == 404


def test_nobody_reads_entries_without_signing_in(trace):
    answer = APIClient().get(f"/log/entries/{index_of(trace)}")
    assert (answer.status_code, answer["Content-Type"]) == (401, "application/problem+json")


def test_a_traces_proof_verifies_offline(trace):
    answer = client("reviewer").get(f"/api/v1/traces/{trace.pk}/proof/")
    assert answer.status_code == 200
    assert answer["Content-Disposition"] == f'attachment; filename="{trace.pk}.tlog-proof"'
    document = client("reviewer").get(f"/api/v1/traces/{trace.pk}/document/").content
    proof = proofs.parse(answer.content)
    key = VerifierKey.parse(get("vkey").content.decode().split("\n")[0])
    opened = proof.verify(leaf_hash(document), policies.Policy.of_keys([key]))
    assert proof.index == index_of(trace)
    assert opened.checkpoint.size > proof.index
    assert hashlib.sha256(document).digest() == bytes(
        Entry.objects.get(subject_id=trace.pk).document_sha256
    )


def test_a_trace_that_is_not_in_the_log_yet_says_so(served, trace):
    note = Checkpoint.objects.order_by("-size").first()
    assert notes.parse(checkpoints.cosigned_note(note)).signatures
    with served.connect("postgres") as superuser:
        superuser.execute("ALTER TABLE reasoning_leaf DISABLE TRIGGER ALL")
        superuser.execute("DELETE FROM reasoning_leaf WHERE index >= %s", [index_of(trace)])
    answer = client("reviewer").get(f"/api/v1/traces/{trace.pk}/proof/")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_in_log_yet")
    assert not AuditEvent.objects.filter(action=Action.REFUSED).exists()


def test_a_stranger_gets_no_proof(trace):
    assert client("admin").get(f"/api/v1/traces/{trace.pk}/proof/").status_code == 404
    assert APIClient().get(f"/api/v1/traces/{trace.pk}/proof/").status_code == 401
