"""The command ``check_log``: exit codes, reports, pinned keys, going on, one record."""

import json
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from reasoning.core.errors import Malformed
from reasoning.core.keys import ED25519_COSIGNATURE, SignerKey
from reasoning.core.reports import Verdict
from reasoning.models import TimestampToken
from reasoning.services import audit, checkpoints
from reasoning.services.snapshots import snapshot
from reasoning.services.verification import Saved, Wanted, saved, verify, whole
from reasoning.services.verification.reading import spans
from tests.core.timestamp_authority import Authority
from tests.log.attacks import alter, cut, forged, superuser
from tests.log.conftest import fresh_ledger
from tests.log.ledger import APPLICATION, AUDITOR, SEQUENCER, connected, drain, sequencer
from tests.log.populated import FIRST_DAY, TODAY
from tests.log.test_attacks import findings, newest
from tests.log.test_bundles import cosign


@pytest.fixture
def ledger(copies):
    return copies(TODAY)


@pytest.fixture
def check(capsys):
    """Runs the command; its exit code and what it printed."""

    def run(*arguments: object) -> tuple[int, str]:
        with pytest.raises(SystemExit) as stopped:
            call_command("check_log", *map(str, arguments))
        return int(stopped.value.code or 0), capsys.readouterr().out

    return run


def test_all_steps_are_told_with_their_numbers(ledger, check, populated):
    code, out = check("--vkey", populated.vkey)
    assert code == Verdict.LAWFULLY_ERASED.exit_code == 3
    lines = out.splitlines()
    for number in range(13):
        assert sum(line.startswith(f"{number:2}. ") for line in lines) == 1
    assert "Its detail was lawfully erased." in out
    assert lines[-1] == "Verified, with texts that were lawfully erased and logged as such."


def test_a_log_without_erasures_is_verified(ledger, check, log_server, populated):
    code, out = check("--documents-only", "--vkey", populated.vkey)
    assert code == 0
    assert "Documents alone were checked, as asked." in out


def test_without_a_key_the_signers_record_vouches_for_those_in_the_database(ledger, check):
    code, out = check()
    assert code == 3
    assert "    the signer's record: A key that the database lists signed this" in out


def test_with_nothing_from_outside_nothing_is_verified(ledger, check, tmp_path):
    for record in (ledger.directory / "signed").iterdir():
        record.unlink()
    for arguments in ([], ["--record", newest(ledger, "reasoning_trace")]):
        code, out = check(*arguments)
        assert code == Verdict.UNPINNED.exit_code == 6
        *_rest, verdict, advice = out.splitlines()
        assert verdict.startswith("Not verified: no key from elsewhere was given")
        assert "--vkey" in advice
    kept = tmp_path / "kept.txt"
    kept.write_bytes(bytes(checkpoints.newest().note))
    assert check("--checkpoint", kept)[0] == 3


def test_the_report_for_programs(ledger, check, populated):
    code, out = check("--json", "--vkey", populated.vkey)
    report = json.loads(out)
    assert report["exit_code"] == code == 3
    assert [step["number"] for step in report["steps"]] == list(range(13))
    assert report["steps"][5]["checked"] == ledger.size()


def test_tampering_has_its_own_exit_code(ledger, check):
    with superuser(ledger) as connection:
        row = newest(ledger, "reasoning_trace")
        alter(connection, "reasoning_trace", "summary", "text", row)
    code, out = check()
    assert code == 1
    assert f"trace {row}: Its summary does not open its commitment." in out


def test_something_missing_has_its_own_exit_code(ledger, check, settings):
    settings.SEQUENCER_ALARM_SECONDS = 0
    with connected(ledger.url(APPLICATION)):
        event = audit.remember(action="viewed", place="page")
    code, out = check()
    assert code == Verdict.INCOMPLETE.exit_code == 4
    assert f"audit event {event.pk}: It has waited for its place" in out


