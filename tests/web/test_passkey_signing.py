"""Signing with a passkey: begun, shown, signed, kept, checked, and each refusal."""

import json

import pytest
from allauth.mfa.models import Authenticator as Factor

from reasoning.core import canonical, passkeys
from reasoning.models import AuditEvent, Decision, Entry, Membership, Passkey, Question, User
from reasoning.services import integrity, policies, review
from tests.authenticator import Authenticator
from tests.conftest import PASSWORD
from tests.web.test_accounts import AT, code_of, options_of, register, set_up_app, sign_in


@pytest.fixture
def reviewer(client, people):
    """The reviewer with a passkey; ``client`` is signed in."""
    sign_in(client)
    key, _answer = register(client)
    return key


@pytest.fixture
def begin(client, trace):
    def post(**fields):
        form = {
            "meaning": "approved",
            "rationale": "The sum is right.",
            "document_sha256": review.document_sha256(trace),
            "passkey": Passkey.objects.first().pk,
            **fields,
        }
        return client.post(f"/review/{trace.pk}/sign/passkey/", form, **AT)

    return post


@pytest.fixture
def finish(client, trace):
    def post(credential):
        form = {"credential": json.dumps(credential)}
        return client.post(f"/review/{trace.pk}/sign/passkey/finish/", form, **AT)

    return post


def undecided():
    return not Decision.objects.exists() and Question.objects.get().state.status == "in_review"


def test_a_passkey_signs_the_hash_of_the_decision(client, reviewer, begin, finish, trace):
    asked = client.get(f"/review/{trace.pk}/sign/", **AT).content.decode()
    assert 'Sign with <bdi dir="auto">My key</bdi>' in asked
    page = begin()
    assert page.status_code == 200
    assert "equivalent of my handwritten signature" in page.content.decode()
    assert undecided()

    answer = finish(reviewer.get(options_of(page)))
    decision = Decision.objects.get()
    assert answer["Location"] == f"/decisions/{decision.pk}/"
    assert "signed with a passkey" in client.get(answer["Location"], **AT).content.decode()
    assert Question.objects.get().state.status == "approved"
    assert integrity.mismatches([decision, decision.passkey]) == []

    signed, key = (
        canonical.decode(bytes(Entry.objects.get(subject_id=row.pk).document))
        for row in (decision, decision.passkey)
    )
    assert passkeys.verify_decision(signed, key) == reviewer.counter
    assert signed["facts"]["authentication_method"] == "passkey"
    assert passkeys.challenge(signed).hex() in page.content.decode()


@pytest.mark.parametrize(
    "how", [{"flags": 1}, {"origin": "https://evil.example"}, {"key": Authenticator().key}]
)
def test_what_does_not_verify_is_not_stored(reviewer, begin, finish, how):
    page = begin()
    vars(reviewer).update(how)
    answer = finish(reviewer.get(options_of(page)))
    assert answer.status_code == 403
    assert "was not accepted. Nothing was signed." in answer.content.decode()
    assert "The sum is right." in answer.content.decode()
    assert undecided()
    assert AuditEvent.objects.get(action="refused").code == "wrong_credentials"


def test_an_assertion_over_something_else_does_not_sign(client, reviewer, begin, finish):
    begin()
    options = client.get("/sign-in/passkey/options/", **AT).json()
    assert finish(reviewer.get(options)).status_code == 403
    assert undecided()


def test_a_signature_is_good_for_one_beginning_and_once(reviewer, begin, finish):
    old = reviewer.get(options_of(begin()))
    begin(meaning="rejected")
    assert finish(old).status_code == 403
    assert finish(old).status_code == 409
    assert AuditEvent.objects.filter(action="refused", code="conflict").count() == 1
    assert undecided()


@pytest.mark.parametrize("credential", ["", "{}", {"response": {}}, {"response": {"signature": 1}}])
def test_nonsense_is_refused(reviewer, begin, finish, credential):
    begin()
    assert finish(credential).status_code == 403
    assert undecided()


def test_a_removed_passkey_signs_no_more(reviewer, begin, finish):
    page = begin()
    Factor.objects.all().delete()
    assert finish(reviewer.get(options_of(page))).status_code == 404
    assert begin().status_code == 404
    assert undecided()


def test_somebody_elses_passkey_is_not_offered(client, reviewer, begin, people):
    sign_in(client, "reviewer2")
    client.post("/sign-out/", **AT)
    sign_in(client, "reviewer2")
    assert begin().status_code == 404


@pytest.mark.parametrize("change", [{"is_active": False}, {"locked_at": "2026-01-01T00:00Z"}])
def test_who_was_locked_out_meanwhile_does_not_sign(reviewer, begin, finish, change):
    page = begin()
    User.objects.filter(username="reviewer").update(**change)
    assert finish(reviewer.get(options_of(page))).status_code in {302, 403}
    assert undecided()


def test_who_lost_the_role_meanwhile_does_not_sign(reviewer, begin, finish):
    page = begin()
    Membership.objects.filter(user__username="reviewer").delete()
    assert finish(reviewer.get(options_of(page))).status_code == 404
    assert undecided()


def test_an_unfinished_form_is_shown_again(reviewer, begin):
    answer = begin(rationale=" ")
    assert answer.status_code == 400
    assert 'id="errors"' in answer.content.decode()
    assert begin(document_sha256="0" * 64).status_code == 409
    assert undecided()


# Codes ------------------------------------------------------------------------------------------


def test_where_the_policy_demands_it_a_password_needs_a_code_too(client, people, trace):
    policies.change(
        user=people["admin"],
        workspace=trace.run.question.workspace,
        reason="From now on.",
        second_factor=True,
    )
    sign_in(client)
    path = f"/review/{trace.pk}/sign/"
    form = {
        "meaning": "approved",
        "rationale": "The sum is right.",
        "password": PASSWORD,
        "code": "000000",
        "document_sha256": review.document_sha256(trace),
    }
    assert "Set up an app for codes" in client.post(path, form, **AT).content.decode()
    set_up_app(client)
    answer = client.post(path, form, **AT)
    assert "The password or the code is wrong" in answer.content.decode()
    assert User.objects.get(username="reviewer").failed_credentials == 1
    code = code_of(people["reviewer"])
    assert client.post(path, {**form, "code": code}, **AT).status_code == 302
    assert Decision.objects.get().authentication_method == "password and code"
