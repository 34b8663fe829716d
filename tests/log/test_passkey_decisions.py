"""Step 12: decisions that a passkey signed, in a bundle and in the log; and one that none did."""

import io

import pytest
from django.test import Client

from reasoning.core import proofs
from reasoning.core.keys import VerifierKey
from reasoning.core.merkle import leaf_hash
from reasoning.core.passkeys import METHOD
from reasoning.core.policies import Policy
from reasoning.core.reports import Status, Verdict
from reasoning.core.verification import Trust
from reasoning.core.verification import verify as verify_bundle
from reasoning.models import Decision, Entry, Passkey, User
from reasoning.services import access, bundles, export_requests, review
from reasoning.services.export_requests import Scope
from reasoning.services.verification import Wanted, verify
from reasoning.services.wishes import Wish
from tests.log.ledger import APPLICATION, SEQUENCER, connected, drain, sequencer
from tests.log.populated import ANSWERS, TODAY, answer


@pytest.fixture
def ledger(copies, tmp_path, settings):
    settings.EXPORT_DIR = tmp_path / "exports"
    return copies(TODAY)


@pytest.fixture
def offline(ledger, populated):
    """The bundle of a decision's question, made and verified; the report."""
    trust = Trust(Policy.of_keys([VerifierKey.parse(populated.vkey)]))

    def run(decision):
        with connected(ledger.url(APPLICATION)):
            auditor = User.objects.get(username="auditor")
            scope = Scope(questions=(decision.question_id,))
            job = export_requests.ask(user=auditor, scope=scope)
            bundles.build(job_id=job.pk)
            data = export_requests.file_of(job).read_bytes()
        return verify_bundle(io.BytesIO(data), trust)

    return run


def invent(ledger):
    """A compromised service stores a decision as signed with a passkey, and the log takes it."""
    with connected(ledger.url(APPLICATION)):
        passkey = Passkey.objects.get()
        user = User.objects.get(pk=passkey.actor_id)
        people = {person.username: person for person in User.objects.all()}
        trace = access.readable_trace(user, answer(people, ANSWERS[1]).trace.pk)
        wish = Wish("approved", "Nobody has written this.", review.document_sha256(trace))
        decision = review.draft(user, trace, wish, METHOD)
        old = passkey.decisions.get()
        for name in ("authenticator_data", "client_data", "signature", "nonce"):
            setattr(decision, name, getattr(old, name))
        decision.passkey = passkey
        review.conclude(user, decision)
    with connected(ledger.url(SEQUENCER)):
        drain(sequencer())
    return decision


def test_it_verifies_offline_and_in_the_log(ledger, offline, populated):
    with connected(ledger.url(APPLICATION)):
        decision = Decision.objects.get(passkey__isnull=False)
    report = offline(decision)
    assert report.verdict == Verdict.VERIFIED
    assert (report.steps[12].checked, report.steps[12].status) == (1, Status.CHECKED)
    report = verify(Wanted())
    assert (report.steps[12].checked, report.steps[12].observations) == (1, [])


def test_a_signature_moved_to_another_decision_is_found(ledger, offline):
    decision = invent(ledger)
    for report in (offline(decision), verify(Wanted())):
        (seen,) = report.steps[12].observations
        assert seen.verdict == Verdict.TAMPERED
        assert seen.message == "The passkey signed another document."
        assert [step.number for step in report.steps if step.status == Status.FAILED] == [12]


def test_its_receipt_shows_the_proof_and_gives_it(ledger, populated):
    policy = Policy.of_keys([VerifierKey.parse(populated.vkey)])
    with connected(ledger.url(APPLICATION)):
        decision = Decision.objects.get(passkey__isnull=False)
        document = bytes(Entry.objects.get(subject_id=decision.pk).document)
        client = Client()
        client.force_login(User.objects.get(username="auditor"))
        answer = client.get(f"/decisions/{decision.pk}/proof/")
        page = client.get(f"/decisions/{decision.pk}/").content.decode()
    assert answer["Content-Disposition"].endswith(f'{decision.pk}.tlog-proof"')
    assert proofs.parse(answer.content).verify(leaf_hash(document), policy)
    assert answer.content.decode().splitlines()[1] in page
