"""Parts given by an address instead of embedded: can they be reached, and are they enough?"""

import json
import re
import urllib.error
import urllib.request
from collections.abc import Mapping

import redis

from quickstart.trouble import Trouble

TIMEOUT = 5
KINDS = (
    ("version", "version", "vllm"),
    ("props", "default_generation_settings", "llama_cpp"),
    ("api/version", "version", "ollama"),
    ("api/v0/models", "data", "lm_studio"),
)
"""What to ask, the field that only the right engine answers with, and which engine that is. (LM
Studio answers 200 to any question, with an error in the body.)"""


def broker(url: str) -> dict[str, str]:
    """The environment with the address of Redis or Valkey. Trouble unless it answers there."""
    try:
        with redis.Redis.from_url(url, socket_connect_timeout=TIMEOUT) as client:
            client.ping()
    except (redis.RedisError, ValueError) as error:
        raise Trouble(unreachable("REDIS_URL", url, error)) from None
    return {"REDIS_URL": url}


def engine(url: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment for the engine at the address: its kind is asked for unless it is given."""
    base = url.rstrip("/").removesuffix("/v1")
    key = environment.get("INFERENCE_API_KEY")
    try:
        _get(f"{base}/v1/models", key)
        kind = environment.get("INFERENCE_ENGINE") or _kind(base, key)
    except (OSError, ValueError) as error:
        raise Trouble(unreachable("INFERENCE_URL", url, error)) from None
    return {"INFERENCE_URL": base, "INFERENCE_ENGINE": kind}


def without_password(url: str) -> str:
    """The address as it may be shown."""
    return re.sub(r"(//[^:@/]*):[^@/]*@", r"\1:…@", re.sub(r"password=\S+", "password=…", url))


def _kind(base: str, key: str | None) -> str:
    for path, known_by, kind in KINDS:
        try:
            said = _get(f"{base}/{path}", key)
        except (urllib.error.HTTPError, ValueError):
            continue
        if isinstance(said, dict) and known_by in said:
            return kind
    return "openai"


def _get(url: str, key: str | None) -> object:
    if not url.startswith(("http://", "https://")):
        raise ValueError("it must begin with http:// or https://")
    headers = {"Authorization": f"Bearer {key}"} if key else {}
    request = urllib.request.Request(url, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=TIMEOUT) as response:  # noqa: S310
        return json.load(response)


def unreachable(name: str, url: str, error: Exception) -> str:
    """The sentence for a part that does not answer, or not as it should."""
    reason = without_password(" ".join(str(error).split())) or type(error).__name__
    return (
        f"{name} is set to {without_password(url)}, and nothing usable answers there: {reason}\n"
        f"Start it or correct the address; without {name} an embedded one is used."
    )
