"""How each engine puts an answer into words: the wire formats.

``VllmVoice``, ``LlamaVoice`` and ``ChatVoice`` are as recorded from real vLLM and llama.cpp
(``recorded/``, compared in test_fake.py). Where ``ChatVoice`` parts thinking it does as llama.cpp's
chat does (``recorded/openai.json``); it also stands for LM Studio, whose pages describe the same.
``OllamaVoice`` is after Ollama's API pages and its source of August 2026, not recorded.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

END_TOKEN = 2
BYTE_TOKENS = 1000
"""In tekken vocabularies the token of byte b is 1000 + b, so these ids really decode to the
text."""


@dataclass(frozen=True)
class Answer:
    """What the fake will say: pieces of text, and why it ends. ``end_token``: None when cut off."""

    pieces: Sequence[str]
    finish_reason: str = "stop"
    end_token: int | None = END_TOKEN


class Voice(Protocol):
    """One engine's wire format for one request."""

    content_type: str

    def events(self, answer: Answer) -> list[bytes]:
        """The answer as events, the last of them saying how it ended."""

    def closing(self) -> list[bytes]:
        """What comes after the end of an answer."""

    def error(self, code: int, message: str) -> bytes:
        """An error in the middle of an answer."""


def event(document: Mapping[str, Any]) -> bytes:
    """One server-sent event."""
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return b"data: " + data.encode("utf-8", "surrogatepass") + b"\n\n"


def ids(text: str) -> list[int]:
    """A token for each byte."""
    return [BYTE_TOKENS + byte for byte in text.encode("utf-8", "surrogatepass")]


def parted(text: str) -> tuple[str, str]:
    """Thinking and answer as servers part them: tags gone, white space gone."""
    thinking, _tag, summary = text.removeprefix("<think>").partition("</think>")
    return thinking.strip(), summary.strip()


DONE = b"data: [DONE]\n\n"
FINGERPRINT = "vllm-0.32.0-fake"


EVENTS = "text/event-stream; charset=utf-8"


class VllmVoice:
    """vLLM's /v1/completions with return_token_ids and include_usage."""

    content_type = EVENTS

    def __init__(self, body: Mapping[str, Any], request_id: str, fingerprint: str | None) -> None:
        self._body = body
        self._fingerprint = fingerprint
        self._id = f"cmpl-{request_id}"
        self._spoken = 0

    def events(self, answer: Answer) -> list[bytes]:
        """One event a piece; the end token, if there is one, comes without text."""
        said = [self._piece(text, ids(text)) for text in answer.pieces]
        if answer.end_token is not None:
            said.append(self._piece("", [answer.end_token]))
        said[-1]["choices"][0]["finish_reason"] = answer.finish_reason
        said[0]["choices"][0]["prompt_token_ids"] = self._body["prompt"]
        return [event(document) for document in said]

    def closing(self) -> list[bytes]:
        """The usage and the end of the stream."""
        prompt = len(self._body["prompt"])
        usage = {
            "prompt_tokens": prompt,
            "total_tokens": prompt + self._spoken,
            "completion_tokens": self._spoken,
            "prompt_tokens_details": {"cached_tokens": 0},
        }
        last = self._event([]) | {"usage": usage, "system_fingerprint": self._fingerprint}
        return [event(last), DONE]

    def error(self, code: int, message: str) -> bytes:
        """vLLM writes errors with spaces."""
        kind = "BadRequestError" if code == 400 else "InternalServerError"
        error = {"message": message, "type": kind, "param": None, "code": code}
        return b"data: " + json.dumps({"error": error}).encode() + b"\n\n"

    def _piece(self, text: str, token_ids: list[int]) -> dict[str, Any]:
        self._spoken += len(token_ids)
        choice = {
            "index": 0,
            "text": text,
            "logprobs": None,
            "finish_reason": None,
            "stop_reason": None,
            "prompt_token_ids": None,
            "token_ids": token_ids,
        }
        return self._event([choice])

    def _event(self, choices: list[dict[str, Any]]) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "text_completion",
            "created": 1_795_394_842,
            "model": self._body["model"],
            "choices": choices,
        }


