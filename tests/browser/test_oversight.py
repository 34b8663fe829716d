"""Search and oversight: nothing for axe to find, in both themes and directions, wide and narrow."""

import pytest
from axe_playwright_python.sync_playwright import Axe

from reasoning.core.errors import EngineBusy
from reasoning.services import claims, gates, heartbeats, questions, review, search_index
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser]

ARABIC = "متى يجب على المصرف أن يتحقق من هوية العميل قبل فتح الحساب؟"


@pytest.fixture
def addresses(people, answered):
    """A page of each kind, with something on it."""
    trace = answered()
    search_index.catch_up(seconds=10)
    user = people["reviewer"]
    claims.claim(user=user, trace=trace)
    decision = review.sign(
        user=user,
        trace=trace,
        meaning="rejected",
        rationale="See the file.",
        password=PASSWORD,
        document_sha256_shown=review.document_sha256(trace),
    )
    asked = questions.Asked(workspace="finance", text=ARABIC, language="ar")
    questions.submit(user=people["analyst"], asked=asked)
    gates.shut(base_url=trace.run.deployment.base_url, error=EngineBusy(), probe=False)
    heartbeats.beat(heartbeats.Kind.WORKER, "here:1")
    pages = auditors_pages(user, decision)
    return {
        "admin": {"health": "/oversight/health/"},
        "analyst": {"notices": "/notices/"},
        "auditor": pages,
    }


def auditors_pages(user, decision):
    return {
        "search": "/search/?q=هوية",
        "words": "/search/?q=answer",
        "figures": "/oversight/?days=7",
        "people": "/oversight/people/",
        "decisions": f"/oversight/people/{user.pk}/",
        "looks": f"/oversight/people/{user.pk}/looks/",
        "samples": "/oversight/samples/",
        "log": "/oversight/log/",
        "help": "/help/",
        "record": f"/questions/{decision.question_id}/record/",
        "readers": f"/questions/{decision.question_id}/readers/",
    }


# How far headings stand from the edge of their card, and others from what comes before them.
SPACES = """() => {
    const box = (element) => element.getBoundingClientRect();
    const edge = (section) =>
        section.matches(".card") ? box(section).top : box(section.previousElementSibling).bottom;
    const space = (section) => Math.round(box(section.querySelector("h2")).top - edge(section));
    const spaces = (which) =>
        [...new Set([...document.querySelectorAll(`.main > section + ${which}`)].map(space))];
    return [spaces(".card"), spaces("section:not(.card)")];
}"""


@pytest.mark.parametrize("width", [1440, 390])
def test_headings_stand_evenly(open_as, addresses, width):
    page = open_as("admin", addresses["admin"]["health"])
    page.set_viewport_size({"width": width, "height": 900})
    [within], [before] = page.evaluate(SPACES)
    assert within < before


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("person", ["auditor", "admin", "analyst"])
def test_axe_finds_nothing(open_as, addresses, picture, person, scheme):
    page = open_as(person, "/", color_scheme=scheme)
    for name, address in addresses[person].items():
        page.goto(address)
        for direction, width in (("ltr", 1440), ("rtl", 390)):
            page.set_viewport_size({"width": width, "height": 900})
            page.evaluate("way => { document.documentElement.dir = way }", direction)
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:200], name) for one in found] == []
            wide = "document.documentElement.scrollWidth - innerWidth"
            assert page.evaluate(wide) <= 0, (name, direction, width)
            picture(page, f"{name}-{direction}")
