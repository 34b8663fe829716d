"""A log with something of everything in it, in days: what attacks are carried out on.

Made once and copied: each test has a database and a signer's directory of its own.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

from allauth.mfa.models import Authenticator as Factor
from django.conf import settings

from reasoning.models import (
    EVIDENCE,
    Action,
    ComparisonRequest,
    Decision,
    Ending,
    ExportRequest,
    Place,
    PreliminaryView,
    Question,
    Replay,
    Rescore,
    Trace,
    User,
    Workspace,
)
from reasoning.services import (
    access,
    annotating,
    audit,
    erasure,
    leases,
    log_keys,
    passkeys,
    policies,
    questions,
    recusals,
    review,
    seeding,
    traces,
    training,
)
from reasoning.services.evidence import SYSTEM, record
from reasoning.services.traces import Arrived, Outcome
from reasoning.services.wishes import Wish
from tests import approving, stack
from tests.authenticator import Authenticator, text
from tests.conftest import PASSWORD, deployment_columns, whole
from tests.databases import copy_database, copy_migrated, harden
from tests.log.ledger import APPLICATION, SEQUENCER, Ledger, connected, drain, sequencer

FIRST_DAY, TODAY = "populated_first_day", "populated"
ANSWERS = (
    "<think>\nTwo and two are four.\n</think>\n\nThe answer is \\boxed{4}.",
    "<think>\nThree and three are six.\n</think>\n\nThe answer is six.",
)


@dataclass(frozen=True)
class Populated:
    """A log of two days: its databases by name, and its signer's directory for each of them."""

    server: stack.Server
    directories: dict[str, Path]
    vkey: str

    def copy(self, name: str, target: str, directory: Path) -> Ledger:
        """A copy of one day's database and signer."""
        copy_database(self.server, name, target)
        harden(self.server, target)
        shutil.copytree(self.directories[name], directory)
        return Ledger(lambda role: self.server.url(role, target), directory)


def populate(server: stack.Server, home: Path) -> Populated:
    """Make both days. The settings' directory of the signer is ``home / "signer"`` meanwhile."""
    copy_migrated(server, TODAY)
    ledger = Ledger(lambda role: server.url(role, TODAY), home / "signer")
    before = settings.LOG_DIR, settings.SIGNER_STATE
    settings.LOG_DIR, settings.SIGNER_STATE = ledger.directory, ledger.directory / "signed"
    try:
        _first_day(ledger)
        copy_database(server, TODAY, FIRST_DAY)
        shutil.copytree(ledger.directory, home / "first_day")
        _second_day(ledger)
        with connected(ledger.url(SEQUENCER)):
            vkey = str(log_keys.listed()[0].key)
    finally:
        settings.LOG_DIR, settings.SIGNER_STATE = before
    return Populated(server, {FIRST_DAY: home / "first_day", TODAY: ledger.directory}, vkey)


def sequence(ledger: Ledger) -> None:
    with connected(ledger.url(SEQUENCER)):
        drain(sequencer())


def _first_day(ledger: Ledger) -> None:
    """Questions, answers, decisions, an erasure, an export; more entries than a tile has."""
    with connected(ledger.url(APPLICATION)):
        seeding.seed_people({})
        people = {user.username: user for user in User.objects.all()}
        for user in people.values():
            user.set_password(PASSWORD)
            user.save()
        prompt, profile = seeding.seed_registry()
        approving.allow(prompt, profile, seeding.seed_deployment(deployment_columns()))
        decide(people, ANSWERS[0], "rejected")
        look_around(people["auditor"], 150)
    sequence(ledger)
    with connected(ledger.url(APPLICATION)):
        people = {user.username: user for user in User.objects.all()}
        training.remember(
            user=people["admin"],
            workspace=Workspace.objects.get(slug="finance"),
            person=people["reviewer"],
            course="Reviewing",
            completed_on=training.today(),
        )
        decide(people, ANSWERS[1], "approved", with_passkey=True)
        look_around(people["auditor"], 150)
        seen = audit.remember(action=Action.VIEWED, place=Place.PAGE, detail="A name, by mistake.")
        erasure.erase(
            user=people["admin"],
            subject=seen,
            fields=["detail"],
            legal_basis="GDPR Article 17(1)(d)",
            reason="Stored by mistake.",
        )
        audit.remember_change(
            user=people["admin"],
            subject=people["analyst2"],
            field="role",
            old="",
            new="analyst",
            reason="She asks from now on.",
        )
        policies.change(
            user=people["admin"],
            workspace=Workspace.objects.get(slug="finance"),
            reason="Two pairs of eyes were too few.",
            approvals=2,
            checklist=["Figures checked."],
        )
        request = ExportRequest(workspace_ids=[], question_ids=[], decided=True)
        record(audit.actor_of(people["auditor"]), request)
    sequence(ledger)


