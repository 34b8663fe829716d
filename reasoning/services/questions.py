"""Asking: one transaction writes the question, its run and their entries, or nothing."""

import hashlib
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max

from reasoning.core import canonical, languages
from reasoning.core.detectors import detectors
from reasoning.core.errors import Conflict, FieldError, IdempotencyConflict, InvalidInput
from reasoning.core.errors import gettext_noop as _
from reasoning.core.prompts import Exchange
from reasoning.core.texts import text_problem
from reasoning.inference.requests import SEED_LIMIT
from reasoning.models import (
    LanguageSource,
    Question,
    QuestionState,
    QuestionStatus,
    Role,
    Run,
    Trace,
    User,
    Workspace,
)
from reasoning.services import access, clock, follow_ups, question_fields, registry, scheduling
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record
from reasoning.services.inserting import insert
from reasoning.services.prepared import Query
from reasoning.services.tokenizers import question_room

TEXT_LIMIT = 400_000
CASE_REFERENCE_LIMIT = 200
KEY_LIMIT = 255
NO_DELAY = timedelta(0)


@dataclass(frozen=True)
class Asked:
    """What a submission asks for, as it arrived; ``submit`` checks every field."""

    workspace: object
    text: object
    case_reference: object = ""
    language: object = None
    prompt_version: object = None
    sampling_profile: object = None
    deployment: object = None
    priority: object = 5
    metadata: object = None
    follows: object = None

    def digest(self) -> bytes:
        """The SHA-256 by which a repeated idempotency key is compared; of any values at all.

        Keys outlive releases: a field that came later counts only where it says something.
        """
        said = {k: v for k, v in vars(self).items() if k != "follows" or v is not None}
        return hashlib.sha256(json.dumps(said, sort_keys=True, default=str).encode()).digest()


@dataclass(frozen=True)
class Submitted:
    """The question and its first run; ``created`` is False when an idempotent repeat found it."""

    question: Question
    run: Run
    created: bool


@dataclass(frozen=True)
class _Checked:
    workspace: Workspace
    text: str
    case_reference: str
    metadata: str
    language: str
    language_source: str
    detected: languages.Detection
    priority: int
    pinned: registry.Pinned
    follows: Question | None
    follows_trace: Trace | None


def submit(
    *,
    user: User,
    asked: Asked,
    idempotency_key: str | None = None,
    delay: timedelta = NO_DELAY,
) -> Submitted:
    """Store a question and queue its first run, to be answered after ``delay`` at the earliest.

    The same key with the same body returns the first question; with another body it raises
    IdempotencyConflict. Raises InvalidInput naming every wrong field, and Refused when the user
    may not ask in this workspace. Tell the broker after the commit (``tasks.dispatch``).
    """
    key = _checked_key(idempotency_key)
    if key is None:
        return _store(user, _check(user, asked), None, None, delay)
    digest = asked.digest()
    if found := _earlier(user, key, digest):
        return found
    checked = _check(user, asked)
    try:
        return _store(user, checked, key, digest, delay)
    except IntegrityError:
        if found := _earlier(user, key, digest):
            return found
        raise


@transaction.atomic
def ask_again(*, user: User, question: Question, pins: Mapping[str, str | None]) -> Run:
    """Another run of the same question, with the workspace's present defaults or the named pins."""
    access.require_role(user, question.workspace_id, Role.ANALYST)
    state = QuestionState.objects.select_for_update().get(pk=question.pk)
    if state.status in {QuestionStatus.QUEUED, QuestionStatus.RUNNING}:
        raise Conflict(_("This question is still being answered."))
    pinned = registry.pin(
        workspace=question.workspace,
        prompt=pins.get("prompt_version"),
        profile=pins.get("sampling_profile"),
        deployment=pins.get("deployment"),
    )
    goes_on_from = follow_ups.require_answer(question.follows) if question.follows else None
    if goes_on_from:
        _require_room(pinned, question.text or "", _carried(goes_on_from, pinned))
    last = question.runs.aggregate(last=Max("number"))["last"]
    run = _request_run(user, question, pinned, number=last + 1, follows_trace=goes_on_from)
    state.status, state.updated_at = QuestionStatus.QUEUED, run.recorded_at
    state.news_at = run.recorded_at if user.pk != question.actor_id else None
    state.save(update_fields=["status", "updated_at", "news_at"])
    return run


def _checked_key(key: str | None) -> str | None:
    if key is None or (0 < len(key) <= KEY_LIMIT and key.isprintable()):
        return key
    raise InvalidInput.of(
        "Idempotency-Key",
        "malformed",
        _("An idempotency key has 1 to %(limit)s printable characters."),
        limit=KEY_LIMIT,
    )


def _earlier(user: User, key: str, digest: bytes) -> Submitted | None:
    question = Question.objects.filter(actor_id=user.pk, idempotency_key=key).first()
    if question is None:
        return None
    if bytes(question.request_sha256 or b"") != digest:
        raise IdempotencyConflict
    return Submitted(question, question.runs.get(number=1), created=False)


# Checking ---------------------------------------------------------------------------------------


