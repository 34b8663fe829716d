"""The client against an engine that misbehaves in every way we know."""

import asyncio
import logging
import socket
from collections.abc import Callable

import pytest

from reasoning.core.errors import (
    EngineBusy,
    EngineDisconnected,
    EngineError,
    EngineFailed,
    EngineRefused,
    EngineTimeout,
    EngineUnavailable,
)
from reasoning.inference import client
from reasoning.inference.client import generate, render_with_engine
from reasoning.inference.health import require_health
from reasoning.inference.requests import (
    Channel,
    Chunk,
    Cut,
    EngineAddress,
    EngineKind,
    EngineSplit,
    Fidelity,
    Generation,
    Message,
)
from reasoning.inference.transcript import Transcript
from tests.engine.asking import a_request
from tests.engine.fake import FakeEngine, Plan
from tests.engine.scenarios import CHARACTERS, PIECES
from tests.engine.voices import DONE, END_TOKEN, ids

Address = Callable[..., EngineAddress]
BOTH = pytest.mark.parametrize("kind", [EngineKind.VLLM, EngineKind.LLAMA_CPP])
TEXT = "".join(PIECES)


def nobody(chunk: Chunk) -> None:
    """No one is watching."""


async def partial_of(address: EngineAddress, error: type[EngineError]) -> Generation:
    """What had arrived when the engine failed as expected."""
    with pytest.raises(error) as caught:
        await generate(address, a_request(), nobody)
    assert type(caught.value) is error
    assert isinstance(caught.value.partial, Generation)
    return caught.value.partial


# Whole answers


async def test_an_answer_of_vllm(address: Address):
    seen: list[Chunk] = []
    answer = await generate(address("normal"), a_request(), seen.append)
    assert answer.text == TEXT == "".join(chunk.text for chunk in seen)
    assert answer.token_ids == (*ids(TEXT), END_TOKEN)
    assert answer.token_ids == tuple(id_ for chunk in seen for id_ in chunk.token_ids)
    assert answer.prompt_token_ids == (1, 3, 1081, 4)
    assert (answer.finish_reason, answer.cut, answer.split) == ("stop", None, None)
    assert answer.fidelity is Fidelity.RAW_IDS
    assert (answer.model, answer.fingerprint) == ("fake-normal", "vllm-0.32.0-fake")
    assert answer.request_id == "cmpl-run-7.1"
    assert (answer.prompt_tokens, answer.completion_tokens) == (4, len(answer.token_ids))


async def test_an_answer_of_llama_cpp(address: Address):
    answer = await generate(address("normal", EngineKind.LLAMA_CPP), a_request(), nobody)
    assert (answer.text, answer.finish_reason) == (TEXT, "stop")
    assert answer.token_ids == (*ids(TEXT), END_TOKEN)
    assert (answer.fidelity, answer.request_id) == (Fidelity.RAW_IDS, "run-7.1")


@pytest.mark.parametrize("name", ["reasoning", "reasoning_content", "thinking"])
async def test_an_answer_that_the_engine_has_split(address: Address, name: str):
    seen: list[Chunk] = []
    answer = await generate(address(name, EngineKind.OPENAI), a_request(), seen.append)
    assert answer.fidelity is Fidelity.SPLIT_LOSSY
    assert answer.split == EngineSplit("Two and two are four.", "The answer is four.")
    assert [chunk.channel for chunk in seen] == [Channel.THINKING, Channel.SUMMARY]


async def test_an_answer_with_its_tags_from_a_chat(address: Address):
    answer = await generate(address("normal", EngineKind.OPENAI), a_request(), nobody)
    assert (answer.fidelity, answer.text, answer.token_ids) == (Fidelity.RAW_TEXT, TEXT, ())


async def test_the_body_is_kept_to_the_byte(address: Address):
    answer = await generate(address("normal"), a_request(), nobody)
    assert answer.raw_response.startswith(b'data: {"id":"cmpl-run-7.1"')
    assert answer.raw_response.endswith(b'"system_fingerprint":"vllm-0.32.0-fake"}\n\n' + DONE)


