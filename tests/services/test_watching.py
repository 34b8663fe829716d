"""The live view from the worker: only what somebody watches is sent, and that without a gap."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from reasoning.inference.requests import Channel, Chunk
from reasoning.services import leases, live, watching
from reasoning.services.flights import Flight, FlightDeck
from reasoning.services.redis import redis_client


@pytest.fixture
def flight(submitted) -> Flight:
    claim = leases.claim(run_id=submitted.run.pk, worker="test:1")
    assert claim is not None
    return Flight(claim)


@pytest.fixture
def deck(valkey: str) -> Iterator[FlightDeck]:
    """A deck without its threads: tests do what the broadcast does."""
    yield FlightDeck()
    redis_client().flushdb()


def hear(flight: Flight, *texts: str) -> None:
    for text in texts:
        flight.pieces.add([Chunk(text, ())])


def beat(deck: FlightDeck, *flights: Flight) -> None:
    deck.look_for_watchers()
    deck.send(list(flights))


def sent(flight: Flight) -> list[tuple[str, str]]:
    """What lies in the run's stream: event and data."""
    found = redis_client().xrange(f"live:{flight.key[0]}")
    return [(fields[b"event"].decode(), fields[b"data"].decode()) for _id, fields in found]


RUNNING = ("status", '{"status": "running", "attempt": 1}')


def test_nothing_is_sent_for_a_run_that_nobody_watches(deck, flight):
    hear(flight, "<think>\n", "Two ", "and two", "</think>")
    beat(deck, flight)
    live.tell(flight.key[0], live.Event("done", {"status": "finished"}))
    assert not redis_client().exists(f"live:{flight.key[0]}")


def test_who_comes_late_gets_all_of_it_and_then_the_rest(deck, flight):
    hear(flight, "<think>\nTwo ", "and")
    beat(deck, flight)
    watching.expect(flight.key[0])
    beat(deck, flight)
    assert sent(flight) == [RUNNING, ("thinking", '{"text": "\\nTwo and"}')]
    hear(flight, " two</thi", "nk>Four.")
    beat(deck, flight)
    assert sent(flight)[2:] == [
        ("thinking", '{"text": " two"}'),
        ("summary", '{"text": "Four."}'),
    ]
    beat(deck, flight)
    assert len(sent(flight)) == 4


def test_what_the_engine_has_split_is_not_split_again(deck, flight):
    watching.expect(flight.key[0])
    flight.pieces.add([Chunk("a <think> b", (), Channel.SUMMARY)])
    beat(deck, flight)
    assert sent(flight)[1:] == [("summary", '{"text": "a <think> b"}')]


def test_who_comes_back_misses_nothing(deck, flight):
    watching.expect(flight.key[0])
    hear(flight, "<think>one ")
    beat(deck, flight)
    redis_client().delete(watching.KEY)  # everybody has left
    hear(flight, "two ")
    beat(deck, flight)
    assert len(sent(flight)) == 2
    watching.expect(flight.key[0])
    hear(flight, "three")
    beat(deck, flight)
    assert sent(flight)[2:] == [("thinking", '{"text": "two three"}')]


def test_when_redis_has_lost_the_stream_watchers_begin_anew(deck, flight):
    watching.expect(flight.key[0])
    hear(flight, "<think>one ")
    beat(deck, flight)
    redis_client().flushdb()
    watching.expect(flight.key[0])
    hear(flight, "two")
    beat(deck, flight)
    assert sent(flight) == []
    beat(deck, flight)
    assert sent(flight) == [RUNNING, ("thinking", '{"text": "one two"}')]


def test_one_answer_does_not_stand_in_for_another(deck, flight):
    watching.expect(uuid4())
    hear(flight, "<think>one")
    beat(deck, flight)
    assert sent(flight) == []


def test_the_end_is_told_to_those_who_watch_or_have_watched(deck, flight):
    run = flight.key[0]
    watching.expect(run)
    live.tell(run, live.Event("done", {"status": "cancelled"}))
    assert sent(flight) == [("done", '{"status": "cancelled"}')]
    redis_client().delete(watching.KEY)
    live.tell(run, live.Event("done", {"status": "finished"}))
    assert len(sent(flight)) == 2


def test_an_attempt_that_lands_sends_its_last_words(deck, flight):
    watching.expect(flight.key[0])
    deck.look_for_watchers()
    hear(flight, "<think>one")
    deck.land(flight)
    assert sent(flight) == [RUNNING, ("thinking", '{"text": "one"}')]


def test_a_redis_that_is_away_costs_nothing_but_the_view(deck, flight, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    watching.expect(flight.key[0])
    hear(flight, "<think>one")
    beat(deck, flight)
    live.tell(flight.key[0], live.Event("done", {}))
    assert flight.arrived().text == "<think>one"