def _check(user: User, asked: Asked) -> _Checked:
    problems = [
        problem
        for problem in (
            text_problem("text", asked.text, limit=TEXT_LIMIT),
            text_problem(
                "case_reference", asked.case_reference, limit=CASE_REFERENCE_LIMIT, blank=True
            ),
            question_fields.language_problem(asked.language),
            question_fields.priority_problem(asked.priority),
            question_fields.metadata_problem(asked.metadata),
            *(_reference_problem(name, getattr(asked, name)) for name in _REFERENCES),
        )
        if problem
    ]
    workspace = _workspace(user, asked.workspace, problems)
    follows = follow_ups.followed(user, asked.follows, workspace, asked.case_reference, problems)
    if problems or workspace is None:
        raise InvalidInput(fields=problems)
    access.require_role(user, workspace, Role.ANALYST)
    _require_priority(user, workspace, int(str(asked.priority)))
    text = str(asked.text)
    pinned = _pin(workspace, asked)
    goes_on_from = follow_ups.require_answer(follows) if follows else None
    _require_room(pinned, text, _carried(goes_on_from, pinned))
    detected = languages.detect(text)
    return _Checked(
        workspace=workspace,
        text=text,
        case_reference=str(asked.case_reference).strip(),
        metadata=canonical.encode(asked.metadata, limit=None).decode()
        if isinstance(asked.metadata, dict)
        else "",
        language=str(asked.language or detected.language),
        language_source=LanguageSource.STATED if asked.language else LanguageSource.DETECTED,
        detected=detected,
        priority=int(str(asked.priority)),
        pinned=pinned,
        follows=follows,
        follows_trace=goes_on_from,
    )


_REFERENCES = ("prompt_version", "sampling_profile", "deployment")


def _reference_problem(name: str, value: object) -> FieldError | None:
    return None if value is None else text_problem(name, value, limit=80)


def _workspace(user: User, slug: object, problems: list[FieldError]) -> Workspace | None:
    """The workspace, if the user is in it: whether another one exists is not theirs to know."""
    found = (
        _ROOM.first(user.pk, slug)
        if isinstance(slug, str) and not text_problem("workspace", slug, limit=50)
        else None
    )
    if found is None:
        problems.append(
            FieldError("workspace", "unknown", _("There is no such workspace for you."))
        )
    return found


_ROOM = Query(
    lambda user, slug: Workspace.objects.filter(memberships__user=user, slug=slug), UUID, str
)


def _require_priority(user: User, workspace: Workspace, priority: int) -> None:
    """More than the workspace gives its analysts is for those who are administrators there too."""
    allowed = workspace.highest_priority
    if priority > allowed and Role.ADMINISTRATOR not in access.roles_of(user, workspace):
        sentence = _("In this workspace you may ask for a priority of up to %(highest)s.")
        raise InvalidInput.of("priority", "not_allowed", sentence, highest=allowed)


def _pin(workspace: Workspace, asked: Asked) -> registry.Pinned:
    names = {name: getattr(asked, name) for name in _REFERENCES}
    return registry.pin(
        workspace=workspace,
        prompt=names["prompt_version"],
        profile=names["sampling_profile"],
        deployment=names["deployment"],
    )


def _carried(goes_on_from: Trace | None, pinned: registry.Pinned) -> list[Exchange]:
    trace_id = goes_on_from.pk if goes_on_from else None
    return follow_ups.carried(trace_id, pinned.prompt_version)


def _require_room(pinned: registry.Pinned, text: str, earlier: Sequence[Exchange]) -> None:
    tokens, allowed = question_room(pinned.deployment, pinned.prompt_version, text, earlier)
    if tokens > allowed:
        alone = _("The text is %(tokens)s tokens long; %(allowed)s are allowed.")
        together = _(
            "The text and the earlier turns it carries are %(tokens)s tokens long; %(allowed)s are "
            "allowed."
        )
        sentence = together if earlier else alone
        raise InvalidInput.of("text", "over_window", sentence, tokens=tokens, allowed=allowed)


# Storing ----------------------------------------------------------------------------------------


@transaction.atomic
def _store(
    user: User, checked: _Checked, key: str | None, digest: bytes | None, delay: timedelta
) -> Submitted:
    question = Question(
        workspace=checked.workspace,
        text=checked.text,
        case_reference=checked.case_reference,
        metadata=checked.metadata,
        language=checked.language,
        language_source=checked.language_source,
        detected_language=checked.detected.language,
        detected_probability=checked.detected.probability,
        language_detector=detectors(),
        priority=checked.priority,
        idempotency_key=key,
        request_sha256=digest,
        follows=checked.follows,
    )
    record(actor_of(user), question)
    run = _request_run(
        user, question, checked.pinned, delay=delay, follows_trace=checked.follows_trace
    )
    state = QuestionState(
        question=question,
        status=QuestionStatus.QUEUED,
        updated_at=run.recorded_at,
        workspace=question.workspace,
        asked_at=question.recorded_at,
        asked_by=question.actor_id,
        language=question.language,
    )
    insert([state])
    return Submitted(question, run, created=True)


def _request_run(
    user: User,
    question: Question,
    pinned: registry.Pinned,
    *,
    number: int = 1,
    delay: timedelta = NO_DELAY,
    follows_trace: Trace | None = None,
) -> Run:
    run = Run(
        question=question,
        number=number,
        prompt_version=pinned.prompt_version,
        sampling_profile=pinned.sampling_profile,
        deployment=pinned.deployment,
        seed=secrets.randbelow(SEED_LIMIT),
        follows_trace=follows_trace,
    )
    now = clock.now()
    record(actor_of(user), run, at=now)
    scheduling.enqueue(
        run, workspace=question.workspace, priority=question.priority, due=now + delay
    )
    return run