def test_what_is_on_its_way_is_fine(ledger, check):
    with connected(ledger.url(APPLICATION)):
        audit.remember(action="viewed", place="page")
    code, out = check()
    assert code == 3
    assert "1 entries are on their way." in out


def test_a_foreign_key_has_its_own_exit_code(ledger, check):
    other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    code, out = check("--vkey", other)
    assert code == Verdict.COULD_NOT_VERIFY.exit_code == 5
    assert "of which no key is known" in out


def test_kept_checkpoints_of_any_age_are_compared(ledger, check, tmp_path, populated):
    notes = ledger.rows("SELECT size, note FROM reasoning_checkpoint ORDER BY size")
    files = []
    for size, note in notes:
        path = tmp_path / f"{size}.txt"
        path.write_bytes(note)
        files += ["--checkpoint", path]
    code, _out = check("--vkey", populated.vkey, *files)
    assert code == 3
    with superuser(ledger) as connection:
        cut(connection, notes[-1][0] - 3)
    code, out = check("--vkey", populated.vkey, *files)
    assert code == 1
    assert f"{notes[-1][0]}.txt: It says that the log has {notes[-1][0]} entries" in out
    assert f"{notes[0][0]}.txt" not in out


@pytest.mark.parametrize("kind", ["trace", "question"])
def test_one_record(ledger, check, kind):
    row = newest(ledger, f"reasoning_{kind}")
    code, out = check("--record", row)
    assert code == 0
    assert "This needs the whole log." in out


def test_an_unknown_record(ledger, check):
    code, out = check("--record", uuid4())
    assert code == 5
    assert "There is no such record." in out


def test_a_record_that_is_not_in_the_log_yet(ledger, check):
    with connected(ledger.url(APPLICATION)):
        event = audit.remember(action="viewed", place="page")
    code, out = check("--record", event.pk)
    assert code == 4
    assert f"audit event {event.pk}: It is not in the log yet." in out


@pytest.mark.parametrize(
    "arguments",
    [["--vkey", "neither"], ["--checkpoint", "missing"], ["--state", "{state}"]],
)
def test_wrong_usage(ledger, tmp_path, arguments):
    (tmp_path / "state").write_text("{}")
    given = [argument.format(state=tmp_path / "state") for argument in arguments]
    with pytest.raises(CommandError) as refused:
        call_command("check_log", *given)
    assert refused.value.returncode == 2


def test_an_interruption_is_no_verdict(ledger, monkeypatch, capsys):
    def interrupted(*_args):
        raise KeyboardInterrupt

    monkeypatch.setattr(whole.Verification, "run", interrupted)
    with pytest.raises(SystemExit) as stopped:
        call_command("check_log")
    assert stopped.value.code == 130
    assert "--state" in capsys.readouterr().err


# Going on ----------------------------------------------------------------------------------------


def test_the_next_check_reads_only_what_is_new(ledger, check, tmp_path):
    state = tmp_path / "state"
    first, _out = check("--state", state)
    kept = saved.read(state)
    assert kept.size == 256
    ledger_grows(ledger, 20)
    code, out = check("--state", state, "--json")
    assert (first, code) == (3, 3)
    checked = {step["number"]: step["checked"] for step in json.loads(out)["steps"]}
    assert checked[5] == ledger.size()
    assert checked[4] == ledger.size()


def test_what_was_found_stays_found(ledger, check, tmp_path):
    """An interruption, or an earlier check, loses no finding; and none is told twice."""
    state = tmp_path / "state"
    ((early,),) = ledger.rows(
        "SELECT subject_id FROM reasoning_entry JOIN reasoning_leaf ON entry_id = id"
        " WHERE kind = 'trace.stored' ORDER BY index LIMIT 1"
    )
    with superuser(ledger) as connection:
        alter(connection, "reasoning_trace", "summary", "text", early)
    for _time in range(2):
        code, out = check("--state", state)
        assert code == 1
        assert out.count(f"trace {early}: Its summary does not open its commitment.") == 1


