"""What has arrived, put together."""

import time
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning.core.errors import EngineFailed
from reasoning.inference import transcript as module
from reasoning.inference.requests import Channel, Chunk, Cut, EngineSplit, Fidelity
from reasoning.inference.transcript import Delta, Facts, Transcript
from tests.engine.asking import a_request


def filled(*deltas: Delta) -> Transcript:
    transcript = Transcript(a_request())
    transcript.receive(b"bytes")
    transcript.add(deltas)
    return transcript


def test_nothing_arrived_is_no_generation():
    assert Transcript(a_request()).generation() is None


def test_bytes_alone_are_kept():
    generation = filled().generation(Cut.FAILED)
    assert generation is not None
    assert (generation.raw_response, generation.text, generation.cut) == (b"bytes", "", Cut.FAILED)
    assert generation.first_token_ms is None


def test_ids_count_when_none_is_missing():
    whole = filled(Delta((Chunk("ab", (1, 2)),)), Delta(facts=Facts(completion_tokens=2))).whole()
    assert (whole.fidelity, whole.token_ids) == (Fidelity.RAW_IDS, (1, 2))


def test_ids_do_not_count_when_the_engine_counted_more():
    whole = filled(Delta((Chunk("ab", (2,)),), facts=Facts(completion_tokens=2))).whole()
    assert (whole.fidelity, whole.token_ids, whole.text) == (Fidelity.RAW_TEXT, (), "ab")


def test_ids_do_not_count_when_a_piece_came_without():
    whole = filled(Delta((Chunk("a", (1,)),)), Delta((Chunk("b", ()),), ids_known=False)).whole()
    assert (whole.fidelity, whole.token_ids) == (Fidelity.RAW_TEXT, ())


def test_the_prompt_is_the_engines_word_or_else_what_was_sent():
    assert filled().whole().prompt_token_ids == (1, 3, 1081, 4)
    assert filled(Delta(facts=Facts(prompt_token_ids=(1, 2)))).whole().prompt_token_ids == (1, 2)


def test_later_events_do_not_erase_what_was_said():
    said = Delta(facts=Facts("stop", model="m", request_id="r", prompt_tokens=0))
    whole = filled(said, Delta()).whole()
    assert (whole.finish_reason, whole.model, whole.request_id) == ("stop", "m", "r")
    assert whole.prompt_tokens == 0


def test_what_came_before_an_event_that_makes_no_sense_is_taken_in():
    def events() -> Iterator[Delta]:
        yield Delta((Chunk("a", (1,)),), facts=Facts(model="m"))
        raise EngineFailed(reason="not JSON")

    transcript = filled()
    with pytest.raises(EngineFailed):
        transcript.add(events())
    whole = transcript.whole()
    assert (whole.text, whole.token_ids, whole.model) == ("a", (1,), "m")


def test_an_engines_own_split_is_kept_apart_and_marked():
    thinking = Delta((Chunk("hm", (), Channel.THINKING),), ids_known=False)
    answer = Delta((Chunk("so", ()),), ids_known=False)
    transcript = filled(thinking)
    assert transcript.add([answer]) == [Chunk("so", (), Channel.SUMMARY)]
    whole = transcript.whole()
    assert (whole.fidelity, whole.text) == (Fidelity.SPLIT_LOSSY, "hmso")
    assert whole.split == EngineSplit(thinking="hm", summary="so")


def test_content_alone_is_raw_text():
    whole = filled(Delta((Chunk("<think>hm</think>so", ()),), ids_known=False)).whole()
    assert (whole.fidelity, whole.split) == (Fidelity.RAW_TEXT, None)


def test_an_end_token_without_text_is_a_piece():
    assert filled().add([Delta((Chunk("", (2,)),))]) == [Chunk("", (2,))]


def test_it_stalls_only_once_it_has_begun(monkeypatch):
    transcript = filled()
    began = time.monotonic()
    monkeypatch.setattr(time, "monotonic", lambda: began + 100)
    assert not transcript.stalled()
    transcript.add([Delta((Chunk("a", (1,)),))])
    assert not transcript.stalled()
    monkeypatch.setattr(time, "monotonic", lambda: began + 121)
    assert transcript.stalled()


def test_an_endless_response_is_refused_and_what_came_is_kept(monkeypatch):
    monkeypatch.setattr(module, "RESPONSE_LIMIT", 6)
    transcript = filled()
    with pytest.raises(EngineFailed):
        transcript.receive(b"xx")
    generation = transcript.generation(Cut.FAILED)
    assert generation is not None
    assert generation.raw_response == b"bytesxx"


@given(st.lists(st.binary(min_size=1, max_size=400), max_size=40), st.integers(1, 60))
def test_every_byte_is_given_back_however_much_came(pieces: list[bytes], times: int):
    transcript = Transcript(a_request())
    for piece in pieces * times:
        transcript.receive(piece)
    partial = transcript.generation()
    assert (partial.raw_response if partial else b"") == b"".join(pieces * times)
