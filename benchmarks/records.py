"""Records for benchmarks: asked, answered, noted on and decided through the services.

Every language, three workspaces with their policies, statuses, cases, findings and notes; each
trace has about 30 KB of texts and token ids. What is searched for is put in on purpose: a word that
is in most traces, one in a few of a hundred, and one in ten records only.
"""

import random
import re
import zlib
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from benchmarks.evidence_cost import deployment_columns

QUESTIONS = Path(__file__).parent / "data" / "questions.txt"
OCTETS = 30_000
PASSWORD = "correct horse battery"
WORKSPACES = ("finance", "legal", "healthcare")
ANALYSTS, REVIEWERS = 8, 12

COMMON = "The customer's file was read again before this was written."
SOME = "The money stayed in escrow until then."
RARE = "A quitclaim was found in the attic."
"""Sentences for most traces, for one in fifty, and for ``RARELY`` records that are never copied."""
RARELY = 10

CANCELLED, IN_REVIEW, DECIDED = "cancelled", "in_review", "decided"
NOTED = "AML-7000"
"""The case of the record that pages about one record show: decided, with a note."""
WAITING = "AML-7009"
"""And of the one that waits at the desk."""


def make(count: int) -> None:
    """So many records, and ``RARELY`` more with the rare word."""
    people = settle()
    for number in range(count):
        make_record(number, people, extra="")
    for number in range(count, count + RARELY):
        make_record(number, people, extra=RARE)


def settle() -> dict[str, list[Any]]:
    """Workspaces with their policies, what may be used in them, and people by role, whose passwords
    are hashed quickly: signing is not what is measured."""
    from django.conf import settings

    from reasoning.models import Membership, User, Workspace
    from reasoning.services import registry, seeding
    from tests import approving

    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    seeding.seed_people({})
    columns = deployment_columns()
    second = {**columns, "model": "another"}
    versions = [*seeding.seed_registry(), seeding.seed_deployment(columns)]
    versions.append(registry.propose_deployment(author=None, name="second", **second))
    approving.allow(*versions)
    seeding.seed_policies()
    people: dict[str, list[Any]] = {}
    for role, number in (("analyst", ANALYSTS), ("reviewer", REVIEWERS)):
        names = [role, f"{role}2", *(f"{role}{n}" for n in range(3, number + 1))]
        for name in names:
            user, _made = User.objects.get_or_create(
                username=name, defaults={"display_name": name.title()}
            )
            user.set_password(PASSWORD)
            user.save()
            for room in Workspace.objects.filter(slug__in=WORKSPACES):
                Membership.objects.get_or_create(user=user, workspace=room, role=role)
        people[role] = [User.objects.get(username=name) for name in names]
    return people


def kind_of(number: int) -> str:
    """One in ten waits for a decision, one in fifty was cancelled."""
    if number % 10 == 9:
        return IN_REVIEW
    return CANCELLED if number % 50 == 22 else DECIDED


def make_record(number: int, people: dict[str, list[Any]], extra: str) -> None:
    from reasoning.models import Place
    from reasoning.services import questions, runs

    language, texts = list(known().items())[number % 25]
    analyst = people["analyst"][number % ANALYSTS]
    asked = questions.Asked(
        workspace=WORKSPACES[number % 3],
        text=f"{texts[number // 25 % len(texts)]} {extra}".strip(),
        case_reference=f"AML-7{number:03}",
        language=language,
        deployment="second@1" if number % 10 == 3 else None,
    )
    run = questions.submit(user=analyst, asked=asked).run
    kind = kind_of(number)
    if kind == CANCELLED:
        runs.cancel(user=analyst, run=run, place=Place.PAGE)
        return
    thinks_in = "en" if number % 8 == 5 else language
    text = text_of(number, thinks_in, language, extra)
    trace = answer(run, text, cut=number % 40 == 30)
    if number % 8 == 0:
        note(people["reviewer"][number % REVIEWERS], trace)
    if kind == DECIDED:
        decide(number, people["reviewer"], trace)


