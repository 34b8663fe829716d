"""GET runs/{id}/events/: live from Valkey, resumed without a gap, ended by the stored trace."""

import json
from uuid import uuid4

import pytest
from asgiref.sync import async_to_sync, sync_to_async
from django.test import AsyncClient

from reasoning.api import events as view
from reasoning.models import Membership, QuestionState
from reasoning.services import api_tokens, leases, live, runs
from reasoning.services.redis import redis_client
from tests.api.expectations import field_errors, problem, refusals, views

SOON = 0.05


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    """Quiet streams are looked into after milliseconds instead of seconds."""
    monkeypatch.setattr(live, "BLOCK_MILLISECONDS", 40)
    monkeypatch.setattr(view, "PAUSE_SECONDS", SOON)


@pytest.fixture
def token(people):
    return api_tokens.issue(user=people["analyst"], name="watcher")


def address(run):
    return f"/api/v1/runs/{run.pk}/events/"


def watch(token, run, *, query="", last=None, at=1, meanwhile=None):
    """The answer and its chunks to the end; ``meanwhile`` is called after so many chunks."""
    headers = {"Authorization": f"Bearer {token}"} | ({"Last-Event-ID": last} if last else {})

    async def go():
        answer = await AsyncClient().get(address(run) + query, headers=headers)
        assert answer.status_code == 200, answer.content
        chunks = []
        async for chunk in answer.streaming_content:
            chunks.append(chunk.decode())
            if meanwhile and len(chunks) == at:
                await sync_to_async(meanwhile)()
        return answer, chunks

    return async_to_sync(go)()


def seen(token, run, **options):
    """The events as (name, data)."""
    return [(name, data) for _id, name, data in events_in(watch(token, run, **options)[1])]


def events_in(chunks):
    """The events as (id, name, data), without comments."""
    text = "".join(chunks)
    assert text.endswith("\n\n")
    frames = [frame for frame in text[:-2].split("\n\n") if not frame.startswith(":")]
    return [parsed(frame) for frame in frames]


def parsed(frame):
    fields = dict(line.split(": ", 1) for line in frame.splitlines())
    return fields.get("id"), fields["event"], json.loads(fields["data"])


def publish(run, *events):
    """Put events on the run's stream; their ids."""
    new = tuple(live.Event(name, data) for name, data in events)
    assert not live.send([live.Batch(run.pk, new, begins=True)])
    stored = redis_client().xrange(f"live:{run.pk}")
    return [identifier.decode() for identifier, _fields in stored]


DONE = ("done", {"status": "finished", "trace_id": str(uuid4())})
ANSWERING = [
    ("status", {"status": "running", "attempt": 1}),
    ("thinking", {"text": "Deux et deux\nfont "}),
    ("thinking", {"text": "quatre: 四 ٤"}),
    ("summary", {"text": "Quatre."}),
    DONE,
]


# Live -------------------------------------------------------------------------------------------


def test_a_run_is_watched_from_its_beginning(token, submitted):
    identifiers = publish(submitted.run, *ANSWERING)
    answer, chunks = watch(token, submitted.run)
    assert answer["Content-Type"] == "text/event-stream"
    assert answer["Cache-Control"] == "no-store, no-transform"
    assert answer["X-Accel-Buffering"] == "no"
    first, *rest = events_in(chunks)
    assert first == (None, "status", {"status": "queued", "attempt": 0, "waiting": "turn"})
    assert [(name, data) for _id, name, data in rest] == ANSWERING
    assert [identifier for identifier, _name, _data in rest] == identifiers


def test_what_comes_later_arrives_too(token, submitted):
    publish(submitted.run, *ANSWERING[:2])
    later = seen(token, submitted.run, meanwhile=lambda: publish(submitted.run, *ANSWERING[2:]))
    assert later[1:] == ANSWERING


def test_a_quiet_stream_is_kept_open_by_comments(token, submitted):
    _answer, chunks = watch(
        token, submitted.run, at=3, meanwhile=lambda: publish(submitted.run, *ANSWERING)
    )
    assert chunks[1:3] == [": nothing new\n\n"] * 2
    assert "event: done" in chunks[-1]


@pytest.mark.parametrize("how", ["header", "query"])
def test_a_watcher_resumes_where_it_was(token, submitted, how):
    identifiers = publish(submitted.run, *ANSWERING)
    options = (
        {"last": identifiers[1]}
        if how == "header"
        else {"query": f"?last_event_id={identifiers[1]}"}
    )
    assert seen(token, submitted.run, **options) == ANSWERING[2:]


