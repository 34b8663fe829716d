"""The portal's scripts in a real browser: on real pages, the stream of a run played by the test."""

import json
import re

import pytest
from playwright.sync_api import expect

from reasoning.services import questions

pytestmark = [pytest.mark.browser]


def event(name: str, **data: object) -> str:
    return f"id: 1-1\nevent: {name}\ndata: {json.dumps(data)}\n\n"


# Watching ---------------------------------------------------------------------------------------


def test_the_answer_forms_in_place(open_as, submitted):
    events = (
        event("status", status="running", attempt=1)
        + event("thinking", text="An attempt that was lost.")
        + event("status", status="running", attempt=2)
        + "".join(event("thinking", text=f"Line {number}.\n") for number in range(200))
        + event("summary", text="\n\nIt is ")
        + event("summary", text="four.")
    )
    page = open_as("analyst", f"/questions/{submitted.question.pk}/", events=events)
    thinking, summary = (
        page.locator("[data-stream=thinking]"),
        page.locator("[data-stream=summary]"),
    )
    expect(summary).to_have_text("It is four.")
    assert "lost" not in thinking.inner_text()
    assert "Line 0." in thinking.inner_text()
    expect(page.locator("[data-attempt]")).to_have_text("attempt 2")
    expect(page.locator("[data-live-status]").first).to_contain_text("thinking")
    assert thinking.evaluate("box => box.scrollHeight - box.scrollTop - box.clientHeight") < 2
    assert thinking.bounding_box()["height"] < 200


def test_nothing_moves_under_the_reader(open_as, submitted):
    quiet = event("status", status="running", attempt=1)
    busy = quiet + "".join(event("thinking", text=f"Line {n}.\n") for n in range(500))
    path = f"/questions/{submitted.question.pk}/"
    tops = []
    for events in (quiet, busy):
        page = open_as("analyst", path, events=events)
        expect(page.locator("[data-live-status]").first).to_contain_text("thinking")
        if events == busy:
            expect(page.locator("[data-stream=thinking]")).to_contain_text("Line 499.")
        tops.append(page.locator("#live-summary").bounding_box()["y"])
    assert tops[0] == tops[1]


def test_a_reader_who_scrolls_back_is_left_alone(open_as, submitted):
    events = event("status", status="running", attempt=1) + event("thinking", text="Line.\n" * 300)
    page = open_as("analyst", f"/questions/{submitted.question.pk}/", events=events)
    thinking, newest = page.locator("[data-stream=thinking]"), page.locator("[data-newest]")
    expect(thinking).to_contain_text("Line.")
    expect(newest).to_be_hidden()
    thinking.evaluate("box => box.scrollTo(0, 0)")
    expect(newest).to_be_visible()
    newest.click()
    expect(newest).to_be_hidden()
    page.locator("[data-expand]").click()
    assert thinking.bounding_box()["height"] > 400


def test_the_end_offers_what_was_stored(open_as, submitted):
    events = event("status", status="running", attempt=1) + event(
        "done", status="finished", trace_id=None
    )
    page = open_as("analyst", f"/questions/{submitted.question.pk}/", events=events)
    expect(page.get_by_role("link", name="Show what was stored")).to_be_visible()
    expect(page.get_by_role("button", name="Cancel")).to_be_hidden()
    expect(page.locator("[data-live-status]").first).to_have_text("finished")


# Asking -----------------------------------------------------------------------------------------


def test_tokens_language_and_draft_while_typing(open_as, registered):
    page = open_as("analyst", "/ask/")
    field = page.get_by_label("Your question")
    field.fill("هل يجوز للمصرف تجميد حساب العميل دون إخطار الجهات المختصة بذلك؟")
    expect(page.locator("[data-tokens]")).to_have_text(re.compile(r"^\d+ of [\d,]+ tokens$"))
    expect(page.locator("[data-detected]")).to_have_text("Detected: Arabic")
    expect(field).to_have_attribute("dir", "rtl")
    expect(page.locator("[data-kept]")).to_have_text("Draft kept")
    page.reload()
    expect(field).to_have_value(re.compile("هل يجوز"))
    with page.expect_response("**/drafts/"):
        page.get_by_role("button", name="Discard the draft").click()
    page.reload()
    expect(field).to_have_value("")