async def test_the_clock_runs_from_sending_over_the_first_token_to_the_end(
    fake: FakeEngine, address: Address
):
    fake.plan = Plan(pace=0.02)
    answer = await generate(address("normal"), a_request(), nobody)
    assert answer.first_token_ms is not None
    assert 0 <= answer.first_token_ms < answer.total_ms


@BOTH
async def test_an_empty_answer_is_an_answer(address: Address, kind: EngineKind):
    answer = await generate(address("empty", kind), a_request(), nobody)
    assert (answer.text, answer.token_ids, answer.finish_reason) == ("", (END_TOKEN,), "stop")


@BOTH
async def test_an_answer_cut_off_by_its_length(address: Address, kind: EngineKind):
    answer = await generate(address("length", kind), a_request(), nobody)
    assert (answer.finish_reason, answer.cut) == ("length", None)
    assert answer.token_ids == tuple(ids("".join(PIECES[:5])))


@BOTH
async def test_nul_stays_as_it_is(address: Address, kind: EngineKind):
    answer = await generate(address("nul", kind), a_request(), nobody)
    assert "a\0b" in answer.text


async def test_characters_split_by_the_network_come_out_right(address: Address):
    answer = await generate(address("split-characters"), a_request(), nobody)
    assert answer.text == "".join(CHARACTERS)
    assert answer.token_ids == (*ids(answer.text), END_TOKEN)


async def test_llama_cpp_sends_one_id_a_character_and_that_is_noticed(address: Address):
    request = a_request()
    answer = await generate(address("split-characters", EngineKind.LLAMA_CPP), request, nobody)
    assert answer.text == "".join(CHARACTERS)
    assert (answer.fidelity, answer.token_ids) == (Fidelity.RAW_TEXT, ())


async def test_a_break_after_the_announced_end_loses_nothing(address: Address):
    answer = await generate(address("cut-after-finish"), a_request(), nobody)
    assert (answer.text, answer.finish_reason, answer.cut) == (TEXT, "stop", None)
    assert answer.completion_tokens is None


# Broken answers


@BOTH
@pytest.mark.parametrize("scenario", ["truncated", "done-without-finish", "cut"])
async def test_an_answer_without_an_end_is_a_disconnection(
    address: Address, scenario: str, kind: EngineKind
):
    partial = await partial_of(address(scenario, kind), EngineDisconnected)
    assert TEXT.startswith(partial.text)
    assert partial.text
    assert partial.token_ids == tuple(ids(partial.text))
    assert (partial.finish_reason, partial.cut) == (None, Cut.DISCONNECTED)


async def test_a_reset_is_a_disconnection(address: Address):
    partial = await partial_of(address("reset"), EngineDisconnected)
    assert partial.cut is Cut.DISCONNECTED
    assert partial.raw_response


@BOTH
async def test_an_error_in_mid_stream_is_a_failure_though_done_follows(
    address: Address, kind: EngineKind
):
    partial = await partial_of(address("error-event", kind), EngineFailed)
    assert partial.text
    assert (partial.finish_reason, partial.cut) == (None, Cut.FAILED)
    assert b"EngineCore encountered an issue" in partial.raw_response


async def test_an_error_after_the_end_is_a_failure_too(address: Address):
    partial = await partial_of(address("error-after-finish"), EngineFailed)
    assert (partial.text, partial.finish_reason) == (TEXT, "stop")


async def test_a_refusal_inside_the_stream_is_no_reason_to_try_again(address: Address):
    partial = await partial_of(address("refused-in-stream"), EngineRefused)
    assert partial.text == ""
    assert not EngineRefused.retryable


@BOTH
@pytest.mark.parametrize(
    "scenario", ["invalid-json", "invalid-utf8", "not-an-object", "wrong-shape", "oversized"]
)
async def test_bytes_that_make_no_sense_are_a_failure_and_are_kept(
    address: Address, scenario: str, kind: EngineKind
):
    partial = await partial_of(address(scenario, kind), EngineFailed)
    assert TEXT.startswith(partial.text)
    assert partial.text
    assert partial.cut is Cut.FAILED


