"""The log asks its witnesses: a quorum, others' failures, and what they know better."""

import socket
import threading
from contextlib import ExitStack, contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from reasoning.core import notes
from reasoning.core.errors import Malformed, QuorumNotReached
from reasoning.core.keys import ED25519_COSIGNATURE, SignerKey
from reasoning.core.policies import Policy
from reasoning.models import Checkpoint, Cosignature, Entry
from reasoning.services import checkpoints, log_keys, log_state, proofs, witnesses
from reasoning.services.log_state import State
from reasoning.services.witnesses import Rounds
from reasoning.witness.keeper import Keeper, make_key
from reasoning.witness.server import WitnessServer
from tests.log.ledger import drain, sequencer
from tests.log.test_sequence_command import running, signed_size, stop, until


class CountingServer(WitnessServer):
    """A witness that counts who asked."""

    asked = 0

    def process_request(self, request, address):
        self.asked += 1
        super().process_request(request, address)


@contextmanager
def serving(server):
    thread = threading.Thread(target=server.serve_forever, args=[0.02])
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def url_of(server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}"


@pytest.fixture
def signed(ledger):
    """A log with three entries under a checkpoint."""
    ledger.write(3)
    drain(sequencer())
    return ledger


@pytest.fixture
def house(signed, tmp_path, settings):
    """Three witnesses of other houses; two of them make the quorum."""
    with ExitStack() as stack:
        servers = {}
        for name in ("a.example", "b.example", "c.example"):
            key = make_key(tmp_path / name, name)
            keeper = Keeper(tmp_path / name, key, [log_keys.load().verifier])
            servers[name] = server = CountingServer(("127.0.0.1", 0), keeper)
            server.key = key.verifier
            stack.enter_context(serving(server))
            settings.LOG_WITNESSES.append(f"{key.verifier} {url_of(server)}")
        settings.LOG_WITNESS_QUORUM = 2
        yield servers


@pytest.fixture(autouse=True)
def _no_witnesses(settings):
    settings.LOG_WITNESSES, settings.LOG_WITNESS_QUORUM = [], 0


def cosigners(size: int) -> set[str]:
    rows = Cosignature.objects.filter(checkpoint_id=size)
    return {key.partition("+")[0] for key in rows.values_list("key", flat=True)}


def test_all_are_asked_and_the_entry_is_witnessed(house, signed):
    subject = Entry.objects.first().subject_id
    assert log_state.state_of(subject).state == State.SEQUENCED
    Rounds(witnesses.configured()).run()
    assert cosigners(3) == set(house)
    state = log_state.state_of(subject)
    assert (state.state, state.index, state.checkpoint_size) == (State.WITNESSED, 0, 3)
    opened = checkpoints.policy().open(checkpoints.cosigned_note(Checkpoint.objects.get(size=3)))
    assert len(opened.cosignatures) == 3


def test_growth_is_proved_from_what_each_has_seen(house, signed):
    rounds = Rounds(witnesses.configured())
    for size in (3, 4, 300):
        signed.write_at_once(size - signed.size())
        drain(sequencer())
        rounds.run()
        assert cosigners(size) == set(house)


def test_nobody_is_asked_twice_about_the_same(house):
    rounds = Rounds(witnesses.configured())
    rounds.run()
    rounds.run()
    assert [server.asked for server in house.values()] == [1, 1, 1]


def test_one_that_is_away_is_asked_later_and_the_others_make_the_quorum(house, signed, caplog):
    house["b.example"].server_close()
    rounds = Rounds(witnesses.configured())
    rounds.run()
    rounds.run()
    assert cosigners(3) == {"a.example", "c.example"}
    assert caplog.text.count("b.example did not cosign") == 1
    assert checkpoints.newest_witnessed().size == 3


