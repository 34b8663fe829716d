"""A passkey in Chromium's virtual authenticator: registered, used to sign in and to sign."""

import io
import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from reasoning.core.policies import of_key_lines
from reasoning.core.reports import Status, Verdict
from reasoning.core.verification import Trust, verify
from tests.live.service import Service, wait_for

pytestmark = [pytest.mark.live, pytest.mark.browser]


@pytest.fixture
def page(browser: Browser, service: Service) -> Iterator[Page]:
    """A page at the service's name: there are no passkeys at a bare number."""
    context = browser.new_context(base_url=service.url.replace("127.0.0.1", "localhost"))
    page = context.new_page()
    devtools = context.new_cdp_session(page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    yield page
    context.close()


def test_register_sign_in_sign_and_verify_offline(
    page: Page, service: Service, picture: Callable[[Page, str], None]
) -> None:
    question = service.api("analyst").ask("Is two and two four?", case_reference="PASSKEY-1")
    login = service.people["reviewer2"]

    page.goto("/sign-in/")
    page.get_by_label("User name").fill(login["username"])
    page.get_by_label("Password").fill(login["password"])
    page.keyboard.press("Enter")
    page.wait_for_url(lambda address: "/sign-in/" not in address)
    page.goto("/security/passkeys/add/")
    page.get_by_label("Password").fill(login["password"])
    page.get_by_role("button", name="Confirm").click()
    page.get_by_label("Name of this passkey").fill("Test key")
    page.get_by_role("button", name="Register").click()
    expect(page.get_by_role("heading", name="Recovery codes")).to_be_visible()
    page.goto("/security/")
    expect(page.get_by_role("main")).to_contain_text("Test key")
    picture(page, "security")

    page.context.clear_cookies()
    page.goto("/sign-in/")
    page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(lambda address: "/sign-in/" not in address)

    answered = service.api("analyst").finished(question["id"])
    trace = answered["runs"][-1]["trace_id"]
    page.goto(f"/review/{trace}/sign/")
    page.get_by_label("I have no conflict of interest").check()
    page.get_by_role("radio", name=re.compile("Rejected")).check()
    page.get_by_label("Why do you decide so?").fill("It is a test.")
    page.get_by_role("button", name="Sign with Test key").click()
    expect(page.get_by_role("heading", name="Sign with a passkey")).to_be_visible()
    picture(page, "before")
    page.get_by_role("button", name="Sign with Test key").click()
    expect(page.get_by_role("heading", name="Receipt of a signed decision")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("signed with a passkey")
    picture(page, "receipt")

    keys = of_key_lines(page.request.get("/log/vkey").text())
    report = verify(io.BytesIO(bundle(service, question["id"])), Trust(keys))
    step = next(one for one in report.steps if one.number == 12)
    assert (step.checked, step.status) == (1, Status.CHECKED)
    assert report.verdict == Verdict.VERIFIED


def bundle(service: Service, question: str) -> bytes:
    """The question's bundle, over the API."""
    auditor = service.api("auditor")
    export = auditor.post("exports/", {"questions": [question]})
    assert export.status_code == 202, export.text
    where = f"exports/{export.json()['id']}/"
    wait_for(lambda: auditor.get(where).json()["status"] == "ready", 60, "the bundle")
    return auditor.get(f"{where}download/").content
