"""Administering people: who may do what to whom, that it works, and what is kept of it."""

import re

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.test import Client
from django.utils import translation

from reasoning.models import AuditEvent, Change, Decision, Membership, User, Workspace
from reasoning.services import api_tokens, review
from reasoning.web.changes import lines
from tests.conftest import PASSWORD
from tests.web.test_accounts import AT, register, set_up_app, sign_in

NEW = "a long first one"


@pytest.fixture
def admin(browse):
    return browse("admin")


@pytest.fixture
def act(admin):
    """What the administrator does to somebody on their page."""

    def post(user, wanted, reason="Because.", **more):
        form = {"act": wanted, "reason": reason, **more}
        return admin.post(f"/people/{user.pk}/act/", form)

    return post


def invite(admin, **fields):
    form = {
        "display_name": "Nadia Brandt",
        "username": "nadia",
        "email": "nadia@example.org",
        "workspace": "finance",
        "role": "reviewer",
        "reason": "She joins us.",
        **fields,
    }
    return admin.post("/people/invite/", form)


def link_in(page):
    return re.search(r"/invitation/[\w-]+/", page.content.decode())[0]


def changes(user):
    rows = Change.objects.filter(subject_id=user.pk).order_by("recorded_at", "id")
    return list(rows.values_list("field", "old", "new", "actor_name", "reason"))


# Invitations ------------------------------------------------------------------------------------


def test_an_invited_person_comes_once_and_signs_in(admin, client):
    link = link_in(invite(admin))
    nadia = User.objects.get(username="nadia")
    assert changes(nadia) == [
        ("account", "", "nadia", "Tomás Ortega", "She joins us."),
        ("role", "", "reviewer", "Tomás Ortega", "She joins us."),
    ]
    assert sign_in(client, "nadia", "").status_code == 200
    assert b'Welcome, <bdi dir="auto">Nadia Brandt</bdi>' in client.get(link).content
    assert client.post(link, {"password": "123", "again": "123"}).status_code == 400
    assert client.post(link, {"password": NEW, "again": "other"}).status_code == 400
    assert client.post(link, {"password": NEW, "again": NEW}).status_code == 302
    assert client.get(link).status_code == 404
    assert AuditEvent.objects.get(action="joined").actor_id == nadia.pk
    assert sign_in(client, "nadia", NEW).status_code == 302
    assert client.get("/review/", **AT).status_code == 200


def test_a_link_that_is_too_old_or_was_replaced_is_none(admin, act, client, settings):
    link = link_in(invite(admin))
    nadia = User.objects.get(username="nadia")
    newer = link_in(act(nadia, "invite-again"))
    assert client.get(link).status_code == 404
    assert client.get(newer).status_code == 200
    settings.INVITATION_HOURS = -1
    assert client.get(link_in(act(nadia, "invite-again"))).status_code == 404


def test_the_link_is_mailed_where_mail_is_set_up(admin, settings):
    assert b"It was mailed" not in invite(admin).content
    settings.EMAIL_HOST = "mail.example.org"
    page = invite(admin, username="nadia2")
    assert b"It was mailed" in page.content
    assert link_in(page) in mail.outbox[0].body


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("username", "reviewer"),
        ("username", "REVIEWER"),
        ("username", "two words"),
        ("email", "nowhere"),
        ("role", "king"),
        ("workspace", "elsewhere"),
        ("reason", " "),
        ("display_name", ""),
    ],
)
def test_an_invitation_that_is_wrong_makes_nothing(admin, field, value):
    before = User.objects.count()
    answer = invite(admin, **{field: value})
    assert answer.status_code == 400
    assert b'id="errors"' in answer.content
    assert User.objects.count() == before


def test_the_first_administrator_is_invited_on_the_command_line(people, client, capsys):
    call_command("invite", "first", "legal", "--reason", "A new service.")
    link = capsys.readouterr().out.strip()
    assert client.post(link, {"password": NEW, "again": NEW}).status_code == 302
    sign_in(client, "first", NEW)
    assert client.get("/people/", **AT).status_code == 200
    with pytest.raises(CommandError, match="given before"):
        call_command("invite", "first", "legal", "--reason", "Again.")


# Roles ------------------------------------------------------------------------------------------


def test_roles_are_given_and_taken_with_a_reason(act, people, admin):
    user, finance = people["analyst2"], {"workspace": "finance", "role": "reviewer"}
    assert act(user, "give-role", **finance).status_code == 302
    assert act(user, "give-role", **finance).status_code == 409
    assert act(user, "take-role", **finance).status_code == 302
    assert act(user, "take-role", **finance).status_code == 409
    assert changes(user) == [
        ("role", "", "reviewer", "Tomás Ortega", "Because."),
        ("role", "reviewer", "", "Tomás Ortega", "Because."),
    ]
    page = admin.get(f"/people/{user.pk}/").content.decode()
    assert page.count("Because.") == 2
    assert act(user, "give-role", reason=" ", **finance).status_code == 400
    assert act(user, "give-role", workspace="finance", role="king").status_code == 400