class LlamaVoice:
    """llama.cpp's /completion with return_tokens: of each piece it sends the last token only."""

    content_type = EVENTS

    def __init__(self, body: Mapping[str, Any]) -> None:
        self._body = body
        self._spoken = 0

    def events(self, answer: Answer) -> list[bytes]:
        """One event a character, as with a byte-wise tokenizer; then the end token; then the
        end."""
        said = [self._piece(letter, ids(letter)) for letter in "".join(answer.pieces)]
        if answer.end_token is not None:
            said.append(self._piece("", [answer.end_token]))
        return [event(document) for document in [*said, self._end(answer)]]

    def closing(self) -> list[bytes]:
        """Nothing: the end is an event of the answer."""
        return []

    def error(self, code: int, message: str) -> bytes:
        """An error of the server's own."""
        return event({"error": {"code": code, "message": message, "type": "server_error"}})

    def _piece(self, text: str, token_ids: list[int]) -> dict[str, Any]:
        self._spoken += len(token_ids)
        return {
            "index": 0,
            "content": text,
            "tokens": token_ids[-1:],
            "stop": False,
            "id_slot": -1,
            "tokens_predicted": self._spoken,
            "tokens_evaluated": len(self._body["prompt"]),
        }

    def _end(self, answer: Answer) -> dict[str, Any]:
        settings = {name: self._body[name] for name in ("seed", "top_k", "samplers")}
        return {
            "index": 0,
            "content": "",
            "tokens": [],
            "id_slot": 0,
            "stop": True,
            "model": self._body["model"],
            "tokens_predicted": self._spoken,
            "tokens_evaluated": len(self._body["prompt"]),
            "generation_settings": settings,
            "prompt": "[INST]...[/INST]",
            "has_new_line": True,
            "truncated": False,
            "stop_type": "eos" if answer.finish_reason == "stop" else "limit",
            "stopping_word": "",
            "tokens_cached": 0,
            "timings": {"prompt_n": 1, "prompt_ms": 1.0, "predicted_n": 1, "predicted_ms": 1.0},
        }


class ChatVoice:
    """An OpenAI-compatible /v1/chat/completions whose server parts thinking from the answer.

    ``field`` is where it puts the thinking; None leaves the tags in the content.
    """

    content_type = EVENTS

    def __init__(self, body: Mapping[str, Any], request_id: str, field: str | None) -> None:
        self._body = body
        self._id = f"chatcmpl-{request_id}"
        self._field = field

    def events(self, answer: Answer) -> list[bytes]:
        """The role, the pieces, the finish reason."""
        said = [self._event({"role": "assistant", "content": ""}, None)]
        said += [self._event(delta, None) for delta in self._deltas(answer)]
        said.append(self._event({}, answer.finish_reason))
        return [event(document) for document in said]

    def closing(self) -> list[bytes]:
        """The usage and the end of the stream."""
        usage = {"prompt_tokens": 4, "total_tokens": 10, "completion_tokens": 6}
        last = self._event({}, None) | {"usage": usage, "choices": []}
        return [event(last | {"system_fingerprint": FINGERPRINT}), DONE]

    def error(self, code: int, message: str) -> bytes:
        """As the protocol has it."""
        return event({"error": {"message": message, "type": "server_error", "code": code}})

    def _deltas(self, answer: Answer) -> list[dict[str, str]]:
        text = "".join(answer.pieces)
        if self._field is None:
            return [{"content": text}]
        thinking, summary = parted(text)
        return [{self._field: thinking}, {"content": summary}]

    def _event(self, delta: Mapping[str, str], finish: str | None) -> dict[str, Any]:
        return {
            "id": self._id,
            "object": "chat.completion.chunk",
            "created": 1_795_394_842,
            "model": self._body["model"],
            "choices": [{"index": 0, "delta": dict(delta), "finish_reason": finish}],
        }


class OllamaVoice:
    """Ollama's /api/chat: a JSON object a line. With ``parts`` thinking comes apart from the
    answer, as for models whose form of thinking Ollama knows."""

    content_type = "application/x-ndjson"

    def __init__(self, body: Mapping[str, Any], *, parts: bool) -> None:
        self._body = body
        self._parts = parts

    def events(self, answer: Answer) -> list[bytes]:
        """The pieces, and a last line with the reason, the counts and nanoseconds."""
        told = [{"content": text} for text in answer.pieces]
        if self._parts:
            thinking, summary = parted("".join(answer.pieces))
            told = [{"content": "", "thinking": thinking}, {"content": summary}]
        said = [self._line(message, done=False) for message in told]
        end = {"done_reason": answer.finish_reason, "total_duration": 10_706_818_083}
        counts = {"prompt_eval_count": 26, "eval_count": 259, "eval_duration": 4_232_710_000}
        said.append(self._line({"content": ""}, done=True) | end | counts)
        return [line(document) for document in said]

    def closing(self) -> list[bytes]:
        """Nothing: the end is a line of the answer."""
        return []

    def error(self, code: int, message: str) -> bytes:
        """A bare sentence; its status is dropped once the stream has begun."""
        return line({"error": message})

    def _line(self, message: Mapping[str, str], *, done: bool) -> dict[str, Any]:
        return {
            "model": self._body["model"],
            "created_at": "2026-08-21T18:48:22.385406455Z",
            "message": {"role": "assistant", **message},
            "done": done,
        }


def line(document: Mapping[str, Any]) -> bytes:
    """One value on a line of its own."""
    data = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return data.encode("utf-8", "surrogatepass") + b"\n"