def test_a_session_may_watch(client, people, submitted):
    publish(submitted.run, *ANSWERING)

    async def go():
        browser = AsyncClient()
        await browser.aforce_login(people["analyst"])
        answer = await browser.get(address(submitted.run))
        return b"".join([chunk async for chunk in answer.streaming_content])

    assert async_to_sync(go)().count(b"event: ") == len(ANSWERING) + 1


# Without the live stream ------------------------------------------------------------------------


def test_a_run_that_is_over_is_shown_from_the_database(token, trace):
    assert seen(token, trace.run) == [
        ("status", {"status": "finished", "attempt": 1}),
        ("thinking", {"text": trace.thinking}),
        ("summary", {"text": trace.summary}),
        ("done", {"status": "finished", "trace_id": str(trace.pk)}),
    ]


def test_resuming_behind_a_stream_that_is_gone_begins_anew(token, trace):
    names = [name for name, _data in seen(token, trace.run, last="1700000000000-0")]
    assert names == ["status", "thinking", "summary", "done"]


def test_a_run_cancelled_in_the_queue_has_no_trace(token, people, submitted):
    runs.cancel(user=people["analyst"], run=submitted.run, place="api")
    assert seen(token, submitted.run) == [
        ("status", {"status": "cancelled", "attempt": 0}),
        ("done", {"status": "cancelled", "trace_id": None}),
    ]


def test_an_end_that_was_never_published_ends_the_watch(token, submitted, answered):
    publish(submitted.run, *ANSWERING[:2])
    found = seen(token, submitted.run, at=2, meanwhile=answered)
    trace = submitted.run.traces.get()
    assert found[1:3] == ANSWERING[:2]
    assert found[3:] == [
        ("status", {"status": "finished", "attempt": 1}),
        ("thinking", {"text": trace.thinking}),
        ("summary", {"text": trace.summary}),
        ("done", {"status": "finished", "trace_id": str(trace.pk)}),
    ]


def test_without_redis_the_database_is_asked(token, submitted, answered, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    trace = answered()
    assert seen(token, submitted.run, last="1700000000000-0")[-1] == (
        "done",
        {"status": "finished", "trace_id": str(trace.pk)},
    )


def test_redis_coming_back_is_noticed(token, submitted, settings, valkey):
    publish(submitted.run, *ANSWERING)
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    def comes_back():
        settings.REDIS_URL = valkey

    assert seen(token, submitted.run, meanwhile=comes_back)[1:] == ANSWERING


def test_a_watch_ends_with_the_right_to_read(token, people, submitted):
    leases.claim(run_id=submitted.run.pk, worker="test:1")

    def withdraw():
        Membership.objects.filter(user=people["analyst"]).delete()

    assert seen(token, submitted.run, meanwhile=withdraw) == [
        ("status", {"status": "running", "attempt": 1})
    ]


# Refusals ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "identifier",
    ["nonsense", "0", "$", "1-", "1-2-3", "-1-0", "1-*", "18446744073709551616-0", "١-٢", "1 - 2"],
)
def test_what_was_never_an_id_is_refused(analyst, submitted, identifier):
    answer = analyst.get(address(submitted.run), HTTP_LAST_EVENT_ID=identifier)
    assert field_errors(answer) == {"Last-Event-ID": "malformed"}
    answer = analyst.get(address(submitted.run), {"last_event_id": identifier})
    assert field_errors(answer) == {"Last-Event-ID": "malformed"}


def test_an_unknown_parameter_is_refused(analyst, submitted):
    answer = analyst.get(address(submitted.run), {"after": "1-0"})
    assert field_errors(answer) == {"after": "unknown"}


def test_others_find_nothing_and_are_remembered(admin, people, analyst, submitted):
    problem(admin.get(address(submitted.run)), 404, "not_found")
    assert refusals(people["admin"], subject_id=submitted.run.pk) == ["not_found"]
    problem(analyst.get(f"/api/v1/runs/{uuid4()}/events/"), 404, "not_found")


def test_nobody_watches_without_a_name(client, submitted):
    problem(client.get(address(submitted.run)), 401, "not_authenticated")


@pytest.mark.parametrize("method", ["post", "head"])
def test_watching_is_getting(analyst, submitted, method):
    assert getattr(analyst, method)(address(submitted.run)).status_code == 405


def test_watching_is_remembered(token, people, submitted):
    publish(submitted.run, *ANSWERING)
    watch(token, submitted.run)
    about = {"question_id": submitted.question.pk}
    assert views(people["analyst"], **about) == [submitted.run.pk]
    assert QuestionState.objects.get(pk=submitted.question.pk).status == "queued"
