"""GET notices/: what others did, for whom it concerns."""

import pytest

from reasoning.models import Preference
from tests.api.expectations import problem
from tests.services.test_listing import multiply
from tests.services.test_review import sign

ADDRESS = "/api/v1/notices/"


def test_what_happened_by_whom_and_to_what(analyst, reviewer, people, trace):
    decision = sign(people, trace, meaning="rejected")
    [notice] = analyst.get(ADDRESS).json()["results"]
    assert notice.pop("at")[:19] == decision.recorded_at.isoformat()[:19]
    assert notice == {
        "kind": "rejected",
        "by": "Claire Fontaine",
        "question_id": str(trace.question_id),
        "trace_id": None,
        "workspace": "finance",
        "case_reference": "AML-7",
        "language": "fr",
        "excerpt": "Combien font deux et deux, et pourquoi ?",
    }
    assert reviewer.get(ADDRESS).json() == {"results": [], "next": None}


def test_reading_marks_nothing_as_seen(analyst, trace):
    assert analyst.get(ADDRESS).json()["results"]
    assert not Preference.objects.exclude(notices_seen_at=None).exists()


def test_pages_follow_each_other(analyst, trace):
    multiply(trace.run.question, 4)
    found, address = [], f"{ADDRESS}?page_size=2"
    while address:
        page = analyst.get(address).json()
        found += [one["question_id"] for one in page["results"]]
        address = page["next"]
    assert len(found) == len(set(found)) == 5


@pytest.mark.parametrize("query", ["cursor=x", "page_size=0", "page_size=101"])
def test_odd_pages_are_refused(analyst, query):
    assert analyst.get(f"{ADDRESS}?{query}").status_code == 400


def test_nobody_reads_without_a_name(client, outsider):
    problem(client.get(ADDRESS), 401, "not_authenticated")
    assert outsider.get(ADDRESS).json() == {"results": [], "next": None}