@pytest.mark.parametrize("scenario", ["stall", "keep-alive-only"])
async def test_an_answer_that_stands_still_is_given_up(address: Address, scenario: str):
    with pytest.raises(EngineTimeout) as caught:
        await generate(address(scenario), a_request(read_timeout=0.3), nobody)
    assert TEXT.startswith(caught.value.partial.text)
    assert caught.value.partial.cut is Cut.TIMEOUT


async def test_an_answer_may_take_no_longer_than_allowed(fake: FakeEngine, address: Address):
    fake.plan = Plan(pace=0.1)
    with pytest.raises(EngineTimeout) as caught:
        await generate(address("normal"), a_request(total_timeout=0.25), nobody)
    assert caught.value.partial.text
    assert caught.value.partial.cut is Cut.TIMEOUT


async def test_an_engine_that_says_nothing_is_given_up(address: Address):
    with pytest.raises(EngineTimeout) as caught:
        await generate(address("hang"), a_request(read_timeout=0.2), nobody)
    assert caught.value.partial is None


# Refusals


async def test_a_prompt_that_is_too_long(address: Address):
    with pytest.raises(EngineRefused) as caught:
        await generate(address("prompt-too-long"), a_request(), nobody)
    assert (caught.value.param, caught.value.data["status"]) == ("input_tokens", 400)
    assert "8192 tokens" in caught.value.data["message"]
    assert caught.value.partial is None


async def test_llama_cpps_word_for_a_prompt_that_is_too_long(address: Address):
    with pytest.raises(EngineRefused) as caught:
        await generate(address("prompt-too-long", EngineKind.LLAMA_CPP), a_request(), nobody)
    assert caught.value.param == "input_tokens"


async def test_an_unknown_model(address: Address):
    with pytest.raises(EngineRefused) as caught:
        await generate(address("unknown-model"), a_request(), nobody)
    assert (caught.value.param, caught.value.data["status"]) == ("model", 404)


@BOTH
async def test_a_full_engine_is_busy(address: Address, kind: EngineKind):
    with pytest.raises(EngineBusy) as caught:
        await generate(address("busy", kind), a_request(), nobody)
    assert (caught.value.retryable, caught.value.data["retry_after"]) == (True, None)


async def test_a_busy_engine_may_say_when_to_come_back(address: Address):
    with pytest.raises(EngineBusy) as caught:
        await generate(address("too-many"), a_request(), nobody)
    assert (caught.value.data["status"], caught.value.data["retry_after"]) == (429, 7)


async def test_a_dead_engine_behind_a_living_server(address: Address):
    with pytest.raises(EngineFailed) as caught:
        await generate(address("dead"), a_request(), nobody)
    assert caught.value.data["status"] == 500


async def test_an_error_that_is_no_json(address: Address):
    with pytest.raises(EngineFailed) as caught:
        await generate(address("not-json"), a_request(), nobody)
    assert caught.value.data["message"] == "Internal Server Error"


@pytest.mark.parametrize("scenario", ["proxy-alone", "router-alone"])
async def test_a_proxy_that_cannot_reach_the_engine(address: Address, scenario: str):
    with pytest.raises(EngineUnavailable) as caught:
        await generate(address(scenario), a_request(), nobody)
    assert caught.value.data["message"]


async def test_the_health_of_what_lies_behind_a_router(fake: FakeEngine, address: Address):
    await require_health(address("normal"))
    fake.behind_router = True
    with pytest.raises(EngineUnavailable):
        await require_health(address("normal"))


async def test_nobody_at_the_address():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with pytest.raises(EngineUnavailable) as caught:
        await generate(
            EngineAddress(EngineKind.VLLM, f"http://127.0.0.1:{port}", "m"), a_request(), nobody
        )
    assert caught.value.retryable


@pytest.mark.parametrize("url", ["nonsense", "ftp://engine", "http://", "http://[::1"])
async def test_an_address_that_is_none(url: str):
    with pytest.raises(EngineError):
        await generate(EngineAddress(EngineKind.VLLM, url, "m"), a_request(), nobody)


