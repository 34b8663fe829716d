"""Each engine's protocol: what is asked, and how one event is read."""

from decimal import Decimal
from typing import Any

import orjson
import pytest

from reasoning.core.errors import EngineFailed, EngineRefused
from reasoning.inference import llama_cpp, lm_studio, ollama, openai_chat, vllm
from reasoning.inference.requests import Channel, Chunk, EngineAddress, EngineKind
from reasoning.inference.transcript import Delta
from tests.engine.asking import a_request

ADDRESS = EngineAddress(EngineKind.VLLM, "http://engine", "magistral")


def read(protocol: Any, event: dict[str, Any]) -> Delta:
    return protocol.read(orjson.dumps(event))


def test_vllm_is_asked_for_exact_ids_and_nothing_is_left_to_its_defaults():
    assert vllm.body(ADDRESS, a_request()) == {
        "model": "magistral",
        "prompt": (1, 3, 1081, 4),
        "stream": True,
        "stream_options": {"include_usage": True},
        "return_token_ids": True,
        "skip_special_tokens": False,
        "temperature": 0.7,
        "top_p": 0.95,
        "top_k": 0,
        "min_p": 0.0,
        "max_tokens": 200,
        "seed": 5,
    }


def test_vllm_takes_a_grammar_and_tokens_per_piece():
    body = vllm.body(ADDRESS, a_request(grammar="root ::= [a]", stream_interval=16))
    assert body["structured_outputs"] == {"grammar": "root ::= [a]"}
    assert body["stream_interval"] == 16


def test_llama_cpp_samples_as_vllm_does_and_uses_no_cache():
    body = llama_cpp.body(ADDRESS, a_request(grammar="root ::= [a]"))
    assert body["cache_prompt"] is False
    assert body["samplers"] == ["temperature", "top_p"]
    assert (body["top_k"], body["min_p"]) == (0, 0.0)
    assert (body["n_predict"], body["seed"], body["grammar"]) == (200, 5, "root ::= [a]")


def test_other_engines_get_messages():
    body = openai_chat.body(ADDRESS, a_request())
    assert body["messages"][1] == {"role": "user", "content": "What is two and two?"}
    assert "prompt" not in body


def test_ollama_is_told_everything_that_it_would_choose_itself():
    body = ollama.body(ADDRESS, a_request(window=40_960))
    assert body.pop("messages")[1] == {"role": "user", "content": "What is two and two?"}
    assert body.pop("options") == {
        "temperature": 0.7,
        "top_p": 0.95,
        "top_k": 0,
        "min_p": 0.0,
        "typical_p": 1.0,
        "repeat_penalty": 1.0,
        "presence_penalty": 0.0,
        "frequency_penalty": 0.0,
        "num_predict": 200,
        "seed": 5,
        "num_ctx": 40_960,
    }
    assert body == {"model": "magistral", "stream": True, "truncate": False, "shift": False}


def test_lm_studios_presets_are_overruled():
    body = lm_studio.body(ADDRESS, a_request())
    assert (body["top_k"], body["min_p"], body["repeat_penalty"]) == (0, 0.0, 1.0)
    assert {name: body[name] for name in openai_chat.body(ADDRESS, a_request())} == (
        openai_chat.body(ADDRESS, a_request())
    )


def test_numbers_reach_the_engine_as_they_were_approved():
    body = vllm.body(ADDRESS, a_request(temperature=Decimal("0.1"), top_p=Decimal("1.00")))
    assert orjson.dumps([body["temperature"], body["top_p"]]) == b"[0.1,1.0]"


@pytest.mark.parametrize("protocol", [vllm, llama_cpp])
def test_a_prompt_without_ids_is_refused(protocol):
    with pytest.raises(EngineRefused) as caught:
        protocol.body(ADDRESS, a_request(prompt_token_ids=None))
    assert caught.value.param == "prompt"


@pytest.mark.parametrize("protocol", [openai_chat, lm_studio, ollama])
def test_a_grammar_is_not_dropped_in_silence(protocol):
    with pytest.raises(EngineRefused) as caught:
        protocol.body(ADDRESS, a_request(grammar="root ::= [a]"))
    assert caught.value.param == "grammar"


