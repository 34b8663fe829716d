"""Reading at the desk: a trace of 40,000 tokens in Chromium, against one of 400, in one run.

    python -m benchmarks.desk_reading [--json FILE]

The service's own views answer a real Chromium from this process. Measured: how long the server
takes for the page, when the page can be used (loaded, scripts run, no long task pending), the
longest task of the main thread until then and while scrolling through the whole trace, and how long
it takes from "Store the note" until the note stands beside its paragraph.
"""

import os
import statistics
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from benchmarks.evidence_cost import make_run, prose
from benchmarks.stage import APPLICATION, Row, arguments, stage, tell

SIZES = (400, 40_000)
WORDS_A_TOKEN = 0.75
TURNS = 3
ROOT = Path(__file__).resolve().parents[1]
TYPES = {"css": "text/css", "js": "text/javascript", "svg": "image/svg+xml", "woff2": "font/woff2"}

WATCH = """
window.longest = 0; window.shifted = 0;
new PerformanceObserver((list) => {
  for (const task of list.getEntries()) window.longest = Math.max(window.longest, task.duration);
}).observe({type: 'longtask', buffered: true});
new PerformanceObserver((list) => {
  for (const shift of list.getEntries()) if (!shift.hadRecentInput) window.shifted += shift.value;
}).observe({type: 'layout-shift', buffered: true});
"""
# The next frame after the scripts have run, when the main thread is free again.
USABLE = """() => new Promise((done) =>
  requestAnimationFrame(() => setTimeout(() => done(performance.now()), 0)))"""
SCROLL = """async () => {
  window.longest = 0;
  const height = () => document.documentElement.scrollHeight;
  for (let top = 0; top < height(); top += 700) {
    window.scrollTo(0, top);
    await new Promise(requestAnimationFrame);
  }
  return window.longest;
}"""
SELECT = """(turn) => {
  const paragraphs = document.querySelectorAll("[data-part=thinking] [data-start]");
  const paragraph = paragraphs[paragraphs.length - 1 - turn];
  paragraph.scrollIntoView();
  const text = paragraph.firstChild;
  getSelection().setBaseAndExtent(text, 4, text, 40);
}"""


class Quiet(WSGIRequestHandler):
    """Says nothing of each request."""

    def log_message(self, *_: object) -> None:
        pass


class Server(ThreadingMixIn, WSGIServer):
    """One thread for each of the browser's connections."""

    daemon_threads = True


def main() -> None:
    options = arguments("Reading long traces.").parse_args()
    with stage(APPLICATION):
        os.environ["REDIS_URL"] = "redis://127.0.0.1:9/0"
        rows = measure()
    tell(rows, options.json)


def measure() -> list[Row]:
    """The figures for both sizes: the median of three visits each."""
    from playwright.sync_api import sync_playwright

    found = {}
    traces = {size: make_trace(size) for size in SIZES}
    cookie = session()
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with site() as address, sync_playwright() as playwright:
        browser = launch(playwright)
        for size in SIZES:
            turns = [visit(browser, address, cookie, traces[size], turn) for turn in range(TURNS)]
            found[size] = {name: statistics.median(one[name] for one in turns) for name in turns[0]}
        browser.close()
    return [
        Row(f"desk, {size:,} tokens: {name}", value, "KB" if "page" in name else "ms")
        if name != "layout shift"
        else Row(f"desk, {size:,} tokens: {name}", value, "score")
        for size in SIZES
        for name, value in found[size].items()
    ]


def launch(playwright: Any) -> Any:
    from quickstart import chromium

    sandbox = ["--no-sandbox"] if os.geteuid() == 0 else []
    return playwright.chromium.launch(executable_path=chromium.find(), args=sandbox)


def visit(browser: Any, address: str, cookie: str, trace: Any, turn: int) -> dict[str, float]:
    """Open, scroll through, and note on one of the last paragraphs."""
    context = browser.new_context(base_url=address, viewport={"width": 1440, "height": 900})
    context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
    context.add_init_script(WATCH)
    page = context.new_page()
    answer = page.goto(f"/review/{trace.pk}/", wait_until="load")
    assert page.locator("[data-part=thinking]").count(), (page.url, page.inner_text("main")[:500])
    usable = page.evaluate(USABLE)
    timing = page.evaluate("performance.getEntriesByType('navigation')[0].toJSON()")
    figures = {
        "server": timing["responseEnd"] - timing["requestStart"],
        "usable after": usable,
        "longest task, opening": page.evaluate("window.longest"),
        "page": len(answer.body()) / 1000,
        "longest task, scrolling": page.evaluate(SCROLL),
        "layout shift": page.evaluate("window.shifted"),
    }
    page.evaluate(SELECT, turn)
    page.get_by_role("button", name="Add a note").click()
    page.get_by_label("Note", exact=True).fill("Which one?")
    page.evaluate("window.longest = 0")
    started = time.perf_counter()
    page.get_by_role("button", name="Store the note").click()
    page.locator("#notes[data-said]").wait_for(state="attached")
    figures["note stored and shown"] = (time.perf_counter() - started) * 1000
    figures["longest task, noting"] = page.evaluate("window.longest")
    context.close()
    return figures


@contextmanager
def site() -> Iterator[str]:
    """The service's views on a port of the system's choosing."""
    from django.core.wsgi import get_wsgi_application

    views = get_wsgi_application()

    def application(environ: Any, start_response: Any) -> list[bytes]:
        if not environ["PATH_INFO"].startswith("/static/"):
            return list(views(environ, start_response))
        file = ROOT / environ["PATH_INFO"].lstrip("/")
        start_response("200 OK", [("Content-Type", TYPES[file.suffix[1:]])])
        return [file.read_bytes()]

    with make_server("127.0.0.1", 0, application, Server, Quiet) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def session() -> str:
    """The cookie of a reviewer who has signed in."""
    from django.test import Client

    from reasoning.models import User

    client = Client()
    client.force_login(User.objects.get(username="reviewer"))
    return client.cookies["sessionid"].value


def make_trace(tokens: int) -> Any:
    """A stored trace of about so many tokens, in paragraphs of some hundred words."""
    from reasoning.inference.requests import Fidelity, Generation
    from reasoning.models import Ending
    from reasoning.services import leases, traces
    from reasoning.services.traces import Arrived, Outcome

    words = prose(tokens * 5).split()[: int(tokens * WORDS_A_TOKEN)]
    paragraphs = [" ".join(words[at : at + 80]) for at in range(0, len(words), 80)]
    summary = " ".join(words[: max(len(words) // 20, 40)])
    text = f"<think>\n{chr(10).join(f'{one}{chr(10)}' for one in paragraphs)}</think>\n\n{summary}"
    run = make_run()
    claim = leases.claim(run_id=run.pk, worker="benchmark")
    assert claim is not None
    whole = Generation(
        raw_response=text.encode(), text=text, token_ids=tuple(range(1000, 1000 + tokens)),
        prompt_token_ids=(), finish_reason="stop", fidelity=Fidelity.RAW_IDS, model="m",
        fingerprint="", request_id="", prompt_tokens=3, completion_tokens=tokens,
        first_token_ms=1, total_ms=1,
    )  # fmt: skip
    stored = traces.store(Outcome(claim, Ending.FINISHED, None, whole), Arrived("", ()))
    assert stored is not None
    return stored.trace


if __name__ == "__main__":
    main()