def test_asking_ends_the_draft(open_as, registered, monkeypatch):
    monkeypatch.setattr("reasoning.tasks.dispatch", lambda _run_id: None)
    page = open_as("analyst", "/ask/", events=event("status", status="queued", attempt=0))
    page.get_by_label("Your question").fill("How long is this kept?")
    page.get_by_role("main").get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/questions/*/")
    page.goto("/ask/")
    expect(page.get_by_label("Your question")).to_have_value("")


# Keys -------------------------------------------------------------------------------------------


@pytest.fixture
def listed(people, registered):
    for text in ("First?", "Second?"):
        questions.submit(
            user=people["analyst"], asked=questions.Asked(workspace="finance", text=text)
        )


def test_keys_walk_the_list_and_never_while_typing(open_as, listed):
    page = open_as("analyst", "/questions/")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Second?")).to_be_focused()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="First?")).to_be_focused()
    page.keyboard.press("k")
    expect(page.get_by_role("link", name="Second?")).to_be_focused()
    page.keyboard.press("/")
    page.keyboard.type("jk?/")
    expect(page.get_by_label("Search")).to_have_value("jk?/")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_keys_can_be_switched_off_and_stay_off(open_as, listed):
    page = open_as("analyst", "/questions/")
    page.keyboard.press("?")
    page.get_by_label("Single keys are on").uncheck()
    page.keyboard.press("Escape")
    page.reload()
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Second?")).not_to_be_focused()
    page.get_by_role("button", name="Keyboard").click()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_theme_changes_in_place(open_as, people):
    page = open_as("auditor", "/questions/")
    page.locator(".menu > summary").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    assert {"dark"} == {c["value"] for c in page.context.cookies() if c["name"] == "theme"}
    page.keyboard.press("Escape")
    expect(page.get_by_role("button", name="Dark")).to_be_hidden()


# Noting and signing -----------------------------------------------------------------------------

SELECT = """([from, to]) => {
    const text = document.querySelector("[data-part=thinking] [data-start]");
    getSelection().setBaseAndExtent(text, from, text, to);
}"""


def test_a_selection_becomes_a_span_of_code_points(open_as, answered):
    trace = answered("<think>\n🧮 two\u202e plus\n</think>\n\nFour.")
    page = open_as("reviewer", f"/review/{trace.pk}/")
    page.evaluate(SELECT, [1, 3])  # the shown override and what follows it
    page.get_by_role("button", name="Add a note").click()
    start = page.locator("[name=start]")
    expect(start).not_to_have_value("")
    span = int(start.input_value()), int(page.locator("[name=end]").input_value())
    assert trace.thinking[slice(*span)].strip("\n") == "\u202e plus"
    assert page.locator("[data-note-form] [name=part]").input_value() == "thinking"


def test_without_scripts_a_decision_can_be_read_and_signed(open_as, trace):
    page = open_as("reviewer", f"/review/{trace.pk}/sign/", java_script_enabled=False)
    statement = page.locator(".statement")
    expect(statement).to_contain_text("Choose a meaning above")
    page.get_by_role("radio", name=re.compile("Rejected")).check()
    expect(statement.locator("[data-meaning=rejected]")).to_be_visible()
    expect(statement.locator("[data-meaning=approved]")).to_be_hidden()
    page.get_by_label("Why do you decide so?").fill("It is not.")
    page.get_by_label("Password").fill("correct horse battery")
    page.get_by_role("button", name="Sign", exact=True).click()
    expect(page.get_by_role("heading", name="Receipt of a signed decision")).to_be_visible()
