"""``manage.py seed_demo``: demonstration people, workspaces and the engine that was found.

A demonstration only: it writes passwords and tokens into a file.
"""

import hashlib
import json
import os
import shutil
from datetime import timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from reasoning.core.errors import AuditError
from reasoning.core.think import ThinkForm
from reasoning.core.tokenizers import load_tokenizer
from reasoning.inference import client
from reasoning.inference.loop import run as on_loop
from reasoning.inference.requests import EngineAddress, EngineKind
from reasoning.models import ProbeOccasion, Question, Renderer, User
from reasoning.services import probes, registry, seeding

QUESTION_EVERY_SECONDS = 8


class Command(BaseCommand):
    help = "Seed the demonstration: people, workspaces, prompt, profile and the engine."

    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("--output", required=True, type=Path, help="where the logins are kept")
        parser.add_argument("--url", required=True, help="where the web server will answer")
        parser.add_argument("--questions", type=Path, help="ask these, if nothing was asked before")

    def handle(self, *args: Any, **options: Any) -> None:
        people = seeding.seed_people(_known(options["output"]))
        demo = {"url": options["url"], "people": people, "workspaces": list(seeding.WORKSPACES)}
        _write(options["output"], demo)
        seeding.seed_policies()
        try:
            deployment = seeding.seed_deployment(_engine())
        except AuditError as error:
            raise CommandError(f"The engine at INFERENCE_URL: {error}") from error
        if not registry.is_approved(deployment):
            probes.probe(deployment=deployment, occasion=ProbeOccasion.ASKED)
        try:
            seeding.allow(*seeding.seed_registry(), deployment)
        except probes.NotProbed as error:
            raise CommandError(str(error)) from error
        if options["questions"] and not Question.objects.exists():
            _ask(json.loads(options["questions"].read_text(encoding="utf-8")))
        self.stdout.write(
            json.dumps({"workspaces": demo["workspaces"], "deployment": deployment.label})
        )


def _known(path: Path) -> dict[str, dict[str, str]]:
    """The credentials of an earlier start, so that a second one keeps them."""
    try:
        people: dict[str, dict[str, str]] = json.loads(path.read_text(encoding="utf-8"))["people"]
    except (OSError, ValueError, KeyError):
        return {}
    return people


def _write(path: Path, demo: dict[str, Any]) -> None:
    """Replace the file whole, readable by its owner only."""
    part = path.with_suffix(".part")
    part.unlink(missing_ok=True)
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(demo, file, indent=2)
    part.replace(path)


def _engine() -> dict[str, Any]:
    """A deployment's columns, from the environment and from what the engine says of itself."""
    kind = EngineKind(os.environ.get("INFERENCE_ENGINE", "vllm"))
    url = os.environ["INFERENCE_URL"].rstrip("/").removesuffix("/v1")
    credential = "INFERENCE_API_KEY" if os.environ.get("INFERENCE_API_KEY") else ""
    address = EngineAddress(
        kind, url, os.environ.get("INFERENCE_MODEL", ""), os.environ.get("INFERENCE_API_KEY")
    )
    identity = on_loop(client.identify(address)).result(timeout=60)
    grammar = os.environ.get("INFERENCE_GRAMMAR_FILE")
    own = kind == EngineKind.VLLM
    tokenizer = _tokenizer() if own else None
    return {
        "engine": kind.value,
        "engine_version": identity.version,
        "base_url": url,
        "model": identity.model,
        "revision": os.environ.get("INFERENCE_REVISION") or _digest(identity.fingerprint),
        "tokenizer_sha256": tokenizer.sha256 if tokenizer else "",
        "tokenizer_version": tokenizer.version if tokenizer else "",
        "renderer": Renderer.MISTRAL_COMMON if own else Renderer.ENGINE,
        "think_form": os.environ.get("INFERENCE_THINK_FORM", ThinkForm.TEXT_TAGS.value),
        "window": int(os.environ.get("INFERENCE_WINDOW") or identity.window or 40_960),
        "fingerprints": os.environ.get("INFERENCE_FINGERPRINTS", "").split(),
        "grammar": Path(grammar).read_text(encoding="utf-8") if grammar else "",
        "credential": credential,
        "demonstration": os.environ.get("INFERENCE_DEMONSTRATION") == "1",
    }


def _digest(fingerprint: str) -> str:
    """The weights' digest, where the engine's fingerprint is one."""
    return fingerprint if fingerprint.startswith(probes.DIGEST) else ""


def _tokenizer() -> Any:
    """The model's own tekken.json (``TOKENIZER_FILE``), by its digest; else the shipped one."""
    given = os.environ.get("TOKENIZER_FILE")
    if not given:
        return load_tokenizer(None)
    directory = Path(settings.TOKENIZER_DIR)
    directory.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(Path(given).read_bytes()).hexdigest()
    kept = directory / f"{digest}.json"
    shutil.copyfile(given, kept)
    return load_tokenizer(kept)


def _ask(items: list[dict[str, Any]]) -> None:
    """Demonstration questions, so that the queue is alive.

    One after another, so that what people ask meanwhile need not wait behind them; the reaper
    sends those that are for later. What this imports takes a second, and is needed once.
    """
    from reasoning import tasks
    from reasoning.services import questions

    asker = User.objects.get(username="analyst")
    for place, item in enumerate(items):
        delay = timedelta(seconds=place * QUESTION_EVERY_SECONDS)
        submitted = questions.submit(user=asker, asked=questions.Asked(**item), delay=delay)
        if not delay:
            tasks.dispatch(submitted.run.pk)