def answer(run: Any, text: str, *, cut: bool) -> Any:
    """Store the trace; ``cut``: the answer ended at the limit, which keeps it from approval."""
    from reasoning.inference.requests import Fidelity, Generation
    from reasoning.models import Ending
    from reasoning.services import leases, traces
    from reasoning.services.traces import Arrived, Outcome

    claim = leases.claim(run_id=run.pk, worker="benchmark")
    ids = tuple(zlib.crc32(piece.encode()) % 131_000 for piece in re.findall(r"\s?\w{1,4}|.", text))
    whole = Generation(
        raw_response=text.encode(), text=text, token_ids=ids, prompt_token_ids=(),
        finish_reason="length" if cut else "stop", fidelity=Fidelity.RAW_IDS,
        model=run.deployment.model, fingerprint="", request_id="", prompt_tokens=3,
        completion_tokens=len(ids), first_token_ms=1, total_ms=1,
    )  # fmt: skip
    stored = traces.store(Outcome(claim, Ending.FINISHED, None, whole), Arrived("", ()))
    assert stored is not None
    return stored.trace


def note(user: Any, trace: Any) -> None:
    from reasoning.services import annotating

    span = {"part": "summary", "start": 0, "end": 12}
    annotating.annotate(user=user, trace=trace, note="Compare this with the file.", **span)


def decide(number: int, reviewers: Sequence[Any], trace: Any) -> None:
    """Looked at, taken and signed, by two people where the policy asks for two."""
    from reasoning.models import Severity

    cut = trace.findings.filter(severity=Severity.BLOCKING).exists()
    others = {0: "rejected", 1: "sent_back"}
    meaning = "rejected" if cut else others.get(number % 7, "approved")
    needed = 2 if trace.run.question.workspace.slug == "legal" and meaning == "approved" else 1
    for more in range(needed):
        sign(reviewers[(number + more) % REVIEWERS], trace, meaning)


def sign(user: Any, trace: Any, meaning: str) -> None:
    from reasoning.models import Action, Place
    from reasoning.services import access, audit, claims, policies, preliminary, review

    trace = access.trace_to_review(user, trace.pk)
    question = trace.run.question
    policy = policies.policy_of(question.workspace)
    if policy.preliminary_view:
        preliminary.say(user=user, trace=trace, view="It depends on the file.")
    audit.remember(
        action=Action.VIEWED,
        place=Place.PAGE,
        user=user,
        question=question,
        subject_id=trace.pk,
    )
    claims.claim(user=user, trace=trace)
    review.sign(
        user=user,
        trace=trace,
        meaning=meaning,
        rationale="The summary was compared with the customer's file.",
        password=PASSWORD,
        document_sha256_shown=review.document_sha256(trace),
        answers=("yes",) * len(policy.checklist),
        no_conflict=policy.conflict_statement,
        asked_anew="And under the law of the other country?" if meaning == "sent_back" else "",
    )


# Texts ------------------------------------------------------------------------------------------


@cache
def known() -> dict[str, list[str]]:
    """The questions of each language, those of both lengths."""
    found: dict[str, list[str]] = {}
    language = ""
    for line in QUESTIONS.read_text(encoding="utf-8").splitlines():
        if line.startswith("== "):
            language = line.split()[1]
        elif line and not line.startswith("#"):
            found.setdefault(language, []).append(line)
    return found


def text_of(number: int, thinks_in: str, language: str, extra: str) -> str:
    """Thinking and summary: with its copies and token ids a trace has about ``OCTETS``."""
    thinking = "\n\n".join(paragraphs(number, thinks_in, OCTETS // 5))
    summary = "\n\n".join([*paragraphs(number + 1, language, OCTETS // 40), extra]).strip()
    return f"<think>\n{thinking}\n</think>\n\n{summary}"


def paragraphs(number: int, language: str, octets: int) -> Iterator[str]:
    """Sentences of the language with amounts, and those that are searched for."""
    chance = random.Random(number)
    if number % 10 < 6:
        yield COMMON
    if number % 50 == 11:
        yield SOME
    while octets > 0:
        sentences = [
            f"{sentence} {chance.randrange(10**6):,} EUR."
            for sentence in chance.choices(known()[language], k=4)
        ]
        paragraph = " ".join(sentences)
        yield paragraph
        octets -= len(paragraph.encode())
