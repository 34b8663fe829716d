"""The process beside a worker: what it computes, and how it lives and ends. All are real ones."""

import gc
import importlib
import os
import pickle
import pkgutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest

import reasoning
from reasoning import beside
from reasoning.core import errors
from reasoning.core.errors import AuditError, EngineError, EngineRefused, InvalidInput, Malformed
from reasoning.core.findings import Observed
from reasoning.core.loading import load_models
from reasoning.core.prompts import Turn, card_prompt, render_approved
from reasoning.core.reading import Reading, read
from reasoning.core.think import ThinkForm
from reasoning.core.tokenizers import load_tokenizer

FORM = ThinkForm.TEXT_TAGS
NOWHERE = Path("/nonexistent")
SECONDS = 10
LONG = range(40_000_000)
"""Adding them up takes a second."""


@pytest.fixture(scope="module")
def models() -> Iterator[int]:
    """A process beside this one with everything loaded; its id."""
    yield from _beside(load_models)


@pytest.fixture
def pid() -> Iterator[int]:
    """A process beside this one that is there at once; its id."""
    yield from _beside(gc.collect)


def _beside(prepare: Callable[[], object]) -> Iterator[int]:
    before = beside._beside
    yield beside.start(prepare)
    beside._beside.end()
    beside._beside = before


def is_there(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def wait_until_gone(pid: int) -> None:
    deadline = time.monotonic() + SECONDS
    while is_there(pid):
        assert time.monotonic() < deadline
        time.sleep(0.02)


# What it computes -------------------------------------------------------------------------------


def seen(**changes: object) -> partial[Observed]:
    facts = {
        "form": FORM,
        "finish_reason": "stop",
        "fidelity": "raw_ids",
        "language_of_question": "de",
        "prompt_tokens": 200,
        "window": 40_960,
    }
    return partial(Observed, **{**facts, **changes})


@pytest.mark.parametrize(
    "answer",
    [
        "<think>\nDie Frist ist gewahrt, sagt das Gericht.\n</think>\n\nJa, sie ist gewahrt.",
        "<think>\nThe time limit has been kept, the court says.\n</think>\\boxed{4} \u202e",
        "<think>no end",
        "",
        "\ufffd</think> " * 50,
        ("Das Denken war schon getrennt.", "Und das ist die Zusammenfassung."),
    ],
)
def test_it_reads_an_answer_as_this_process_does(models, answer):
    observed = seen(replaced="\ufffd" in answer)
    found = beside.call(read, answer, FORM, observed)
    assert isinstance(found, Reading)
    assert found == read(answer, FORM, observed)


def test_it_renders_a_prompt_as_this_process_does(models):
    sha256, system = load_tokenizer().sha256, card_prompt().text
    turns = (Turn("user", "Frist?"), Turn("assistant", "Ja."), Turn("user", "مهلة؟ 期限は？"))
    found = beside.call(render_approved, NOWHERE, sha256, system, turns)
    assert found == render_approved(NOWHERE, sha256, system, turns)
    assert len(found.token_ids) > 100


def test_models_are_loaded_before_the_first_call_and_django_never(models):
    modules = set(beside.call(eval, "[*__import__('sys').modules]"))
    assert {"numpy", "mistral_common", "tiktoken", "py3langid"} <= modules
    beside.call(read, "<think>Ja</think>Nein", FORM, seen())
    modules |= set(beside.call(eval, "[*__import__('sys').modules]"))
    known = {name.partition(".")[0] for name in modules}
    assert not known & {
        "django",
        "celery",
        "kombu",
        "psycopg",
        "redis",
        "aiohttp",
        "magistral_audit",
    }
    assert {name for name in modules if name.startswith("reasoning.")} <= {
        "reasoning.beside",
        "reasoning.memory",
        *(name for name in modules if name.startswith("reasoning.core")),
    }


# Errors -----------------------------------------------------------------------------------------


def raised(function: Callable[..., object], *args: object) -> Exception:
    with pytest.raises(Exception) as caught:  # noqa: PT011  (which one, the caller compares)
        function(*args)
    return caught.value


def bad_tokenizer(directory: Path) -> tuple[Path, str]:
    name = "a" * 64
    (directory / f"{name}.json").write_text("{}")
    return directory, name


@pytest.mark.parametrize(
    ("kind", "asked"),
    [
        (InvalidInput, lambda _d: (NOWHERE, load_tokenizer().sha256, "", [Turn("user", " \0")])),
        (EngineRefused, lambda _d: (NOWHERE, "b" * 64, "", [Turn("user", "Frist?")])),
        (Malformed, lambda d: (*bad_tokenizer(d), "", [Turn("user", "Frist?")])),
    ],
)
def test_our_errors_are_those_of_this_process(models, tmp_path, kind, asked):
    there = raised(beside.call, render_approved, *asked(tmp_path))
    here = raised(render_approved, *asked(tmp_path))
    assert type(there) is type(here) is kind
    assert vars(there) == vars(here)
    assert (str(there), there.args) == (str(here), here.args)


def whole_tree(root: type[AuditError] = AuditError) -> Iterator[type[AuditError]]:
    yield root
    for kind in root.__subclasses__():
        yield from whole_tree(kind)


def test_every_error_of_ours_can_cross():
    for module in pkgutil.walk_packages(reasoning.__path__, "reasoning."):
        if module.name.startswith(("reasoning.core.", "reasoning.services.")):
            importlib.import_module(module.name)
    kinds = list(whole_tree())
    assert len(kinds) > 40
    for kind in kinds:
        partial_ = {"partial": ("what", "came")} if issubclass(kind, EngineError) else {}
        fields = [errors.FieldError("text", "blank", "%(n)s", {"n": 1})]
        error = kind("It is %(name)s, %(n)s.", fields=fields, name="so", n=2, **partial_)
        crossed = pickle.loads(pickle.dumps(error))
        assert type(crossed) is kind
        assert vars(crossed) == vars(error)
        assert (crossed.detail, str(crossed)) == ("It is so, 2.", "It is so, 2.")


def test_any_other_error_comes_with_its_traceback(pid):
    error = raised(beside.call, int, "no number")
    assert type(error) is RuntimeError
    assert "Traceback" in str(error)
    assert "ValueError: invalid literal" in str(error)
    assert beside.call(os.getpid) == pid


# Life and death ---------------------------------------------------------------------------------


def test_without_one_a_call_is_an_ordinary_call(monkeypatch):
    monkeypatch.setattr(beside, "_beside", None)
    assert beside.call(os.getpid) == os.getpid()
    assert type(raised(beside.call, int, "no number")) is ValueError


def test_signals_meant_for_the_worker_do_not_end_it(pid):
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT):
        os.kill(pid, number)
    assert beside.call(os.getpid) == pid


