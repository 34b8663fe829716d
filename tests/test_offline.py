"""The command ``magistral-verify``: what it prints, how it exits, and what it does without."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from reasoning import offline
from reasoning.core import reports
from tests.core.bundle_samples import LOG, POLICY, Log, repacked, sample_log
from tests.core.timestamp_authority import Authority

ROOT = Path(__file__).parents[1]


@pytest.fixture
def written(tmp_path: Path) -> Path:
    return write(tmp_path, sample_log())


def write(folder: Path, log: Log) -> Path:
    path = folder / "bundle.zip"
    path.write_bytes(log.write())
    return path


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str]:
    code = offline.main([str(argument) for argument in arguments])
    return code, capsys.readouterr().out


def test_a_good_bundle(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, written, "--vkey", LOG.verifier)
    assert code == 0
    lines = out.splitlines()
    assert lines[-1] == "Verified: everything here is as it was logged."
    assert [int(line[:2]) for line in lines if line[2:3] == "."] == list(range(13))
    assert " 5. checked       Each document is in the log (4)" in lines


def test_without_a_key_nothing_is_verified(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out = run(capsys, written)
    assert code == 6
    *_steps, verdict, advice = out.splitlines()
    assert verdict.startswith("Not verified: no key from elsewhere was given")
    assert "--vkey" in advice
    assert " 1. not possible  Keys, origin and policy are pinned (1)" in out.splitlines()


def test_keys_can_come_from_files(
    written: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keys, policy = tmp_path / "keys", tmp_path / "policy"
    keys.write_text(f"{LOG.verifier}\n")
    policy.write_text(POLICY.encode())
    assert run(capsys, written, "--vkey", keys)[0] == 0
    code, out = run(capsys, written, "--vkey", policy)
    assert code == 0
    assert "witness.example/one cosigned at" in out


def test_json_for_programs(written: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, out = run(capsys, written, "--json", "--vkey", LOG.verifier)
    report = json.loads(out)
    assert (code, report["exit_code"], report["verdict"]) == (0, 0, "verified")


def test_a_tampered_bundle_names_the_file(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def change(files: dict[str, bytes]) -> None:
        files["entries/1.json"] = files["entries/1.json"].replace(b'"de"', b'"fr"')

    written.write_bytes(repacked(written.read_bytes(), change))
    code, out = run(capsys, written)
    assert code == 1
    assert "    entries/1.json: The file entries/1.json was changed." in out.splitlines()


def test_each_verdict_has_its_exit_code(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    erased = sample_log()
    erased.erase(2, "raw_text")
    path, pinned = write(tmp_path, erased), ("--vkey", LOG.verifier)
    assert run(capsys, path, *pinned)[0] == 3
    path.write_bytes(sample_log().write(leave_out=[0]))
    assert run(capsys, path, *pinned)[0] == 4
    assert run(capsys, path)[0] == 6
    path.write_bytes(b"no bundle")
    assert run(capsys, path)[0] == run(capsys, path, *pinned)[0] == 5


def test_kept_checkpoints_and_authorities_are_used(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log, authority = sample_log(), Authority()
    path, kept, root = tmp_path / "bundle.zip", tmp_path / "kept", tmp_path / "root.pem"
    token = authority.stamp(log.note(4))
    path.write_bytes(log.write(before_end=lambda writer: writer.add("log/timestamps/a.tsr", token)))
    kept.write_bytes(log.note(4))
    root.write_bytes(authority.pem)
    given = ("--vkey", LOG.verifier, "--checkpoint", kept, "--tsa", root)
    code, out = run(capsys, path, *given)
    assert code == 0
    assert " 3. checked" in out
    assert " 9. checked" in out


def test_long_lists_are_cut_short_on_the_screen(
    written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def add(files: dict[str, bytes]) -> None:
        files.update({f"more/{number}": b"" for number in range(reports.SHOWN + 3)})

    written.write_bytes(repacked(written.read_bytes(), add))
    code, out = run(capsys, written)
    assert code == 1
    assert "    and 3 more" in out.splitlines()


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["missing.zip"],
        ["{bundle}", "--vkey", "neither a key nor a file"],
        ["{bundle}", "--vkey", "{bundle}"],
        ["{bundle}", "--checkpoint", "missing"],
        ["{bundle}", "--tsa", "{bundle}"],
    ],
)
def test_wrong_usage_exits_with_2(
    arguments: list[str], written: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        offline.main([argument.format(bundle=written) for argument in arguments])
    assert caught.value.code == 2
    assert "magistral-verify: error:" in capsys.readouterr().err


ALONE = """
import runpy, sys
for name in ("django", "rfc8785", "rfc3161_client", "psycopg", "celery", "redis", "aiohttp"):
    sys.modules[name] = None
sys.argv = ["magistral-verify", *sys.argv[1:]]
runpy.run_module("reasoning.offline", run_name="__main__")
"""


def test_it_runs_with_nothing_but_core_and_cryptography(written: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ALONE, str(written), "--vkey", str(LOG.verifier)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "Verified" in done.stdout