def test_every_row_can_be_gone_on_from(ledger, tmp_path, monkeypatch):
    """Stopped after each saving, it comes to the same report; checkpoints there are read again."""
    monkeypatch.setattr(whole, "SAVE_EVERY", 0.0)
    ledger_grows(ledger, 600)
    states = []
    whole_report = verify(Wanted(save=lambda one: states.append(copied(one, tmp_path)))).as_dict()
    assert len(states) > 3
    for state in states:
        again = verify(Wanted(saved=state)).as_dict()
        for mine, theirs in zip(again["steps"], whole_report["steps"], strict=True):
            if mine["number"] not in {2, 3}:
                assert mine == theirs


def copied(one: Saved, tmp_path) -> Saved:
    one.write(tmp_path / "state")
    return saved.read(tmp_path / "state")


def ledger_grows(ledger, count: int) -> None:
    with connected(ledger.url(APPLICATION)):
        for _time in range(count):
            audit.remember(action="viewed", place="page", detail="more")
    with connected(ledger.url(SEQUENCER)):
        drain(sequencer())


def test_a_log_that_became_shorter_than_the_state_was_cut(ledger, check, tmp_path):
    state = tmp_path / "state"
    check("--state", state)
    with superuser(ledger) as connection:
        cut(connection, 200)
        connection.execute("DELETE FROM reasoning_checkpoint")
    for record in (ledger.directory / "signed").iterdir():
        record.unlink()
    code, out = check("--state", state)
    assert code == 1
    assert "the saved state: It says that the log has 256 entries, and there are 200" in out


def test_a_log_rewritten_after_the_state_is_noticed_at_the_next_checkpoint(
    ledger, check, tmp_path, populated
):
    from tests.log.test_attacks import rewrite

    state = tmp_path / "state"
    check("--state", state)
    rewrite(ledger)
    code, out = check("--state", state, "--vkey", populated.vkey)
    assert code == 1
    assert "are not those that were signed" in out


def test_kept_checkpoints_older_than_the_state_are_compared_by_proof(ledger, tmp_path, populated):
    states = []
    verify(Wanted(save=states.append))
    notes = ledger.rows("SELECT size, note FROM reasoning_checkpoint WHERE size < 256")
    outside = tuple((f"kept {size}", note) for size, note in notes)
    assert len(outside) == 2
    report = verify(Wanted(saved=states[-1], outside=outside))
    assert findings(report) == []
    with superuser(ledger) as connection:
        connection.execute("UPDATE reasoning_tile SET hashes = set_byte(hashes, 0, 255)")
    report = verify(Wanted(saved=states[-1], outside=outside))
    assert {found[:2] for found in findings(report)} == {(3, outside[1][0])}


def test_a_state_of_another_log_is_refused(ledger):
    with pytest.raises(Malformed, match="another log"):
        verify(Wanted(saved=Saved("elsewhere.example/log", False)))


def test_a_state_of_documents_alone_is_no_state_of_everything(ledger):
    states = []
    verify(Wanted(documents_only=True, save=states.append))
    with pytest.raises(Malformed, match="documents alone"):
        verify(Wanted(saved=states[-1]))
    assert verify(Wanted(saved=states[-1], documents_only=True)).verdict == Verdict.VERIFIED


# Parts -------------------------------------------------------------------------------------------


def test_a_log_of_foreign_entries_is_not(log_server, signer_directory, django_db_blocker):
    """Entries that no evidence row belongs to; and before them an empty log, which is verified."""
    with django_db_blocker.unblock(), fresh_ledger(log_server, signer_directory) as empty:
        drain(sequencer())
        with connected(empty.url(AUDITOR)):
            steps = verify(Wanted()).steps[:11]
            assert all(findings_of(step) == [] for step in steps)
        empty.write(2)
        drain(sequencer())
        with connected(empty.url(AUDITOR)):
            found = findings(verify(Wanted()))
        assert [message for step, _where, message in found if step == 7] == [
            "The service writes no such entries."
        ] * 2


