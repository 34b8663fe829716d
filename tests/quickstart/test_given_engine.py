"""Which engine answers at INFERENCE_URL."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from quickstart import given

MODELS = {"/v1/models": {"data": []}}
ODD = {"error": "Unexpected endpoint or method."}
VERSION = {"version": "0.14.2"}


@contextmanager
def answering(paths: Mapping[str, Any], otherwise: Any = None) -> Iterator[str]:
    """A server of these answers; anything else is a 404, or ``otherwise`` with status 200."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = paths.get(self.path, otherwise)
            self.send_response(404 if body is None else 200)
            self.end_headers()
            self.wfile.write(json.dumps(body).encode())

        def log_message(self, *_anything: Any) -> None:
            """Nobody reads it."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("paths", "otherwise", "kind"),
    [
        ({"/version": VERSION}, None, "vllm"),
        ({"/props": {"default_generation_settings": {}}}, None, "llama_cpp"),
        ({"/api/version": VERSION}, None, "ollama"),
        ({"/api/v0/models": {"data": []}}, ODD, "lm_studio"),
        ({}, None, "openai"),
        ({}, ODD, "openai"),
    ],
)
def test_the_kind_is_what_only_that_engine_says(paths, otherwise, kind):
    with answering({**MODELS, **paths}, otherwise) as url:
        found = given.engine(f"{url}/v1", {})
    assert found == {"INFERENCE_URL": url, "INFERENCE_ENGINE": kind}


def test_a_kind_that_is_given_is_not_asked_for():
    with answering(MODELS) as url:
        assert given.engine(url, {"INFERENCE_ENGINE": "ollama"})["INFERENCE_ENGINE"] == "ollama"
