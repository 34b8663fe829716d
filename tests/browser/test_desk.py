"""The queue and the desk by keyboard and by mouse; nothing for axe to find, in both themes."""

import re

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

from reasoning.models import Annotation, ReviewClaim
from reasoning.services import annotating

pytestmark = [pytest.mark.browser]

ARABIC = "يجب على المصرف أن يتحقق من هوية العميل قبل فتح الحساب AML-7، وأن يحتفظ بالمستندات."
LONG = (
    "<think>\nThe sum is four.\n\n" + "Two and two are four. " * 20 + f"\n\n{ARABIC}\n</think>\n\n"
    "The answer is four.\n\nNobody doubts it."
)

# A double click selects a word: here the word "sum" of the first paragraph.
WORD = """() => {
    const range = document.createRange();
    const text = document.querySelector("#t-1 [data-start]").firstChild;
    range.setStart(text, text.data.indexOf("sum"));
    range.setEnd(text, text.data.indexOf("sum") + 3);
    const box = range.getBoundingClientRect();
    return [box.x + box.width / 2, box.y + box.height / 2];
}"""


def test_the_queue_by_keyboard(open_as, answered, picture):
    trace = answered(LONG)
    page = open_as("reviewer", "/review/")
    page.keyboard.press("j")
    expect(page.get_by_role("link", name="Combien font")).to_be_focused()
    picture(page, "queue")
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/review/{trace.pk}/")
    assert not ReviewClaim.objects.exists()
    page.keyboard.press("d")
    expect(page.get_by_role("button", name="Start review")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("link", name="Go to the decision")).to_be_visible()
    assert ReviewClaim.objects.get().reviewer.username == "reviewer"


def test_a_note_by_mouse_stays_in_place(open_as, answered, picture):
    answered(LONG)
    page = open_as("reviewer", "/review/")
    page.get_by_role("link", name="Combien font").click()
    page.wait_for_url("**/review/*-*/")
    page.mouse.dblclick(*page.evaluate(WORD))
    expect(page.locator("[data-selected]")).to_have_text("sum")
    page.get_by_role("button", name="Add a note").click()
    page.get_by_label("Label").select_option("wrong")
    page.get_by_label("Note", exact=True).fill("Which sum?")
    picture(page, "note")
    page.get_by_role("button", name="Store the note").click()
    expect(page.locator("#t-1 mark")).to_have_text("sum")
    note = Annotation.objects.get()
    assert (note.quote, note.label, note.part) == ("sum", "wrong", "thinking")
    expect(page.locator(f"#note-{note.pk}")).to_be_focused()
    page.get_by_text("Reply", exact=True).click()
    page.get_by_label("Reply to note 1").fill("The one asked for.")
    page.get_by_label("This resolves the note").check()
    page.get_by_role("button", name="Store the reply").click()
    expect(page.locator("#t-1")).to_contain_text("resolved")


def test_a_note_by_keyboard(open_as, answered):
    answered(LONG)
    page = open_as("reviewer", "/review/")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_url("**/review/*-*/")
    page.keyboard.press("j")
    for _word in range(2):
        page.keyboard.press("Control+Shift+ArrowRight")
    expect(page.locator("[data-selected]")).to_have_text(re.compile("^The sum"))
    page.keyboard.press("a")
    page.keyboard.type("Four of what?")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("#t-1 mark")).to_have_text(re.compile("^The sum"))
    assert Annotation.objects.get().note == "Four of what?"


def test_a_note_that_was_begun_is_there_again_and_not_in_the_browser(open_as, answered):
    trace = answered(LONG)
    page = open_as("reviewer", f"/review/{trace.pk}/")
    page.get_by_text("Add a note", exact=True).first.click()
    page.get_by_label("Note", exact=True).fill("Which sum?")
    expect(page.locator("[data-kept]")).to_have_text("Draft kept")
    assert page.evaluate("JSON.stringify([localStorage, sessionStorage])").find("sum") == -1
    page.reload()
    expect(page.get_by_label("Note", exact=True)).to_have_value("Which sum?")
    page.get_by_role("button", name="Store the note").click()
    expect(page.locator("#notes")).to_contain_text("Note 1")
    page.reload()
    expect(page.get_by_label("Note", exact=True)).to_have_value("")


def test_a_reply_that_was_begun_is_there_again(open_as, answered, people):
    trace = answered(LONG)
    note = {"part": "thinking", "start": 5, "end": 8, "note": "Which?"}
    annotating.annotate(user=people["analyst"], trace=trace, **note)
    page = open_as("reviewer", f"/review/{trace.pk}/")
    page.get_by_text("Reply", exact=True).click()
    reply = page.get_by_label("Reply to note 1")
    reply.fill("The one asked for.")
    expect(page.locator("[data-reply] [data-kept]")).to_have_text("Draft kept")
    page.reload()
    expect(reply).to_be_visible()
    expect(reply).to_have_value("The one asked for.")
    page.get_by_role("button", name="Store the reply").click()
    expect(page.locator("#notes .note-reply")).to_contain_text("The one asked for.")
    expect(reply).to_be_hidden()
    expect(reply).to_have_value("")


def test_a_note_leads_to_its_words(open_as, answered, people):
    trace = answered(LONG)
    note = {"part": "thinking", "start": 5, "end": 8, "note": "Which?"}
    annotating.annotate(user=people["analyst"], trace=trace, **note)
    page = open_as("reviewer", f"/review/{trace.pk}/")
    page.locator("#notes").get_by_role("link", name="Thinking, paragraph 1").click()
    paragraph, words = page.locator("#t-1:target"), page.locator("#t-1 mark")
    expect(words).to_be_in_viewport()
    ground = "element => getComputedStyle(element).backgroundColor"
    assert words.evaluate(ground) != paragraph.evaluate(ground)


def test_searching_within_the_trace(open_as, answered):
    trace = answered(LONG)
    page = open_as("reviewer", f"/review/{trace.pk}/")
    page.keyboard.press("/")
    page.keyboard.type("FOUR")
    page.keyboard.press("Enter")
    page.keyboard.press("Enter")
    expect(page.locator("[data-found]")).to_have_text("2 of 22")
    expect(page.locator("[data-seen]")).to_have_text(re.compile("^[123] of 3 seen$"))


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(open_as, answered, people, picture, scheme):
    trace = answered(LONG)
    note = {"part": "thinking", "start": 5, "end": 8, "note": "Which?", "label": "wrong"}
    annotating.annotate(user=people["analyst"], trace=trace, **note)
    page = open_as("reviewer", "/review/", color_scheme=scheme)
    for path in ("/review/?language=fr", f"/review/{trace.pk}/", f"/traces/{trace.pk}/"):
        page.goto(path)
        for direction in ("ltr", "rtl"):
            page.evaluate("way => { document.documentElement.dir = way }", direction)
            found = Axe().run(page).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"][:200], path) for one in found] == []
            for width in (1440, 390):
                page.set_viewport_size({"width": width, "height": 900})
                wide = "document.documentElement.scrollWidth - innerWidth"
                assert page.evaluate(wide) <= 0, (path, direction, width)
                picture(page, f"{path.split('/')[1]}-{len(path)}-{direction}-{width}")
