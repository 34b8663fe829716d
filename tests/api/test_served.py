"""The API under the real web server: what a stream holds, and what it lets go."""

import json
import os
import sys
import time
from http.client import HTTPConnection
from types import SimpleNamespace
from urllib.parse import urlsplit

import pytest
import requests

from quickstart import launcher
from quickstart.layout import CHECKOUT
from quickstart.ports import free_port
from quickstart.processes import Program
from reasoning.models import User
from reasoning.services import api_tokens, live, questions, seeding
from reasoning.services.redis import redis_client
from tests import approving, stack
from tests.conftest import deployment_columns
from tests.databases import make_database, use_database

pytestmark = pytest.mark.live
WAIT = 30


@pytest.fixture(scope="module")
def web(tmp_path_factory, postgres, valkey, django_db_setup, django_db_blocker):
    """A web server alone, with a single database connection, and a question nobody answers."""
    directory = tmp_path_factory.mktemp("web")
    with django_db_blocker.unblock():
        make_database(postgres, "watched")
        prepared = prepare()
        use_database(postgres.url("magistral_app", "unit"))
    port = free_port()
    address = ["--host", "127.0.0.1", "--port", str(port)]
    program = Program(
        name="web",
        command=[sys.executable, "-m", "uvicorn", "magistral_audit.asgi:application", *address],
        environment={
            **os.environ,
            "DATABASE_URL": postgres.url("magistral_app", "watched"),
            "DATABASE_POOL": "1",
            "REDIS_URL": valkey,
        },
        directory=CHECKOUT,
    )
    with stack.running(program, directory) as process:
        prepared.url = f"http://127.0.0.1:{port}"
        launcher.await_ready(prepared.url, stack.still_running(process))
        yield prepared


def prepare():
    """People, and one question in the queue."""
    seeding.seed_people({})
    approving.allow(*seeding.seed_registry(), seeding.seed_deployment(deployment_columns()))
    analyst = User.objects.get(username="analyst")
    asked = questions.Asked(workspace="finance", text="Who watches the watchers?")
    submitted = questions.submit(user=analyst, asked=asked)
    headers = {"Authorization": f"Bearer {api_tokens.issue(user=analyst, name='watcher')}"}
    return SimpleNamespace(
        run=submitted.run.pk, question=submitted.question.pk, headers=headers, url=""
    )


def get(web, path, **options):
    return requests.get(f"{web.url}/api/v1/{path}", headers=web.headers, timeout=WAIT, **options)


def watch(web):
    answer = get(web, f"runs/{web.run}/events/", stream=True)
    assert answer.status_code == 200
    return answer


def events(answer):
    """The names and data of the events, as they arrive."""
    name = ""
    for line in answer.iter_lines(chunk_size=1, decode_unicode=True):
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def watchers(valkey):
    """How many clients wait for a stream."""
    clients = redis_client().client_list()
    return sum(client["cmd"].startswith("xread") for client in clients)


def say(web, name, data):
    """What a worker would send."""
    assert not live.send([live.Batch(web.run, (live.Event(name, data),), begins=True)])


def wait_until(true):
    deadline = time.monotonic() + WAIT
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def test_events_arrive_one_by_one_and_hold_no_connection(web, valkey):
    """With a single connection for the whole server, three watchers and a reader are served."""
    answers = [watch(web) for _number in range(3)]
    streams = [events(answer) for answer in answers]
    for stream in streams:
        assert next(stream) == ("status", {"status": "queued", "attempt": 0, "waiting": "turn"})
    assert get(web, f"questions/{web.question}/").json()["status"] == "queued"
    for word in ("Quis", " custodiet"):
        say(web, "thinking", {"text": word})
        for stream in streams:
            assert next(stream) == ("thinking", {"text": word})
    say(web, "done", {"status": "finished", "trace_id": None})
    for stream in streams:
        assert [name for name, _data in stream] == ["done"]
    wait_until(lambda: watchers(valkey) == 0)


def test_a_watcher_who_leaves_is_let_go(web, valkey):
    redis_client().delete(f"live:{web.run}")
    # Not requests: it keeps the connection of an answer that was read in part.
    connection = HTTPConnection(urlsplit(web.url).netloc, timeout=WAIT)
    connection.request("GET", f"/api/v1/runs/{web.run}/events/", headers=web.headers)
    answer = connection.getresponse()
    assert answer.readline() == b"event: status\n"
    wait_until(lambda: watchers(valkey) == 1)
    answer.close()
    connection.close()
    wait_until(lambda: watchers(valkey) == 0)


def test_errors_are_problems_here_too(web):
    answer = requests.get(f"{web.url}/api/v1/questions/", timeout=WAIT)
    assert answer.status_code == 401
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    body = b'{"workspace": "finance", "text": "' + b"a" * 3_000_000 + b'"}'
    answer = requests.post(
        f"{web.url}/api/v1/questions/",
        data=body,
        headers={**web.headers, "Content-Type": "application/json"},
        timeout=WAIT,
    )
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")