@pytest.mark.parametrize(
    ("field", "value", "said"),
    [
        ("role", "administrator", "Rolle: Verwaltung"),
        ("state", "deactivated", "Zustand: deaktiviert"),
        ("second_factor", "totp, webauthn", "zweiter Faktor: Einmalcodes, Passkeys"),
        ("sessions", "2", "Sitzungen: 2"),
        ("account", None, "Konto: "),
    ],
)
def test_a_change_is_said_in_the_readers_language(field, value, said):
    with translation.override("de"):
        (line,) = lines([Change(field=field, old=value, new="")])
        assert f"{line.field}: {line.old}" == said


# Out and in -------------------------------------------------------------------------------------


def test_a_deactivated_reviewer_is_out_and_the_signature_stays(act, people, trace, client, browse):
    user = people["reviewer"]
    sign_in(client)
    token = api_tokens.issue(user=user, name="script")
    decision = review.sign(
        user=user,
        trace=trace,
        meaning="rejected",
        rationale="It is wrong.",
        password=PASSWORD,
        document_sha256_shown=review.document_sha256(trace),
    )
    assert act(user, "deactivate").status_code == 302
    assert client.get("/review/", **AT).status_code == 302
    assert sign_in(Client()).status_code == 200
    assert api_tokens.user_of(token) is None
    receipt = browse("auditor").get(f"/decisions/{decision.pk}/").content.decode()
    assert "Claire Fontaine" in receipt
    assert "as recorded" in receipt
    assert act(user, "reactivate").status_code == 302
    assert api_tokens.user_of(token) is None
    assert sign_in(Client()).status_code == 302
    assert [change[:3] for change in changes(user)] == [
        ("state", "active", "deactivated"),
        ("state", "deactivated", "active"),
    ]


def test_a_deactivated_reviewer_does_not_sign(people, trace):
    User.objects.filter(username="reviewer").update(is_active=False)
    with pytest.raises(review.credentials.AccountLocked):
        review.sign(
            user=people["reviewer"],
            trace=trace,
            meaning="rejected",
            rationale="It is wrong.",
            password=PASSWORD,
            document_sha256_shown=review.document_sha256(trace),
        )
    assert not Decision.objects.exists()


def test_a_lock_raises_an_alert_and_is_ended_with_a_reason(act, people, client, admin):
    for _ in range(5):
        sign_in(client, password="guess")
    page = admin.get("/people/").content.decode()
    assert "Locked after wrong passwords or codes" in page
    assert act(people["reviewer"], "unlock", reason="").status_code == 400
    assert act(people["reviewer"], "unlock").status_code == 302
    assert act(people["reviewer"], "unlock").status_code == 409
    assert changes(people["reviewer"])[0][0] == "locked"
    assert sign_in(client).status_code == 302
    assert "Locked after" not in admin.get("/people/").content.decode()


def test_a_second_factor_is_reset_and_sessions_end(act, people, client):
    sign_in(client)
    set_up_app(client)
    register(client)
    assert act(people["reviewer"], "reset-factors").status_code == 302
    assert client.get("/review/", **AT).status_code == 302
    assert changes(people["reviewer"])[0][:3] == (
        "second_factor",
        "recovery_codes, totp, webauthn",
        "",
    )
    assert sign_in(client).status_code == 302
    assert client.get("/review/", **AT).status_code == 200
    act(people["reviewer"], "end-sessions")
    assert client.get("/review/", **AT).status_code == 302
    assert changes(people["reviewer"])[1][:3] == ("sessions", "1", "0")


# Who may ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["analyst", "reviewer", "auditor"])
def test_nobody_else_finds_these_pages(browse, people, name):
    browser, where = browse(name), f"/people/{people['analyst2'].pk}/"
    for path in ("/people/", "/people/invite/", where):
        assert browser.get(path).status_code == 404
    assert browser.post(f"{where}act/", {"act": "deactivate", "reason": "x"}).status_code == 404
    assert User.objects.get(username="analyst2").is_active


def test_nobody_administers_themselves(act, people):
    finance = {"workspace": "finance", "role": "reviewer"}
    for wanted in ("give-role", "deactivate", "unlock", "reset-factors"):
        answer = act(people["admin"], wanted, **finance)
        assert answer.status_code == 403
        assert b"Another administrator" in answer.content
    assert AuditEvent.objects.filter(action="refused").count() == 4


def test_an_account_that_also_belongs_elsewhere_is_for_its_administrators(act, people):
    elsewhere = Workspace.objects.get(slug="legal")
    Membership.objects.filter(user=people["admin"], workspace=elsewhere).delete()
    assert act(people["reviewer"], "deactivate").status_code == 403
    assert act(people["reviewer"], "reset-factors").status_code == 403
    legal = {"workspace": "legal", "role": "auditor"}
    assert act(people["reviewer"], "give-role", **legal).status_code == 403
    finance = {"workspace": "finance", "role": "auditor"}
    assert act(people["reviewer"], "give-role", **finance).status_code == 302
