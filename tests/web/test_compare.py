"""Comparing two runs of a question."""

import re
from uuid import uuid4

import pytest

from reasoning.models import Ending, Trace
from reasoning.services import leases, questions, traces
from reasoning.services.traces import Arrived, Outcome
from tests.conftest import whole


@pytest.fixture
def newer(people, trace):
    run = questions.ask_again(user=people["analyst"], question=trace.run.question, pins={})
    claim = leases.claim(run_id=run.pk, worker="test:1")
    text = "<think>\nTwo and two are <b>five</b>.\n</think>\n\nThe answer is four."
    stored = traces.store(Outcome(claim, Ending.FINISHED, None, whole(text)), Arrived("", ()))
    return stored.trace


def test_what_changed_is_marked(browse, trace, newer):
    address = f"/questions/{trace.question_id}/compare/"
    page = browse("auditor").get(address).content.decode()
    assert re.search(r"<del>.{0,60}four<", page)
    assert "&lt;b&gt;five&lt;/b&gt;<" in page
    assert "the same in both" in page
    assert "Model-generated working text" in page
    back = browse("auditor").get(f"{address}?old={newer.pk}&new={trace.pk}").content.decode()
    assert re.search(r"<ins>.{0,60}four<", back)
    assert address in browse("reviewer").get(f"/review/{newer.pk}/").content.decode()


def test_there_is_nothing_to_compare(browse, outsider, trace):
    address = f"/questions/{trace.question_id}/compare/"
    assert browse("auditor").get(address).status_code == 404
    assert outsider.get(address).status_code == 404
    assert Trace.objects.count() == 1


def test_traces_of_other_questions_are_not_compared(browse, trace, newer):
    address = f"/questions/{trace.question_id}/compare/?old={uuid4()}"
    assert browse("auditor").get(address).status_code == 404