def test_vllms_last_event_has_no_choices():
    delta = read(
        vllm,
        {
            "choices": [],
            "usage": {"prompt_tokens": 4, "completion_tokens": 7},
            "system_fingerprint": "fp",
        },
    )
    assert (delta.facts.prompt_tokens, delta.facts.completion_tokens, delta.facts.fingerprint) == (
        4,
        7,
        "fp",
    )
    assert delta.pieces == ()


def test_text_without_ids_is_known_as_text_only():
    assert not read(vllm, {"choices": [{"text": "a", "token_ids": None}]}).ids_known
    assert read(vllm, {"choices": [{"text": "a", "token_ids": [7]}]}).ids_known
    assert not read(llama_cpp, {"content": "a"}).ids_known


@pytest.mark.parametrize(
    ("stop_type", "finish_reason"),
    [("eos", "stop"), ("word", "stop"), ("limit", "length"), ("new", "new")],
)
def test_llama_cpps_words_for_the_end(stop_type, finish_reason):
    event = {"content": "", "stop": True, "stop_type": stop_type}
    assert read(llama_cpp, event).facts.finish_reason == finish_reason


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content", "thinking"])
def test_thinking_is_found_under_each_name(name):
    delta = read(openai_chat, {"choices": [{"delta": {name: "hm", "content": "so"}}]})
    assert delta.pieces == (Chunk("hm", (), Channel.THINKING), Chunk("so", ()))


def test_ollamas_thinking_comes_beside_its_content():
    delta = read(ollama, {"message": {"thinking": "hm", "content": "so"}, "done": False})
    assert delta.pieces == (Chunk("hm", (), Channel.THINKING), Chunk("so", ()))
    assert (delta.ids_known, delta.facts.finish_reason) == (False, None)


def test_ollamas_last_line_has_the_reason_and_the_counts():
    counts = {"prompt_eval_count": 26, "eval_count": 259}
    delta = read(ollama, {"message": {}, "done": True, "done_reason": "length"} | counts)
    assert (delta.facts.finish_reason, delta.facts.prompt_tokens) == ("length", 26)
    assert delta.facts.completion_tokens == 259


@pytest.mark.parametrize("reason", [{}, {"done_reason": ""}], ids=["none", "empty"])
def test_ollamas_end_without_a_reason_is_none(reason):
    """So it ends when what runs the model was lost."""
    assert read(ollama, {"message": {}, "done": True} | reason).facts.finish_reason is None


def test_thinking_under_two_names_is_read_once():
    event = {"choices": [{"delta": {"reasoning": "hm", "reasoning_content": "hm"}}]}
    assert read(openai_chat, event).pieces[0].text == "hm"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"choices": None},
        {"choices": {}},
        {"choices": ["text"]},
        {"choices": [{"text": 7}]},
        {"choices": [{"text": "a", "token_ids": ["7"]}]},
        {"choices": [{"text": "a", "token_ids": [-7]}]},
        {"choices": [{"text": "a", "token_ids": [True]}]},
        {"choices": [{"text": "a", "token_ids": {}}]},
        {"choices": [{"text": "a", "finish_reason": 7}]},
        {"choices": [], "usage": []},
        {"choices": [], "usage": {"completion_tokens": "7"}},
        {"choices": [], "id": 7},
    ],
)
def test_another_shape_than_vllms_is_a_failure(event):
    with pytest.raises(EngineFailed):
        read(vllm, event)


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"content": None},
        {"content": 7},
        {"content": "a", "tokens": 7},
        {"content": "a", "stop": "yes"},
        {"content": "a", "stop": True},
        {"content": "a", "tokens_predicted": 1.5},
    ],
)
def test_another_shape_than_llama_cpps_is_a_failure(event):
    with pytest.raises(EngineFailed):
        read(llama_cpp, event)


@pytest.mark.parametrize(
    "event",
    [{}, {"choices": [7]}, {"choices": [{"delta": "a"}]}, {"choices": [{"delta": {"content": 7}}]}],
)
def test_another_shape_than_openais_is_a_failure(event):
    with pytest.raises(EngineFailed):
        read(openai_chat, event)


@pytest.mark.parametrize(
    "event",
    [
        {"message": "a"},
        {"message": {"content": 7}},
        {"message": {"thinking": ["a"]}},
        {"message": {}, "done": "yes"},
        {"message": {}, "done": True, "done_reason": 7},
        {"message": {}, "eval_count": "7"},
    ],
)
def test_another_shape_than_ollamas_is_a_failure(event):
    with pytest.raises(EngineFailed):
        read(ollama, event)
