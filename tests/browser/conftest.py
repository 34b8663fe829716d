"""Real Chromium against the running service. Screenshots are kept in build/screenshots."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from quickstart import chromium
from tests.live.service import Service

SCREENSHOTS = Path(__file__).resolve().parents[2] / "build" / "screenshots"


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """Ended with its module: Playwright keeps a loop in the main thread, and others need theirs."""
    with sync_playwright() as playwright:
        sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
        quiet = ["--disable-background-networking", "--disable-sync", "--no-first-run"]
        running = playwright.chromium.launch(
            executable_path=chromium.find(), args=[*sandbox, *quiet]
        )
        yield running
        running.close()


@pytest.fixture
def visit(browser: Browser, service: Service) -> Iterator[Callable[..., Page]]:
    """Signs a person in, in a browser of their own, and gives the page they land on."""
    contexts: list[BrowserContext] = []

    def sign_in(person: str, **options: object) -> Page:
        context = browser.new_context(**{"base_url": service.url, **options})
        contexts.append(context)
        page = context.new_page()
        page.goto("/sign-in/")
        page.get_by_label("User name").fill(service.people[person]["username"])
        page.get_by_label("Password").fill(service.people[person]["password"])
        page.keyboard.press("Enter")
        page.wait_for_url(lambda url: "/sign-in/" not in url)
        return page

    yield sign_in
    for context in contexts:
        context.close()


@pytest.fixture
def picture(request: pytest.FixtureRequest) -> Callable[[Page, str], None]:
    """Keeps a picture of a page, named after the test."""

    def take(page: Page, name: str) -> None:
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=SCREENSHOTS / f"{request.node.name}-{name}.png", full_page=True)

    return take
