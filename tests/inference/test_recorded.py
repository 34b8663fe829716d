"""The client's reading of what real engines said, event for event."""

import json
from pathlib import Path
from typing import Any

import pytest

from reasoning.core.errors import EngineFailed, EngineRefused
from reasoning.inference import client
from reasoning.inference.requests import EngineKind, Fidelity, Generation
from reasoning.inference.sse import EventReader
from reasoning.inference.transcript import Transcript
from tests.engine import record
from tests.engine.asking import a_request


def exchange(engine: str, name: str) -> dict[str, Any]:
    path = record.DIRECTORY / f"{engine}.json"
    return json.loads(Path(path).read_text())["exchanges"][name]


def heard(engine: str, name: str) -> Generation:
    """What the client makes of a recorded body."""
    transcript = Transcript(a_request(prompt_token_ids=None))
    kind = EngineKind.OPENAI if name == "chat" else EngineKind(engine)
    body = exchange(engine, name)["body"].encode()
    transcript.receive(body)
    for data in EventReader().feed(body):
        if data != client.DONE:
            transcript.add([client.PROTOCOLS[kind].read(data)])
    return transcript.whole()


def test_vllms_answer_carries_exact_ids_with_the_end_token():
    answer = heard("vllm", "normal")
    assert answer.text.startswith("<think>\n")
    assert answer.fidelity is Fidelity.RAW_IDS
    assert answer.token_ids[-1] == 2
    assert len(answer.token_ids) == answer.completion_tokens
    assert answer.prompt_token_ids == (1, 3, 1081, 4)
    assert (answer.request_id, answer.finish_reason) == ("cmpl-run-7.1", "stop")
    assert answer.fingerprint.startswith("vllm-0.32.0-")


def test_vllms_ids_go_on_where_its_text_waits_for_the_rest_of_a_character():
    answer = heard("vllm", "characters")
    assert (answer.fidelity, len(answer.token_ids)) == (Fidelity.RAW_IDS, 12)


def test_vllm_ends_at_its_window_whatever_was_asked():
    answer = heard("vllm", "clamped")
    assert (answer.finish_reason, answer.completion_tokens) == ("length", 3)
    assert (answer.prompt_tokens, answer.fidelity) == (8189, Fidelity.RAW_IDS)


def test_vllm_can_send_several_tokens_at_once():
    answer = heard("vllm", "pieces_of_four")
    assert (answer.completion_tokens, answer.fidelity) == (10, Fidelity.RAW_IDS)
    assert exchange("vllm", "pieces_of_four")["body"].count("token_ids") < 2 * 10


def test_llama_cpps_answer_carries_exact_ids_with_the_end_token():
    answer = heard("llama_cpp", "normal")
    assert answer.text.startswith("<think>\n")
    assert (answer.fidelity, answer.finish_reason) == (Fidelity.RAW_IDS, "stop")
    assert len(answer.token_ids) == answer.completion_tokens


def test_llama_cpps_missing_ids_are_noticed():
    answer = heard("llama_cpp", "characters")
    assert (answer.fidelity, answer.token_ids) == (Fidelity.RAW_TEXT, ())
    assert answer.finish_reason == "stop"


def test_llama_cpp_ends_at_its_window_too():
    assert heard("llama_cpp", "clamped").finish_reason == "length"


@pytest.mark.parametrize("engine", ["vllm", "llama_cpp"])
def test_an_immediate_end_is_an_empty_answer(engine: str):
    answer = heard(engine, "empty")
    assert (answer.text, answer.finish_reason, answer.token_ids) == ("", "stop", (2,))


@pytest.mark.parametrize("engine", ["vllm", "llama_cpp"])
def test_the_chat_protocol_gives_text_only(engine: str):
    answer = heard(engine, "chat")
    assert answer.text
    assert (answer.fidelity, answer.finish_reason) == (Fidelity.RAW_TEXT, "length")
    assert answer.completion_tokens == 6


def test_a_chat_that_keeps_its_tags_is_known_as_text():
    answer = heard("openai", "kept")
    assert answer.text.startswith("<think>\n")
    assert (answer.fidelity, answer.finish_reason, answer.split) == (
        Fidelity.RAW_TEXT,
        "stop",
        None,
    )


@pytest.mark.parametrize("name", ["parted", "parted_auto"])
def test_a_chat_that_parts_thinking_loses_what_lay_between(name: str):
    kept, answer = heard("openai", "kept"), heard("openai", name)
    assert answer.fidelity is Fidelity.SPLIT_LOSSY
    assert answer.split is not None
    assert answer.split.thinking
    assert answer.split.summary
    assert "think>" not in answer.text
    assert answer.completion_tokens is not None
    assert kept.text.count("\n") > answer.text.count("\n")
    assert answer.raw_response == exchange("openai", name)["body"].encode()


def test_a_chat_cut_off_in_its_thinking_has_no_summary():
    answer = heard("openai", "cut_in_thinking")
    assert answer.finish_reason == "length"
    assert answer.split is not None
    assert (bool(answer.split.thinking), answer.split.summary) == (True, "")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("killed", EngineFailed), ("bad_grammar", EngineRefused), ("unknown_token", EngineRefused)],
)
def test_vllms_errors_inside_a_stream(name: str, expected: type[Exception]):
    *_pieces, event, done = list(EventReader().feed(exchange("vllm", name)["body"].encode()))
    assert done == client.DONE
    with pytest.raises(expected):
        client.PROTOCOLS[EngineKind.VLLM].read(event)
