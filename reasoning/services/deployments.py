"""What a deployment's columns may be; the API and the pages propose through the same checks."""

import re
from typing import Any

from reasoning.core.errors import FieldError, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import text_problem
from reasoning.core.think import ThinkForm
from reasoning.inference.requests import EngineKind
from reasoning.models import Renderer

ADDRESS_PATTERN = r"https?://[^\s/?#@]+(/[^\s?#@]*)?"
CREDENTIAL_PATTERN = "(INFERENCE_[A-Z0-9_]{1,50})?"
DIGEST_PATTERN = "([0-9a-f]{64})?"
FINGERPRINT_PATTERN = r"\S{1,200}"
WINDOW = (1, 10_000_000)
GRAMMAR_LIMIT = 100_000

_TEXTS = {
    "engine_version": (100, True),
    "base_url": (300, False),
    "model": (200, False),
    "revision": (100, True),
    "tokenizer_sha256": (64, True),
    "tokenizer_version": (20, True),
    "grammar": (GRAMMAR_LIMIT, True),
    "credential": (60, True),
}
"""Characters at most, and whether it may be empty."""
_FORMS = {
    "base_url": (ADDRESS_PATTERN, _("Must be an address such as http://engine:8000.")),
    "tokenizer_sha256": (DIGEST_PATTERN, _("Must be a SHA-256 in hexadecimal.")),
    "credential": (CREDENTIAL_PATTERN, _("Must name a variable that begins with INFERENCE_.")),
}
_CHOICES = {
    "engine": [kind.value for kind in EngineKind],
    "renderer": Renderer.values,
    "think_form": [form.value for form in ThinkForm],
}
COLUMNS = (*_TEXTS, *_CHOICES, "window", "demonstration", "replicas", "fingerprints")
REPLICAS = 64
FINGERPRINTS = 128
"""At most; behind one address there may be a router, and several engines behind that."""


def require_sound(columns: dict[str, Any]) -> None:
    """Raise InvalidInput naming every column that is missing, unknown or not as it must be.

    A deployment's key goes to its address, so only variables meant for engines may be named for it.
    """
    problems = [
        FieldError(name, "unknown", _("There is no such field."))
        for name in {*columns} - {*COLUMNS}
    ]
    problems += [found for name in _TEXTS if (found := _text(name, columns.get(name)))]
    problems += [
        FieldError(name, "unknown", _("Must be one of those offered."))
        for name, known in _CHOICES.items()
        if columns.get(name) not in known
    ]
    problems += _beyond_the_engine(columns)
    window, (low, high) = columns.get("window"), WINDOW
    if isinstance(window, bool) or not isinstance(window, int) or not low <= window <= high:
        sentence = _("Must be a whole number from %(low)s to %(high)s.")
        problems.append(FieldError("window", "out_of_range", sentence, {"low": low, "high": high}))
    if not isinstance(columns.get("demonstration"), bool):
        problems.append(FieldError("demonstration", "not_boolean", _("Must be true or false.")))
    problems += _replica_problems(columns.get("base_url"), columns.get("replicas", []))
    problems += _fingerprint_problems(columns.get("fingerprints", []))
    if problems:
        raise InvalidInput(fields=problems)


def _replica_problems(base_url: Any, replicas: Any) -> list[FieldError]:
    """Further addresses: each like the first, and none twice."""
    if not isinstance(replicas, list) or len(replicas) > REPLICAS:
        sentence = _("Must be a list of at most %(count)s texts.")
        return [FieldError("replicas", "malformed", sentence, {"count": REPLICAS})]
    if any(_text("base_url", address) for address in replicas):
        sentence = _("Must be an address such as http://engine:8000.")
        return [FieldError("replicas", "malformed", sentence)]
    if len({base_url, *replicas}) != len(replicas) + 1:
        return [FieldError("replicas", "repeated", _("One of these occurs twice."))]
    return []


def _fingerprint_problems(fingerprints: Any) -> list[FieldError]:
    """Each as an engine may give it, and none twice."""
    if not isinstance(fingerprints, list) or len(fingerprints) > FINGERPRINTS:
        sentence = _("Must be a list of at most %(count)s texts.")
        return [FieldError("fingerprints", "malformed", sentence, {"count": FINGERPRINTS})]
    if not all(_is_fingerprint(one) for one in fingerprints):
        sentence = _("A fingerprint has 1 to 200 characters, and no spaces.")
        return [FieldError("fingerprints", "malformed", sentence)]
    if len({*fingerprints}) != len(fingerprints):
        return [FieldError("fingerprints", "repeated", _("One of these occurs twice."))]
    return []


def _is_fingerprint(value: Any) -> bool:
    problem = text_problem("fingerprints", value, limit=200)
    return problem is None and re.fullmatch(FINGERPRINT_PATTERN, value) is not None


def _beyond_the_engine(columns: dict[str, Any]) -> list[FieldError]:
    """What this engine cannot do, so that every run would fail."""
    engine, problems = columns.get("engine"), []
    if engine not in _CHOICES["engine"]:
        return []
    if columns.get("grammar") and not EngineKind(engine).takes_ids:
        sentence = _("This engine cannot be given a grammar.")
        problems.append(FieldError("grammar", "unsupported", sentence))
    if columns.get("fingerprints") and engine != EngineKind.VLLM:
        sentence = _("Only vLLM gives a fingerprint that can be compared.")
        problems.append(FieldError("fingerprints", "unsupported", sentence))
    return problems


def _text(name: str, value: Any) -> FieldError | None:
    limit, blank = _TEXTS[name]
    problem = text_problem(name, value, limit=limit, blank=blank)
    pattern, sentence = _FORMS.get(name, ("", ""))
    if problem or not pattern or re.fullmatch(pattern, value):
        return problem
    return FieldError(name, "malformed", sentence)
