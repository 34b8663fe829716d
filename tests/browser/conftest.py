"""Real Chromium against the running service. Screenshots are kept in build/screenshots."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from socketserver import ThreadingMixIn
from threading import Lock, Thread
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import pytest
from django.core.signals import request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections, connections
from django.test import Client
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from quickstart import chromium
from tests.live.service import Service

ROOT = Path(__file__).resolve().parents[2]
SCREENSHOTS = ROOT / "build" / "screenshots"
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}


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


# Views served from this process, without the rest of the service


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingMixIn, WSGIServer):
    """One thread for each of the browser's connections."""

    daemon_threads = True


@pytest.fixture
def site(db: None) -> Iterator[str]:
    """The service's views, served from this process in the test's transaction, one at a time."""
    connection, turn, views = connections["default"], Lock(), get_wsgi_application()

    def application(environ: dict, start_response: Callable) -> list[bytes]:
        if environ["PATH_INFO"].startswith("/static/"):
            return asset(environ["PATH_INFO"], start_response)
        with turn:
            connections["default"] = connection
            return list(views(environ, start_response))

    connection.inc_thread_sharing()
    request_started.disconnect(close_old_connections)
    with make_server("127.0.0.1", 0, application, Server, Quiet) as server:
        Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
    request_started.connect(close_old_connections)
    connection.dec_thread_sharing()


def asset(path: str, start_response: Callable) -> list[bytes]:
    file = ROOT / path.lstrip("/")
    start_response("200 OK", [("Content-Type", TYPES[file.suffix[1:]])])
    return [file.read_bytes()]


@pytest.fixture
def open_as(browser: Browser, people: dict, site: str) -> Iterator[Callable[..., Page]]:
    """Opens a page as a person. ``events`` is what a run's stream says; whatever the console
    complains of fails the test."""
    contexts, complaints = [], []

    def opened(person: str, path: str, *, events: str = "", **options: object) -> Page:
        client = Client()
        client.force_login(people[person])
        context = browser.new_context(
            base_url=site, viewport={"width": 1280, "height": 800}, **options
        )
        context.add_cookies(
            [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": site}]
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        stream = {"body": events, "content_type": "text/event-stream"}
        page.route("**/events/", lambda route: route.fulfill(**stream))
        page.goto(path)
        return page

    yield opened
    for context in contexts:
        context.close()
    assert complaints == []