def test_killed_between_calls_another_takes_its_place(pid):
    os.kill(pid, signal.SIGKILL)
    found = beside.call(os.getpid)
    assert found not in {pid, os.getpid()}
    assert beside.call(os.getpid) == found
    assert not is_there(pid)


def test_killed_in_mid_call_the_call_is_answered_all_the_same(pid):
    with ThreadPoolExecutor(1) as pool:
        answer = pool.submit(beside.call, sum, LONG)
        time.sleep(0.3)
        assert not answer.done()
        os.kill(pid, signal.SIGKILL)
        assert answer.result(60) == sum(LONG)
    assert beside.call(os.getpid) != pid


def test_many_threads_find_it_killed_and_start_one_other(pid):
    threads = 64
    together = threading.Barrier(threads)

    def ask(number: int) -> tuple[int, int, int]:
        together.wait(SECONDS)
        if not number:
            os.kill(pid, signal.SIGKILL)
        return number, beside.call(abs, -number), beside.call(os.getpid)

    with ThreadPoolExecutor(threads) as pool:
        found = list(pool.map(ask, range(threads)))
    assert all(number == answer for number, answer, _pid in found)
    (other,) = {asked for _number, _answer, asked in found} - {pid}
    assert beside.call(os.getpid) == other


def test_a_call_that_ends_it_each_time_is_given_up(pid, caplog):
    with pytest.raises(beside.Gone):
        beside.call(os._exit, 3)
    assert len(caplog.records) == beside.TRIES
    assert beside.call(abs, -1) == 1


def test_who_breaks_off_leaves_no_answer_to_somebody_else(pid):
    """A thread that is interrupted while it waits, as by a signal's handler."""

    class Interrupted(BaseException):
        pass

    def interrupt(_number: int, _frame: object) -> None:
        raise Interrupted

    before = signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(Interrupted):
            beside.call(sum, LONG)
    finally:
        signal.signal(signal.SIGALRM, before)
    assert beside.call(abs, -1) == 1
    wait_until_gone(pid)


WORKER = """
import gc, os, sys
from reasoning import beside
print(beside.start(gc.collect), flush=True)
sys.stdin.read()
"""


@pytest.mark.parametrize("busy", [False, True])
def test_it_ends_with_a_worker_that_is_killed(busy):
    source = WORKER.replace("sys.stdin.read()", "beside.call(sum, range(9**8))") if busy else WORKER
    with _worker(source) as worker:
        child = int(worker.stdout.readline())
        assert is_there(child)
        worker.kill()
    wait_until_gone(child)


def test_it_is_gone_when_a_worker_has_ended():
    with _worker(WORKER) as worker:
        child = int(worker.stdout.readline())
        worker.stdin.close()
        assert worker.wait(SECONDS) == 0
        assert not is_there(child)


def _worker(source: str) -> subprocess.Popen[str]:
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    return subprocess.Popen([sys.executable, "-c", source], text=True, **pipes)


def test_a_forked_process_computes_for_itself(pid):
    forked = os.fork()
    if forked == 0:
        # Only its exit status leaves it; it must not run pytest's own ending.
        try:
            beside._beside.end()
            os._exit(7 if beside.call(os.getpid) == os.getpid() else 1)
        finally:
            os._exit(1)
    _pid, status = os.waitpid(forked, 0)
    assert os.waitstatus_to_exitcode(status) == 7
    assert beside.call(os.getpid) == pid