async def test_a_server_that_speaks_another_protocol():
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(100)
        writer.write(b"220 mail ready\r\n\r\n")
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        address = EngineAddress(EngineKind.VLLM, f"http://127.0.0.1:{port}", "m")
        with pytest.raises(EngineError):
            await generate(address, a_request(), nobody)


async def test_a_request_that_cannot_be_written(address: Address):
    request = a_request(messages=(Message("user", "half a pair: \ud800"),))
    with pytest.raises(EngineRefused):
        await generate(address("normal", EngineKind.OPENAI), request, nobody)


# Cancelling, watching, logging


async def test_cancelling_closes_the_socket_and_keeps_what_had_arrived(
    fake: FakeEngine, address: Address
):
    begun = asyncio.Event()
    request = a_request()
    transcript = Transcript(request)
    task = asyncio.create_task(
        generate(address("stall"), request, lambda chunk: begun.set(), transcript)
    )
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    partial = transcript.generation(Cut.CANCELLED)
    assert partial is not None
    assert TEXT.startswith(partial.text)
    await client_left(fake)


async def test_cancelling_before_the_first_byte_closes_the_socket(
    fake: FakeEngine, address: Address
):
    task = asyncio.create_task(generate(address("hang"), a_request(), nobody))
    while not fake.received:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await client_left(fake)


@pytest.mark.parametrize("trouble", [ValueError, OSError, TimeoutError])
async def test_a_watchers_own_trouble_is_not_blamed_on_the_engine(
    fake: FakeEngine, address: Address, trouble: type[Exception]
):
    def fail(chunk: Chunk) -> None:
        raise trouble

    with pytest.raises(trouble) as caught:
        await generate(address("stall"), a_request(), fail)
    assert type(caught.value) is trouble
    await client_left(fake)


async def test_the_engine_is_told_the_requests_id_and_the_key(fake: FakeEngine):
    address = EngineAddress(EngineKind.VLLM, fake.url + "/", "fake-normal", api_key="secret")
    await generate(address, a_request(), nobody)
    (received,) = fake.received
    assert received.headers["x-request-id"] == "run-7.1"
    assert received.headers["authorization"] == "Bearer secret"
    assert "secret" not in repr(address)


async def test_nothing_of_question_or_answer_is_logged(
    address: Address, caplog: pytest.LogCaptureFixture
):
    caplog.set_level(logging.DEBUG)
    await generate(address("normal"), a_request(), nobody)
    with pytest.raises(EngineRefused) as caught:
        await generate(address("prompt-too-long"), a_request(), nobody)
    assert "8192" not in str(caught.value) + repr(caught.value)
    assert not [r for r in caplog.records if r.name != "asyncio"]


async def test_many_answers_at_once_share_a_session(fake: FakeEngine, address: Address):
    fake.plan = Plan(pace=0.01)
    wanted = [generate(address("normal"), a_request(), nobody) for _number in range(64)]
    answers = await asyncio.gather(*wanted)
    assert {answer.text for answer in answers} == {TEXT}


class Reads(Transcript):
    """Counts how often the socket was read."""

    times = 0

    def receive(self, piece: bytes) -> None:
        self.times += 1
        super().receive(piece)


async def test_an_answer_that_nobody_watches_is_read_many_pieces_at_once(
    fake: FakeEngine, address: Address, monkeypatch: pytest.MonkeyPatch
):
    fake.plan = Plan(pace=0.005, text="<think>\n" + "Two and two. " * 40 + "</think>\nFour.")
    monkeypatch.setattr(client, "REST_SHARE", 100)
    at_leisure, at_once = Reads(a_request()), Reads(a_request())
    answer = await generate(
        address("normal"), a_request(), transcript=at_leisure, hurried=lambda: False
    )
    assert answer.text == fake.plan.text
    assert answer.fidelity is Fidelity.RAW_IDS
    await generate(address("normal"), a_request(), transcript=at_once)
    assert at_leisure.times < at_once.times / 2


