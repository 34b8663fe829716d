"""A database that is away or full is said in a sentence, and nothing is half-written."""

import psycopg
import pytest
from django.db import DatabaseError, connection, transaction

from reasoning.core.errors import DatabaseFull, DatabaseUnavailable
from reasoning.models import Question
from reasoning.services import questions
from reasoning.services.database_trouble import trouble_of

pytestmark = pytest.mark.django_db

RAISE = "DO $$ BEGIN RAISE EXCEPTION 'told to' USING ERRCODE = '{}'; END $$"
ASKED = {"workspace": "finance", "text": "What does the disk hold?"}


def raised(state: str) -> Exception:
    """What Django raises when the server answers with this SQLSTATE."""
    with (
        pytest.raises(DatabaseError) as caught,
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(RAISE.format(state))
    return caught.value


@pytest.mark.parametrize(
    ("state", "trouble"),
    [
        ("53100", DatabaseFull),
        ("53300", DatabaseUnavailable),
        ("57P01", DatabaseUnavailable),
        ("08006", DatabaseUnavailable),
        ("57014", type(None)),
        ("40P01", type(None)),
        ("23505", type(None)),
    ],
)
def test_states_of_the_server(state, trouble):
    assert type(trouble_of(raised(state))) is trouble


def test_a_server_that_is_not_there():
    with pytest.raises(DatabaseError) as caught, connection.wrap_database_errors:
        psycopg.connect("host=127.0.0.1 port=1 connect_timeout=5")
    assert type(trouble_of(caught.value)) is DatabaseUnavailable


def test_other_errors_are_none():
    assert trouble_of(ValueError()) is None


@pytest.fixture
def full(monkeypatch):
    """The disk becomes full while a question is stored."""
    enqueue = questions.scheduling.enqueue

    def storing(*args, **options):
        enqueue(*args, **options)
        with connection.cursor() as cursor:
            cursor.execute(RAISE.format("53100"))

    monkeypatch.setattr(questions.scheduling, "enqueue", storing)


def test_the_api_says_so(full, registered, people, client_for):
    answer = client_for(people["analyst"]).post("/api/v1/questions/", ASKED, format="json")
    assert (answer.status_code, answer.json()["code"]) == (507, "database_full")
    assert "free some space" in answer.json()["detail"]
    assert not Question.objects.exists()


def test_the_page_says_so(full, registered, people, client):
    client.force_login(people["analyst"])
    answer = client.post("/ask/", ASKED)
    assert answer.status_code == 507
    assert "Nothing was stored" in answer.content.decode()
    assert not Question.objects.exists()