def test_the_wait_grows_up_to_a_minute(house, signed, monkeypatch):
    now = [1000.0]
    monkeypatch.setattr(witnesses.time, "monotonic", lambda: now[0])
    standing = witnesses.Standing(witnesses.configured()[0])
    waits = []
    for _ in range(9):
        standing.fail("away")
        assert not standing.is_due(3)
        waits.append(standing.due_at - now[0])
        now[0] = standing.due_at
        assert standing.is_due(3)
    assert waits == [1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_without_a_quorum_nothing_is_witnessed(house, signed):
    for name in ("b.example", "c.example"):
        house[name].server_close()
    Rounds(witnesses.configured()).run()
    entry = Entry.objects.first()
    assert log_state.state_of(entry.subject_id).state == State.SEQUENCED
    leaf = bytes(entry.leaf.leaf_hash)
    with pytest.raises(QuorumNotReached):
        proofs.proof_of(entry).verify(leaf, checkpoints.policy())
    proofs.proof_of(entry).verify(leaf, checkpoints.policy().without_quorum())


def test_a_proof_takes_the_newest_checkpoint_that_a_quorum_signed(house, signed):
    Rounds(witnesses.configured()).run()
    signed.write()
    drain(sequencer())
    first, last = Entry.objects.order_by("id").first(), Entry.objects.order_by("id").last()
    opened = proofs.proof_of(first).verify(bytes(first.leaf.leaf_hash), checkpoints.policy())
    assert opened.checkpoint.size == 3
    proof = proofs.proof_of(last)
    alone = Policy.of_keys([log_keys.load().verifier])
    assert proof.verify(bytes(last.leaf.leaf_hash), alone).checkpoint.size == 4


def test_what_a_witness_knows_better_is_believed_at_once(house, signed):
    """We have forgotten that it cosigned (no row was stored): it says which size it has."""
    ahead = Checkpoint.objects.get(size=3)
    note = bytes(ahead.note)
    body = b"old 0\n\n" + note
    for server in house.values():
        server.keeper.cosign(body)
    signed.write(4)
    drain(sequencer())
    Rounds(witnesses.configured()).run()
    assert cosigners(7) == set(house)
    assert [server.asked for server in house.values()] == [2, 2, 2]


def test_a_witness_that_has_seen_more_raises_the_alarm(house, signed, caplog):
    """ACCEPTANCE 3: the database was cut; the signer's record too, so only a witness knows."""
    rounds = Rounds(witnesses.configured())
    rounds.run()
    with signed.connect("postgres") as superuser:
        superuser.execute("ALTER TABLE reasoning_checkpoint DISABLE TRIGGER ALL")
        superuser.execute("ALTER TABLE reasoning_loghead DISABLE TRIGGER ALL")
        superuser.execute("ALTER TABLE reasoning_cosignature DISABLE TRIGGER ALL")
        superuser.execute("DELETE FROM reasoning_cosignature")
        superuser.execute("DELETE FROM reasoning_checkpoint WHERE size = 3")
        superuser.execute("UPDATE reasoning_loghead SET size = 0, edge = '{}'")
    Rounds(witnesses.configured()).run()
    assert caplog.text.count("has seen 3 entries, and the log has 0") == 3
    assert caplog.text.count("alarm: the witness") == 3


def test_a_witness_that_does_not_know_the_log_raises_the_alarm(house, signed, settings, caplog):
    log_keys.rotate()
    signed.write()
    sequencer().advance()
    Rounds(witnesses.configured()).run()
    assert cosigners(4) == set()
    assert caplog.text.count("says: 403 No known key signed this.") == 3


# Answers that are none ----------------------------------------------------------------------------


class Scripted(BaseHTTPRequestHandler):
    """Answers what the test says."""

    def do_POST(self):
        self.rfile.read(int(self.headers["Content-Length"]))
        status, kind, body = self.server.script
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


KEY = SignerKey.generate("scripted.example", ED25519_COSIGNATURE)
OTHER = SignerKey.generate("other.example", ED25519_COSIGNATURE)


def line(signer: SignerKey, text: str) -> bytes:
    return notes.encode_lines([notes.signature_line(text, signer, time=1)])


@pytest.mark.parametrize(
    "script",
    [
        (200, "text/plain", b""),
        (200, "text/plain", b"nonsense\n"),
        (200, "text/plain", line(OTHER, "another text\n")),
        (200, "text/plain", line(KEY, "another text\n")),
        (409, "text/x.tlog.size", b"not a number\n"),
        (409, "text/plain", b"3\n"),
        (302, "text/plain", b""),
        (500, "text/html", b"<h1>" + b"x" * 1000),
    ],
)
def test_nothing_is_stored_of_an_answer_that_is_none(signed, settings, script, caplog):
    with serving(HTTPServer(("127.0.0.1", 0), Scripted)) as server:
        server.script = script
        settings.LOG_WITNESSES = [f"{KEY.verifier} {url_of(server)}"]
        Rounds(witnesses.configured()).run()
    assert not Cosignature.objects.exists()
    assert "scripted.example" in caplog.text


def test_a_good_line_among_others_is_stored_alone(signed, settings):
    text = notes.parse(bytes(Checkpoint.objects.get(size=3).note)).text
    with serving(HTTPServer(("127.0.0.1", 0), Scripted)) as server:
        server.script = (200, "text/plain", line(OTHER, text) + line(KEY, text))
        settings.LOG_WITNESSES = [f"{KEY.verifier} {url_of(server)}"]
        Rounds(witnesses.configured()).run()
    assert bytes(Cosignature.objects.get().line) == line(KEY, text)


@pytest.mark.parametrize(
    "written",
    ["nonsense", f"{KEY.verifier}", f"{KEY.verifier} ftp://x", "x http://x"],
    ids=["nonsense", "no address", "no web address", "no key"],
)
def test_a_setting_that_is_wrong(settings, written):
    settings.LOG_WITNESSES = [written]
    with pytest.raises(Malformed):
        witnesses.configured()


def test_a_witness_that_never_answers_holds_up_nothing(ledger):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with running(ledger, LOG_WITNESSES=f"{KEY.verifier} {url}") as process:
            until(lambda: signed_size(ledger) == 0)
            for size in (1, 2, 3):
                ledger.write()
                until(lambda size=size: signed_size(ledger) == size)
            stop(process)