def _second_day(ledger: Ledger) -> None:
    with connected(ledger.url(APPLICATION)):
        people = {user.username: user for user in User.objects.all()}
        found = decide(people, ANSWERS[1], "approved", answers=("yes",))
        compare(people["reviewer"], found.trace)
    sequence(ledger)
    with connected(ledger.url(APPLICATION)):
        look_around(User.objects.get(username="reviewer"), 5)
    sequence(ledger)


def compare(user: User, trace: Trace) -> None:
    """The trace was held against its engine again, in both ways, as the worker would store it."""
    asked = {"trace": trace, "question_id": trace.question_id}
    wishes = {kind: ComparisonRequest(**asked, what=kind) for kind in ("replay", "rescore")}
    record(audit.actor_of(user), *wishes.values())
    seen = {
        "trace_id": trace.pk,
        "question_id": trace.question_id,
        "engine_model": "a model",
        "engine_version": "1",
        "engine_fingerprint": "fp",
        "differing": [],
        "failure_code": "",
        "failure": "",
    }
    again = Replay(
        request=wishes["replay"],
        **seen,
        unit="tokens",
        compared=3,
        again=3,
        matched=2,
        first_difference=3,
        share="0.6667",
        finish_reason="stop",
        engine_request_id="request",
        total_ms=5,
        raw_response=b"{}",
        raw_text="Six.",
        output_token_ids=b"\1\0\0\0",
    )
    scored = Rescore(
        request=wishes["rescore"],
        **seen,
        verdict="agrees",
        tokens=1,
        mean_logprob="-0.1",
        likeliest=1,
        expected="0.9",
        deviation="0.3",
        impossible=0,
        scores=b"\0" * 16,
    )
    record(SYSTEM, again, scored)


def sign_with_password(**what: object) -> Decision:
    return review.sign(password=PASSWORD, **what)


def sign_with_passkey(*, user: User, trace: Trace, **what: object) -> Decision:
    """Register a passkey, and sign with it."""
    key = Authenticator()
    options = {"publicKey": {"user": {"id": text(str(user.pk).encode())}, "challenge": text(b"x")}}
    kept = {"name": "A passkey", "credential": key.create(options)}
    row = Factor.objects.create(user=user, type="webauthn", data=kept)
    passkey = passkeys.register(user=user, authenticator=row, rp_id=key.rp_id)
    site = {"rp_id": key.rp_id}
    wish = Wish(what["meaning"], what["rationale"], what["document_sha256_shown"])
    frozen = passkeys.freeze(user=user, trace=trace, wish=wish, passkey_id=passkey.pk, **site)
    challenge = passkeys.challenge(user=user, trace=trace, frozen=frozen)
    assertion = key.assertion(challenge)
    return passkeys.sign(user=user, trace=trace, frozen=frozen, assertion=assertion, **site)


def decide(
    people: dict[str, User],
    text_of_answer: str,
    meaning: str,
    *,
    with_passkey: bool = False,
    **more: object,
) -> SimpleNamespace:
    """One question, asked, answered, annotated and decided on; one reviewer keeps out."""
    found = answer(people, text_of_answer)
    trace = found.trace
    if with_passkey:
        recusals.recuse(user=people["reviewer2"], trace=trace, reason="My own account.")
        view = PreliminaryView(trace=trace, question=found.question, view="It should be six.")
        record(audit.actor_of(people["reviewer"]), view)
    annotating.annotate(
        user=people["reviewer"], trace=trace, part="thinking", start=1, end=4, note="Indeed."
    )
    found.decision = (sign_with_passkey if with_passkey else sign_with_password)(
        user=people["reviewer"],
        trace=trace,
        meaning=meaning,
        rationale="I have added it up myself.",
        document_sha256_shown=review.document_sha256(trace),
        **more,
    )
    return found


def answer(people: dict[str, User], text_of_answer: str) -> SimpleNamespace:
    """One question, asked and answered."""
    asked = questions.Asked(workspace="finance", text="What is it?", case_reference="AML-7")
    submitted = questions.submit(user=people["analyst"], asked=asked, idempotency_key=None)
    claim = leases.claim(run_id=submitted.run.pk, worker="test:1")
    outcome = Outcome(claim, Ending.FINISHED, None, whole(text_of_answer))
    stored = traces.store(outcome, Arrived("", ()))
    trace = access.readable_trace(people["reviewer"], stored.trace.pk)
    return SimpleNamespace(question=submitted.question, trace=trace)


def look_around(user: User, times: int) -> None:
    """Audit events about the last question."""
    question = Question.objects.order_by("pk").last()
    for _time in range(times):
        audit.remember(
            action=Action.VIEWED, place=Place.PAGE, user=user, question=question, detail="a page"
        )


def has_everything(ledger: Ledger) -> bool:
    """Whether every evidence table has a row."""
    tables = [model._meta.db_table for model in EVIDENCE]
    return all(ledger.rows(f"SELECT EXISTS (SELECT FROM {table})")[0][0] for table in tables)
