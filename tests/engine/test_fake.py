"""The fake engine against recordings of the real ones: what it says must have the same shape.

A fake may leave out what nobody reads; what it does say has the name, the type and the place that
the real engine gives it.
"""

import json
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.engine.fake import FakeEngine, serving

RECORDED = {
    engine: json.loads((Path(__file__).with_name("recorded") / f"{engine}.json").read_text())
    for engine in ("vllm", "llama_cpp")
}
STREAMS = [
    # engine, recorded exchange, scenario of the fake
    ("vllm", "normal", "normal"),
    ("vllm", "length", "length"),
    ("vllm", "empty", "empty"),
    ("vllm", "killed", "error-event"),
    ("vllm", "bad_grammar", "refused-in-stream"),
    ("llama_cpp", "normal", "normal"),
    ("llama_cpp", "length", "length"),
    ("llama_cpp", "empty", "empty"),
    ("llama_cpp", "characters", "split-characters"),
    ("vllm", "chat", "length"),
]
REFUSALS = [
    ("vllm", "prompt_too_long", "prompt-too-long"),
    ("vllm", "unknown_model", "unknown-model"),
    ("vllm", "busy", "busy"),
    ("llama_cpp", "prompt_too_long", "prompt-too-long"),
]
QUESTIONS = [
    ("vllm", "version"),
    ("vllm", "models"),
    ("vllm", "tokenize"),
    ("vllm", "detokenize"),
    ("vllm", "one_token"),
    ("llama_cpp", "models"),
    ("llama_cpp", "props"),
    ("llama_cpp", "apply_template"),
    ("llama_cpp", "tokenize"),
]


@pytest.fixture(scope="module")
def fake() -> Iterator[FakeEngine]:
    with serving() as engine:
        yield engine


def recorded(engine: str, name: str) -> dict[str, Any]:
    return RECORDED[engine]["exchanges"][name]


def ask(fake: FakeEngine, exchange: Mapping[str, Any], scenario: str) -> tuple[int, Any, str]:
    """The fake's answer to the recorded request: status, headers, body."""
    wanted = exchange["request"]
    body = wanted["body"] and json.dumps({**wanted["body"], "model": f"fake-{scenario}"}).encode()
    request = urllib.request.Request(fake.url + wanted["path"], body, {"X-Request-Id": "run-7.1"})
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, response.headers, response.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, error.read().decode()


def events(body: str) -> list[Any]:
    """The events of a stream; ``[DONE]`` as it is."""
    assert body.endswith("\n\n")
    data = [event.removeprefix("data: ") for event in body.removesuffix("\n\n").split("\n\n")]
    return [one if one == "[DONE]" else json.loads(one) for one in data]


def conforms(mine: Any, real: Any, place: str = "") -> None:
    """Assert that ``mine`` says nothing that ``real`` does not, and in no other type."""
    if isinstance(mine, dict):
        assert isinstance(real, dict), place
        assert not set(mine) - set(real), place
        for name in mine:
            conforms(mine[name], real[name], f"{place}.{name}")
    elif isinstance(mine, list):
        assert isinstance(real, list), place
        assert bool(mine) == bool(real), place
        for item in mine:
            conforms(item, real[0], f"{place}[]")
    else:
        assert type(mine) is type(real), place


def ends(stream: list[Any]) -> tuple[Any, list[Any], list[Any]]:
    """The first event, those in the middle that are alike, and those from the finish reason on."""
    closing = next(
        (index for index, event in enumerate(stream) if event == "[DONE]" or finished(event)),
        len(stream),
    )
    return stream[0], stream[1:closing], stream[closing:]


def finished(event: Mapping[str, Any]) -> bool:
    choices = event.get("choices") or [{}]
    return bool(event.get("stop") or choices[0].get("finish_reason") or "error" in event)


@pytest.mark.parametrize(("engine", "name", "scenario"), STREAMS)
def test_a_stream_has_the_real_ones_shape(fake, engine, name, scenario):
    exchange = recorded(engine, name)
    status, headers, body = ask(fake, exchange, scenario)
    assert status == exchange["status"] == 200
    real_type = exchange["headers"]["content-type"]
    assert headers["Content-Type"].split(";")[0] == real_type.split(";")[0]
    mine, real = ends(events(body)), ends(events(exchange["body"]))
    conforms(mine[0], real[0])
    for event in mine[1]:
        conforms(event, real[1][0])
    for my_event, real_event in zip(mine[2], real[2], strict=True):
        conforms(my_event, real_event)


@pytest.mark.parametrize(("engine", "name", "scenario"), REFUSALS)
def test_a_refusal_has_the_real_ones_shape(fake, engine, name, scenario):
    exchange = recorded(engine, name)
    status, headers, body = ask(fake, exchange, scenario)
    mine, real = json.loads(body)["error"], json.loads(exchange["body"])["error"]
    assert status == exchange["status"]
    assert headers["Content-Type"].startswith("application/json")
    assert set(mine) == set(real)
    assert (mine.get("param"), mine["type"], mine["code"]) == (
        real.get("param"),
        real["type"],
        real["code"],
    )


@pytest.mark.parametrize(("engine", "name"), QUESTIONS)
def test_a_small_question_gets_an_answer_of_the_real_ones_shape(fake, engine, name):
    exchange = recorded(engine, name)
    status, _headers, body = ask(fake, exchange, "normal")
    assert status == exchange["status"]
    mine, real = json.loads(body), json.loads(exchange["body"])
    if name == "models":
        # One fake serves both engines' fields.
        mine, real = mine["data"][0], real["data"][0]
        mine = {key: value for key, value in mine.items() if key in real}
        assert {"vllm": "max_model_len", "llama_cpp": "tags"}[engine] in mine
    conforms(mine, real)


def test_llama_cpp_really_sends_fewer_ids_than_tokens_for_long_characters():
    stream = events(recorded("llama_cpp", "characters")["body"])
    sent = sum(len(event["tokens"]) for event in stream)
    assert sent < stream[-1]["tokens_predicted"]


def test_texts_are_said_by_turns_from_the_first_on_with_each_plan(fake):
    plan = json.dumps({"texts": ["One.", "Two."]}).encode()
    said = []
    for _plan in range(2):
        urllib.request.urlopen(f"{fake.url}/fake/plan", plan).close()
        said += [ask(fake, recorded("vllm", "normal"), "normal")[2] for _time in range(3)]
    fake.plan = None
    assert ["One." in one for one in said] == [True, False, True] * 2
    assert ["Two." in one for one in said] == [False, True, False] * 2


def test_from_another_process_it_can_be_told_what_to_do():
    command = [sys.executable, "-m", "tests.engine.fake", "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        url = json.loads(process.stdout.readline())["url"]
        try:
            plan = json.dumps({"scenario": "length"}).encode()
            urllib.request.urlopen(f"{url}/fake/plan", plan).close()
            exchange = recorded("vllm", "normal")
            _status, _headers, body = ask(FakeEngine(url), exchange, "normal")
            assert '"finish_reason":"length"' in body
            with urllib.request.urlopen(f"{url}/fake/requests") as response:
                (received,) = json.load(response)
            assert (received["scenario"], received["answered"]) == ("length", True)
        finally:
            process.kill()
