"""The ceremony under a strict policy: two approvals by keyboard, one of them without scripts."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from reasoning.models import Decision, Preference, PreliminaryView, Question
from reasoning.services import policies, training
from tests.conftest import PASSWORD

pytestmark = [pytest.mark.browser]

CHECKLIST = ["The figures were checked.", "تم التحقق من المصادر."]


@pytest.fixture
def strict(people, workspace):
    """A policy that asks for everything that a password can give."""
    policies.change(
        user=people["admin"],
        workspace=workspace,
        reason="The regulator asked.",
        approvals=2,
        checklist=CHECKLIST,
        conflict_statement=True,
        preliminary_view=True,
        training=True,
    )
    for name in ("reviewer", "reviewer2"):
        training.remember(
            user=people["admin"],
            workspace=workspace,
            person=people[name],
            course="Reviewing",
            completed_on=training.today(),
        )


def look(page, picture, name):
    """Nothing for axe to find, and nothing too wide, in either direction and on a telephone."""
    for direction in ("ltr", "rtl"):
        page.evaluate("way => { document.documentElement.dir = way }", direction)
        found = Axe().run(page).response["violations"]
        assert [(one["id"], one["nodes"][0]["html"][:200], name) for one in found] == []
        page.set_viewport_size({"width": 390, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0, name
        picture(page, f"{name}-{direction}")
        page.set_viewport_size({"width": 1280, "height": 800})
    page.evaluate("() => { document.documentElement.dir = 'ltr' }")


def fill(page):
    """The ceremony's form by keyboard: boxes and radios with the space bar."""
    page.get_by_label("I have no conflict of interest").press("Space")
    for statement in CHECKLIST:
        page.get_by_role("group", name=statement).get_by_label("yes").press("Space")
    page.get_by_label("Why do you decide so?").fill("I have added it up myself.")
    page.get_by_role("radio", name=re.compile("Approved")).press("Space")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_two_approvals(strict, open_as, trace, picture, scheme):
    page = open_as("reviewer", f"/review/{trace.pk}/", color_scheme=scheme)
    main = page.get_by_role("main")
    expect(main).not_to_contain_text("The answer is four.")
    look(page, picture, "view")
    page.get_by_label("Your own view").fill("Four, I should think.")
    page.get_by_role("button", name="Record it and show the answer").press("Enter")
    expect(main).to_contain_text("The answer is four.")
    expect(main).to_contain_text("0 of 2 signatures")
    page.get_by_role("button", name="Start review").press("Enter")
    page.get_by_role("link", name="Go to the decision").press("Enter")
    page.wait_for_url("**/sign/")
    assert page.locator(".choices :checked, .answers :checked").count() == 0
    look(page, picture, "sign")
    fill(page)
    expect(page.get_by_role("heading", name="Receipt of a signed decision")).to_be_visible()
    expect(main).to_contain_text("1 of 2 signatures")
    look(page, picture, "receipt")
    assert Question.objects.get().state.status == "in_review"

    second = open_as(
        "reviewer2", f"/review/{trace.pk}/", color_scheme=scheme, java_script_enabled=False
    )
    second.get_by_label("Your own view").fill("Certainly four.")
    second.get_by_role("button", name="Record it and show the answer").press("Enter")
    second.get_by_role("button", name="Start review").press("Enter")
    second.get_by_role("link", name="Go to the decision").press("Enter")
    fill(second)
    receipt = second.get_by_role("heading", name="Receipt of a signed decision")
    expect(receipt).to_be_visible()
    expect(second.get_by_role("main")).to_contain_text("The figures were checked.")
    assert Question.objects.get().state.status == "approved"
    assert (Decision.objects.count(), PreliminaryView.objects.count()) == (2, 2)

    page.reload()
    page.get_by_role("link", name="Withdraw").press("Enter")
    page.wait_for_url("**/withdraw/")
    look(page, picture, "withdraw")
    page.get_by_label("Why is it withdrawn?").fill("I had misread it.")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Password").press("Enter")
    expect(page.get_by_role("heading", name="Receipt of a signed decision")).to_be_visible()
    expect(main).to_contain_text("counts no more")
    assert Question.objects.get().state.status == "in_review"


def test_keeping_out_and_training(strict, open_as, trace, picture):
    page = open_as("reviewer", f"/review/{trace.pk}/recuse/")
    look(page, picture, "recuse")
    page.get_by_label("What is the conflict?").fill("My brother's account.")
    page.get_by_role("button", name="Keep out").press("Enter")
    expect(page.get_by_role("main")).to_contain_text("Waiting for a decision")
    page = open_as("admin", "/workspaces/finance/training/")
    look(page, picture, "training")


# Where the letters around the hash stand: the brackets, and what they are to enclose.
LETTERS = """(statement) => {
    const walker = document.createTreeWalker(statement, NodeFilter.SHOW_TEXT), found = [];
    for (let node = walker.nextNode(); node; node = walker.nextNode())
        for (let at = 0; at < node.length; at += 1) found.push([node, at]);
    const text = statement.textContent, opening = text.indexOf("("), closing = text.indexOf(")");
    return [opening, opening + 1, closing - 1, closing].map((place) => {
        const range = document.createRange(), [node, at] = found[place];
        range.setStart(node, at);
        range.setEnd(node, at + 1);
        const box = range.getBoundingClientRect();
        return [box.x, box.y + box.height / 2];
    });
}"""


def precedes(one: list[float], other: list[float]) -> bool:
    """Whether a letter stands before another where lines run from right to left. A hash is as wide
    as its digits, so that a bracket may come to stand on a line of its own."""
    (x, y), (other_x, other_y) = one, other
    same_line = abs(y - other_y) < 8
    return x > other_x if same_line else y < other_y


@pytest.mark.parametrize("width", [1440, 390])
def test_brackets_stay_around_the_hash_from_right_to_left(open_as, people, trace, picture, width):
    Preference.objects.create(user=people["reviewer"], language="ar")
    page = open_as("reviewer", f"/review/{trace.pk}/sign/")
    page.set_viewport_size({"width": width, "height": 900})
    page.locator("[name=meaning][value=rejected]").check()
    opening, first, last, closing = page.locator("[data-meaning=rejected]").evaluate(LETTERS)
    assert precedes(opening, first)
    assert precedes(last, closing)
    picture(page, "statement")