@BOTH
async def test_an_engine_that_is_lost_while_nobody_reads_has_said_what_it_said(
    address: Address, kind: EngineKind, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(client, "REST_SHARE", 100)
    with pytest.raises(EngineDisconnected) as caught:
        await generate(address("cut", kind), a_request(), hurried=lambda: False)
    assert isinstance(caught.value.partial, Generation)
    assert caught.value.partial.text
    assert TEXT.startswith(caught.value.partial.text)


async def client_left(fake: FakeEngine) -> None:
    """Wait until the fake has noticed that its only client is gone."""
    async with asyncio.timeout(10):
        while not fake.received[0].client_left:
            await asyncio.sleep(0.01)


# Rendering


async def test_llama_cpp_renders_with_the_models_template(address: Address):
    messages = [Message("system", "S"), Message("user", "Q")]
    got, text = await render_with_engine(address("normal", EngineKind.LLAMA_CPP), messages)
    assert text == "<system>S<user>Q"
    assert got == tuple(ids(text))


async def test_vllm_renders_with_its_own_tokenizer(address: Address):
    got, text = await render_with_engine(address("normal"), [Message("user", "Q")])
    assert (got, text) == (tuple(ids("<user>Q")), "<user>Q")


async def test_others_cannot_show_their_prompt(address: Address):
    with pytest.raises(EngineRefused):
        await render_with_engine(address("normal", EngineKind.OPENAI), [Message("user", "Q")])


# Ollama, LM Studio


async def test_an_answer_of_ollama_with_its_tags_in_the_text(address: Address, fake: FakeEngine):
    seen: list[Chunk] = []
    ours = a_request(window=8192)
    answer = await generate(address("normal", EngineKind.OLLAMA), ours, seen.append)
    assert answer.text == TEXT == "".join(chunk.text for chunk in seen)
    assert (answer.fidelity, answer.token_ids, answer.split) == (Fidelity.RAW_TEXT, (), None)
    assert (answer.finish_reason, answer.prompt_tokens, answer.completion_tokens) == (
        "stop",
        26,
        259,
    )
    assert (answer.model, answer.prompt_token_ids) == ("fake-normal", (1, 3, 1081, 4))
    assert answer.raw_response.count(b"\n") == len(PIECES) + 1
    assert fake.received[0].body["options"]["num_ctx"] == 8192


async def test_an_answer_that_ollama_has_split(address: Address):
    answer = await generate(address("thinking", EngineKind.OLLAMA), a_request(), nobody)
    assert answer.fidelity is Fidelity.SPLIT_LOSSY
    assert answer.split == EngineSplit("Two and two are four.", "The answer is four.")


async def test_ollamas_characters_survive_any_cut(address: Address):
    answer = await generate(address("split-characters", EngineKind.OLLAMA), a_request(), nobody)
    assert answer.text == "".join(CHARACTERS)


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("error-event", EngineFailed),
        ("truncated", EngineDisconnected),
        ("cut", EngineDisconnected),
        ("reset", EngineDisconnected),
        ("invalid-json", EngineFailed),
        ("oversized", EngineFailed),
    ],
)
async def test_what_ollama_said_before_it_failed_is_kept(
    address: Address, scenario: str, error: type[EngineError]
):
    partial = await partial_of(address(scenario, EngineKind.OLLAMA), error)
    assert partial.text == "".join(PIECES[: (len(PIECES) + 1) // 2])
    assert partial.finish_reason is None


@pytest.mark.parametrize(
    ("scenario", "error"),
    [
        ("busy", EngineBusy),
        ("prompt-too-long", EngineRefused),
        ("unknown-model", EngineRefused),
        ("dead", EngineFailed),
    ],
)
async def test_ollamas_refusals(address: Address, scenario: str, error: type[EngineError]):
    with pytest.raises(error) as caught:
        await generate(address(scenario, EngineKind.OLLAMA), a_request(), nobody)
    assert type(caught.value) is error
    assert caught.value.data["message"]


@pytest.mark.parametrize("name", ["normal", "reasoning_content"])
async def test_an_answer_of_lm_studio(address: Address, name: str):
    answer = await generate(address(name, EngineKind.LM_STUDIO), a_request(), nobody)
    parted = answer.fidelity is Fidelity.SPLIT_LOSSY
    assert parted == (name == "reasoning_content") == (answer.split is not None)
    assert ("<think>" in answer.text) != parted
