"""Browsers under the names that people know them by."""

import pytest

from reasoning.web.browsers import called

WEBKIT = "AppleWebKit/537.36 (KHTML, like Gecko)"
SENT = {
    f"Mozilla/5.0 (X11; Linux x86_64) {WEBKIT} Chrome/140.0 Safari/537.36": "Chrome, Linux",
    f"Mozilla/5.0 (Windows NT 10.0; Win64) {WEBKIT} Chrome/1 Safari/1 Edg/1": "Edge, Windows",
    f"Mozilla/5.0 (Macintosh; Intel Mac OS X 15) {WEBKIT} Version/18 Safari/1": "Safari, macOS",
    f"Mozilla/5.0 (iPhone; CPU iPhone OS 18 like Mac OS X) {WEBKIT} Safari/1": "Safari, iPhone",
    "Mozilla/5.0 (Android 15; Mobile; rv:140.0) Gecko/140.0 Firefox/140.0": "Firefox, Android",
    "curl/8.5.0": "curl/8.5.0",
    "": "",
}


@pytest.mark.parametrize("sent", SENT)
def test_a_browser_is_called_as_people_call_it(sent):
    assert called(sent) == SENT[sent]
