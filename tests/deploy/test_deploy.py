"""What deploy/ says fits the settings and the README; nothing is started here."""

import configparser
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
DEPLOY = ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
PROCESSES = ("web", "worker", "reaper", "sequencer")
# Where a process listens, and what a worker is called, each way of running it says by itself.
OWN = (["-n", "worker-%i@%%h"], ["--host", "0.0.0.0"])


def known_settings() -> set[str]:
    source = (ROOT / "magistral_audit" / "settings.py").read_text(encoding="utf-8")
    names = set(re.findall(r'\benv(?:_\w+)?\(\s*"([A-Z_]+)"', source))
    return names | {f"{name}_FILE" for name in names}


def told() -> dict[str, list[str]]:
    """The command of each process, as the README's table has it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\w+)[^|]*\| `([^`]+)`", readme, re.MULTILINE)
    named = {name.removesuffix("s"): shlex.split(command) for name, command in rows}
    return {name: named[name] for name in PROCESSES}


def plain(command: list[str]) -> list[str]:
    """The command without paths and without what each way of running it adds."""
    words = [command[0].rpartition("/")[2], *command[1:]]
    for own in OWN:
        for at in range(len(words)):
            if words[at : at + 2] == own:
                del words[at : at + 2]
                break
    return words


def unit(path: Path) -> dict[str, list[str]]:
    """The [Service] section, each key with all its values."""
    lines = path.read_text(encoding="utf-8").split("[Service]\n")[1].split("\n[")[0]
    found: dict[str, list[str]] = {}
    for line in lines.splitlines():
        if line and not line.startswith("#"):
            key, _, value = line.partition("=")
            found.setdefault(key, []).append(value)
    return found


def compose() -> dict[str, Any]:
    return yaml.safe_load((DEPLOY / "compose" / "compose.yaml").read_text(encoding="utf-8"))


def kubernetes() -> list[dict[str, Any]]:
    return list(yaml.safe_load_all((DEPLOY / "kubernetes.yaml").read_text(encoding="utf-8")))


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    for one in kubernetes():
        if "template" in one.get("spec", {}):
            yield one["metadata"]["name"], one["spec"]["template"]["spec"]["containers"][0]


def test_the_example_sets_what_there_is() -> None:
    lines = (DEPLOY / "service.env.example").read_text(encoding="utf-8").splitlines()
    names = {line.lstrip("#").partition("=")[0] for line in lines if re.match("#?[A-Z_]+=", line)}
    assert "ALLOWED_HOSTS" in names
    assert names <= known_settings()


@pytest.mark.parametrize("process", PROCESSES)
def test_every_way_of_running_it_runs_the_same_process(process: str) -> None:
    expected = told()[process]
    (path,) = (path for path in UNITS if re.fullmatch(rf"magistral-{process}@?", path.stem))
    assert plain(shlex.split(unit(path)["ExecStart"][0])) == expected
    assert plain(compose()["services"][process]["command"]) == expected
    assert plain(dict(containers())[process]["command"]) == expected


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_sets_what_there_is_from_the_credentials_it_has(path: Path) -> None:
    section = unit(path)
    given = {one.partition(":")[0] for one in section["LoadCredential"]}
    pairs = [pair.partition("=") for line in section["Environment"] for pair in shlex.split(line)]
    assert {name for name, _, _ in pairs} <= known_settings()
    assert {value[3:] for _, _, value in pairs if value.startswith("%d/")} == given
    assert section["NoNewPrivileges"] == ["yes"]


def test_the_signing_key_is_for_the_sequencer_alone() -> None:
    units = [path.stem for path in UNITS if "magistral-log" in path.read_text(encoding="utf-8")]
    services = {name for name, one in compose()["services"].items() if "log:" in str(one)}
    pods = {name for name, one in containers() if "magistral-log" in str(one)}
    assert (units, services, pods) == (["magistral-sequencer"], {"sequencer"}, {"sequencer"})


def test_the_script_draws_the_secrets_that_compose_names_and_keeps_them(tmp_path: Path) -> None:
    script = Path(shutil.copy(DEPLOY / "compose" / "secrets.sh", tmp_path))
    drawn = [drawn_by(script) for _ in range(2)]
    assert drawn[0] == drawn[1]
    named = {secret["file"] for secret in compose()["secrets"].values()}
    assert {f"secrets/{name}" for name in drawn[0]} == named
    assert len(set(drawn[0].values())) == len(named)
    assert f":{drawn[0]['app_password']}@database/" in drawn[0]["app_url"]
    assert (tmp_path / "secrets").stat().st_mode & 0o077 == 0


def drawn_by(script: Path) -> dict[str, str]:
    subprocess.run(["sh", script], check=True)
    files = sorted((script.parent / "secrets").iterdir())
    return {file.name: file.read_text(encoding="utf-8") for file in files}


def test_compose_sets_what_there_is_from_the_secrets_it_gives() -> None:
    whole = compose()
    for name in PROCESSES:
        service = whole["services"][name]
        assert set(service["environment"]) <= known_settings()
        files = {v for k, v in service["environment"].items() if k.endswith("_FILE")}
        assert files == {f"/run/secrets/{secret}" for secret in service["secrets"]}
        assert {volume.partition(":")[0] for volume in service["volumes"]} <= set(whole["volumes"])


def test_kubernetes_mounts_what_it_declares() -> None:
    for one in kubernetes():
        spec = one.get("spec", {})
        if "template" not in spec:
            continue
        pod = spec["template"]["spec"]
        assert spec.get("selector", {}).get("matchLabels", {}).items() <= (
            spec["template"].get("metadata", {}).get("labels", {}).items()
        )
        claims = [claim["metadata"]["name"] for claim in spec.get("volumeClaimTemplates", [])]
        declared = {*claims, *(volume["name"] for volume in pod["volumes"])}
        assert {mount["name"] for mount in pod["containers"][0]["volumeMounts"]} == declared


def test_kubernetes_sets_what_there_is() -> None:
    settings = next(one for one in kubernetes() if one["kind"] == "ConfigMap")
    names = set(settings["data"])
    for _, container in containers():
        names |= {variable["name"] for variable in container.get("env", [])}
    assert names <= known_settings()


def test_the_timer_starts_the_check() -> None:
    timer = configparser.ConfigParser(interpolation=None)
    timer.read(DEPLOY / "systemd" / "magistral-check.timer", encoding="utf-8")
    assert timer["Timer"]["OnCalendar"]
    assert (DEPLOY / "systemd" / "magistral-check.service").exists()