def findings_of(step):
    return [seen for seen in step.observations if seen.verdict != Verdict.VERIFIED]


def test_yesterdays_log_is_as_good(copies):
    copies(FIRST_DAY)
    assert verify(Wanted()).verdict == Verdict.LAWFULLY_ERASED


def test_progress_reaches_the_end(ledger):
    seen = []
    verify(Wanted(progress=lambda *step: seen.append(step)))
    entries = [(done, total) for what, done, total in seen if what == "entries"]
    assert entries[-1] == (ledger.size(), ledger.size())


def test_nothing_can_be_written_while_verifying(ledger):
    with snapshot(), connection.cursor() as cursor:
        cursor.execute("SHOW transaction_read_only")
        assert cursor.fetchone() == ("on",)


def test_runs_of_neighbours():
    assert list(spans([1, 2, 3, 7, 9, 10])) == [(1, 3), (7, 7), (9, 10)]
    assert list(spans([])) == []


# Witnesses and time stamps -----------------------------------------------------------------------


def test_a_quorum_that_is_behind_is_told(ledger, settings):
    key = SignerKey("witness.example/one", ED25519_COSIGNATURE, b"\x02" * 32)
    settings.LOG_WITNESSES = [f"{key.verifier} https://witness.example/"]
    settings.LOG_WITNESS_QUORUM = 1
    settings.SEQUENCER_ALARM_SECONDS = 86_400
    assert findings(verify(Wanted()), Verdict.INCOMPLETE) == []
    settings.SEQUENCER_ALARM_SECONDS = 0
    sizes = [size for (size,) in ledger.rows("SELECT size FROM reasoning_checkpoint ORDER BY size")]
    behind = f"Since {sizes[-2]} entries no quorum of witnesses has cosigned the log."
    cosign(ledger, sizes[-2], key, 1_795_000_000)
    assert findings(verify(Wanted()), Verdict.INCOMPLETE) == [
        (2, f"checkpoint {sizes[-1]}", behind)
    ]
    cosign(ledger, sizes[-1], key, 1_795_000_000)
    assert findings(verify(Wanted()), Verdict.INCOMPLETE) == []


def test_a_forged_cosignature_is_told(ledger, settings):
    key = SignerKey("witness.example/one", ED25519_COSIGNATURE, b"\x02" * 32)
    settings.LOG_WITNESSES = [f"{key.verifier} https://witness.example/"]
    settings.LOG_WITNESS_QUORUM = 1
    size = ledger.size()
    cosign(ledger, size, key, 1_795_000_000)
    with superuser(ledger) as connection:
        connection.execute(f"UPDATE reasoning_cosignature SET line = {forged('line')}")
    found = findings(verify(Wanted()))
    assert [where[:2] for where in found] == [(2, f"checkpoint {size}")]


@pytest.fixture
def authority():
    return Authority()


def stamp(ledger, token: bytes) -> int:
    size = ledger.size()
    with connected(ledger.url(SEQUENCER)):
        TimestampToken.objects.create(checkpoint_id=size, authority="tsa", response=token)
    return size


def test_time_stamps_are_checked(ledger, settings, tmp_path, authority):
    stamp(ledger, authority.stamp(bytes(checkpoints.newest().note)))
    step = verify(Wanted()).steps[9]
    assert (step.checked, step.observations) == (1, [])
    assert "who signed was not checked" in step.impossible
    settings.LOG_TSA_ROOTS = str(tmp_path / "roots.pem")
    (tmp_path / "roots.pem").write_bytes(authority.pem)
    assert verify(Wanted()).steps[9].impossible == ""


def test_a_time_stamp_of_something_else_is_told(ledger, authority):
    size = stamp(ledger, authority.stamp(b"something else"))
    found = findings(verify(Wanted()))
    assert found == [(9, f"checkpoint {size} (tsa)", "The time stamp is of something else.")]
