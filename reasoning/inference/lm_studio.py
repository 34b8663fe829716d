"""LM Studio: OpenAI's chat at /v1/chat/completions, with llama.cpp's samplers told to stand back.

After its documentation of November 2026; not tried on a running one. Thinking comes inline in the
content, or in ``reasoning_content`` when its user has switched that on.
"""

from typing import Any

from reasoning.inference import openai_chat
from reasoning.inference.openai_chat import PATH, Reader, read, render
from reasoning.inference.requests import EngineAddress, GenerationRequest

__all__ = ["PATH", "Reader", "body", "read", "render"]

PLAIN = {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}
"""Samplers that a model's preset may have set, and that are in no approved profile."""


def body(address: EngineAddress, request: GenerationRequest) -> dict[str, Any]:
    """The request as JSON."""
    return openai_chat.body(address, request) | PLAIN
