"""Lists of questions: words and cases that are looked for, pages, and what they read."""

import copy
import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reasoning.core.identifiers import uuid7
from reasoning.models import Question, QuestionState, QuestionStatus
from reasoning.services import listing, questions, recusals
from reasoning.services.listing import Filters

TEXTS = ("Prüfe die Quittung.", "Wer prüfte die Quittungen?", "Und die Rechnung?")


@pytest.fixture
def asked(people, registered):
    """Three questions about two cases, the oldest first."""
    return [
        questions.submit(
            user=people["analyst"],
            asked=questions.Asked(
                workspace="finance",
                text=text,
                language="de",
                case_reference=f"AML-{7 + number // 2}",
            ),
        ).question
        for number, text in enumerate(TEXTS)
    ]


def found(user, cursor="", size=50, **filters):
    page = listing.find_questions(user=user, filters=Filters(**filters), cursor=cursor, size=size)
    return [one.pk for one in page.questions], page.cursor


def multiply(question, count):
    """So many more questions like this one, with nothing but their states."""
    rows = []
    for _number in range(count):
        row = copy.copy(question)
        row.id, row.idempotency_key = uuid7(), None
        rows.append(row)
    Question.objects.bulk_create(rows)
    state = QuestionState.objects.get(question=question)
    states = []
    for row in rows:
        states.append(copy.copy(state))
        states[-1].question_id = row.id
    QuestionState.objects.bulk_create(states)


def test_words_are_found_in_every_form_and_cases_by_their_beginning(people, asked):
    first, second, third = (one.pk for one in asked)
    user = people["auditor"]
    assert set(found(user, search="Quittung")[0]) == {first, second}
    assert set(found(user, search="quittungen prüfe")[0]) == {first}
    assert set(found(user, search="aml-7")[0]) == {first, second}
    assert set(found(user, search="AML-")[0]) == {first, second, third}
    assert found(user, search="ittun") == ([], "")
    assert found(user, search="AML-7", case_reference="AML-8") == ([], "")
    assert found(user, search="Rechnung", case_reference="AML-8")[0] == [third]
    assert found(user, search="Rechnung", status="approved") == ([], "")
    assert found(user, search="AML-7", language="fr") == ([], "")


@pytest.mark.parametrize("filters", [{}, {"search": "AML"}, {"status": "queued"}])
def test_pages_follow_each_other_newest_first(people, asked, filters):
    user, cursor, seen = people["auditor"], "", []
    while True:
        page, cursor = found(user, cursor, size=1, **filters)
        seen += page
        if not cursor:
            break
    whole, _none = found(user, **filters)
    assert seen == whole
    assert set(whole) == {one.pk for one in asked}
    order = [(one.recorded_at, one.pk) for one in asked]
    assert [pk for _moment, pk in sorted(order, reverse=True)] == whole


def test_who_keeps_out_does_not_find_it(people, trace):
    user, question = people["reviewer"], trace.run.question
    assert found(user)[0] == found(user, search="AML-7")[0] == [question.pk]
    recusals.recuse(user=user, trace=trace, reason="My cousin.")
    assert found(user)[0] == found(user, search="AML-7")[0] == []


def test_the_first_with_a_status_is_the_newest_or_the_oldest(people, asked):
    user, statuses = people["auditor"], (QuestionStatus.QUEUED, QuestionStatus.APPROVED)
    places = sorted((one.recorded_at, one.pk) for one in asked)
    assert listing.first(user=user, statuses=statuses) == places[-1][1]
    assert listing.first(user=user, statuses=statuses, oldest=True) == places[0][1]
    assert listing.first(user=user, statuses=[QuestionStatus.FAILED]) is None


@pytest.mark.parametrize(
    ("filters", "index"),
    [
        ({}, "asked_in_room"),
        ({"status": "failed"}, "asked_by_status"),
        ({"language": "ja"}, "asked_by_language"),
    ],
)
def test_a_list_reads_a_stretch_of_an_index(people, asked, filters, index):
    """By the plan: in order, and without sorting what is there. Statistics sway the rest.

    Among three questions one index costs as much as the other; among a thousand it does not.
    """
    multiply(asked[0], 1000)
    rows = listing._in_room(asked[0].workspace, people["auditor"], Filters(**filters))[:50]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off")
        cursor.execute("SET LOCAL enable_sort = off")
    plan = rows.explain()
    assert re.search(rf"Index (Only )?Scan Backward using {index} on", plan), plan
    assert "Sort" not in plan


def test_a_page_takes_as_many_queries_as_it_has_kinds_of_rows(people, asked):
    with CaptureQueriesContext(
        connection,
    ) as of_one:
        found(people["auditor"], size=1)
    with CaptureQueriesContext(connection) as of_all:
        found(people["auditor"])
    assert len(of_all) == len(of_one)
