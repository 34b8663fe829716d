"""Ask, watch, review, sign, download: as people do it, in three scripts."""

import base64
import hashlib
import json
import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.live.service import Service

pytestmark = [pytest.mark.live, pytest.mark.browser]

PATIENCE = 240_000
QUESTIONS = {
    "fr": ("Quels justificatifs faut-il demander à un nouveau client étranger ?", "ltr"),
    "ar": ("ما هي الوثائق التي يجب طلبها من عميل أجنبي جديد؟", "rtl"),
    "ja": ("新しい外国人の顧客には、どのような書類を求めるべきですか。", "ltr"),
}


def ask(page: Page, text: str, case: str) -> None:
    page.goto("/ask/")
    page.get_by_label("Your question").fill(text)
    page.get_by_label("Case reference").fill(case)
    page.get_by_role("main").get_by_role("button", name="Ask", exact=True).click()
    page.wait_for_url("**/questions/*/")


@pytest.mark.parametrize("language", QUESTIONS)
def test_from_the_question_to_the_signed_decision(
    visit: Callable[..., Page], service: Service, picture: Callable[..., None], language: str
) -> None:
    text, direction = QUESTIONS[language]
    case = f"E2E-{language}"

    # The analyst asks and watches; a reload loses nothing.
    analyst = visit("analyst")
    ask(analyst, text, case)
    thinking = analyst.locator("[data-stream=thinking]")
    expect(thinking).to_contain_text(re.compile(r"\S\S"), timeout=PATIENCE)
    seen = thinking.inner_text().strip()[:10]
    picture(analyst, "live")
    analyst.reload()
    expect(analyst.get_by_role("main")).to_contain_text(seen, timeout=PATIENCE)
    stored = analyst.get_by_role("link", name=re.compile("Show what was stored|Open the trace"))
    expect(stored.first).to_be_visible(timeout=PATIENCE)

    # The trace shows everything it is made of.
    analyst.goto(analyst.url)
    analyst.get_by_role("link", name="Open the trace").first.click()
    analyst.wait_for_url("**/traces/*/")
    main = analyst.get_by_role("main")
    expect(main).to_contain_text("it is not an explanation of the decision")
    expect(main).to_contain_text("as recorded")
    expect(main).to_contain_text("Question submitted")
    expect(main.get_by_text(text, exact=True).first).to_have_attribute("lang", language)
    expect(main.get_by_text(text, exact=True).first).to_have_attribute("dir", direction)
    picture(analyst, "trace")
    trace_id = analyst.url.rstrip("/").rsplit("/", 1)[-1]

    # Who asked does not decide.
    refused = analyst.goto(f"/review/{trace_id}/sign/")
    assert refused is not None
    assert refused.status == 403

    # A second person reviews and signs, with the password again.
    reviewer = visit("reviewer")
    reviewer.goto("/review/")
    reviewer.get_by_role("link", name=re.compile(re.escape(text[:24]))).first.click()
    expect(reviewer.get_by_role("main")).to_contain_text(text)
    picture(reviewer, "desk")
    reviewer.get_by_role("button", name="Start review").click()
    reviewer.get_by_role("link", name=re.compile("decision", re.IGNORECASE)).first.click()
    sign(reviewer, "not the password")
    expect(reviewer.get_by_role("main")).to_contain_text("The password is wrong")
    sign(reviewer, service.people["reviewer"]["password"])
    expect(reviewer.get_by_role("heading", name="Receipt of a signed decision")).to_be_visible()
    picture(reviewer, "receipt")

    # The evidence can be taken away, and it fits together.
    with reviewer.expect_download() as download:
        reviewer.get_by_role("link", name="Evidence as JSON").click()
    bundle = json.loads(download.value.path().read_text(encoding="utf-8"))
    decision = next(item for item in bundle["items"] if item["kind"] == "decision.signed")
    trace = next(item for item in bundle["items"] if item["id"] == trace_id)
    assert decision["facts"]["trace_document_sha256"] == trace["document_sha256"]
    document = base64.b64decode(trace["document"])
    assert hashlib.sha256(document).hexdigest() == trace["document_sha256"]


def sign(page: Page, password: str) -> None:
    """Reject: a small model's answer may well be one that cannot be approved."""
    page.get_by_label("I have no conflict of interest").check()
    page.get_by_role("radio", name=re.compile("Rejected")).check()
    page.get_by_label("Why do you decide so?").fill("The answer does not follow from the question.")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign", exact=True).click()


def test_a_wrong_password_does_not_sign_in(browser, service: Service) -> None:
    page = browser.new_context(base_url=service.url).new_page()
    page.goto("/sign-in/")
    page.get_by_label("User name").fill("analyst")
    page.get_by_label("Password").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.context.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 390])
def test_pages_fit_and_axe_finds_nothing(
    visit: Callable[..., Page], picture: Callable[..., None], scheme: str, width: int
) -> None:
    from axe_playwright_python.sync_playwright import Axe

    reviewer = visit("reviewer", color_scheme=scheme, viewport={"width": width, "height": 900})
    pages = ["/", "/questions/", "/review/"]
    reviewer.goto("/questions/")
    pages += [
        link.get_attribute("href") or ""
        for link in reviewer.locator("main a[href^='/questions/0']").all()[:1]
    ]
    for number, path in enumerate(pages):
        reviewer.goto(path)
        overflow = reviewer.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert overflow <= 0, f"{path} is {overflow} pixels too wide"
        picture(reviewer, str(number))
        violations = Axe().run(reviewer).response["violations"]
        assert [(v["id"], path) for v in violations] == []
