"""Rooms of auditors and administrators: figures, people, who looked at what."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET

from reasoning.core.errors import NotFound, Refused, gettext_noop
from reasoning.core.reading_pace import FASTEST_TOKENS_PER_SECOND
from reasoning.models import AuditEvent, Entry, Meaning, Role, User, Workspace
from reasoning.services import (
    access,
    clock,
    figures,
    log_state,
    looks,
    proofs,
    reviewing,
    withholding,
)
from reasoning.web import charts
from reasoning.web.forms import Optional
from reasoning.web.questions import address_of_rest
from reasoning.web.records import record_of
from reasoning.web.requests import SignedIn, signed_in

TABS = [("oversight", _("Figures")), ("log", _("Log"))]
AUDITORS_TABS = [
    ("oversight", _("Figures")),
    ("reviewers", _("People")),
    ("samples", _("Samples")),
    ("log", _("Log")),
]
HEALTH = ("health", _("Health"))
AGES = (
    _("under a day"),
    _("1 to 3 days"),
    _("3 to 7 days"),
    _("7 to 30 days"),
    _("over 30 days"),
)


class PeriodForm(forms.Form):
    """Which days, and which workspace."""

    workspace = Optional(label=_("Workspace"))
    days = Optional(label=_("Period"))

    def __init__(self, rooms: list[Workspace], data: QueryDict) -> None:
        super().__init__(data)
        named = [(room.slug, room.name) for room in rooms]
        self.fields["workspace"].choices = [("", _("All")), *named]  # type: ignore[attr-defined]
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (str(days), ngettext("%(n)s day", "%(n)s days", days) % {"n": days})
            for days in figures.PERIODS
        ]
        self.initial = {"days": "30"}

    def chosen(self) -> tuple[str, int]:
        """The workspace's slug (empty: all) and the days."""
        self.is_valid()
        days = self.cleaned_data.get("days")
        return str(self.cleaned_data.get("workspace") or ""), int(days or 30)


def audited(user: User) -> list[Workspace]:
    """The workspaces that the user audits. Raises Refused without any."""
    rooms = access.workspaces_of(user, Role.AUDITOR)
    if not rooms:
        raise Refused(gettext_noop("This needs the role of an auditor in a workspace."))
    return rooms


def tabs_for(user: User) -> list[tuple[str, Any]]:
    """The parts of oversight that the user may open."""
    tabs = AUDITORS_TABS if access.workspaces_of(user, Role.AUDITOR) else TABS
    return [*tabs, HEALTH] if access.workspaces_of(user, Role.ADMINISTRATOR) else tabs


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """Backlog, throughput, times, overrides and findings, as charts with their tables."""
    rooms = figures.rooms_of(request.user)
    if not rooms:
        raise Refused(gettext_noop("This needs the role of an auditor or an administrator."))
    form = PeriodForm(rooms, request.GET)
    slug, days = form.chosen()
    chosen = [room for room in rooms if slug in ("", room.slug)]
    since = clock.now() - timedelta(days=days - 1)
    daily = figures.by_day(chosen, since)
    pace = figures.by_pace(chosen, since)
    context = {
        "part": "oversight",
        "tabs": tabs_for(request.user),
        "form": form,
        "daily": daily,
        "daily_chart": charts.columns([[one.meanings[m] for m in Meaning] for one in daily]),
        "decided": sum(one.decided for one in daily),
        "pace": pace,
        "pace_chart": charts.columns([[count] for _pace, count in pace]),
        "reviewers": figures.by_reviewer(chosen, since),
        "by_language": figures.by_language(chosen, since),
        "findings_by_language": figures.findings_by_language(chosen, since),
        "findings_by_prompt": figures.findings_by_prompt(chosen, since),
        "fastest": FASTEST_TOKENS_PER_SECOND,
        "audits": bool(access.workspaces_of(request.user, Role.AUDITOR)),
        **_backlog(chosen),
    }
    return render(request, "oversight/figures.html", context)


def _backlog(rooms: list[Workspace]) -> dict[str, Any]:
    found = figures.backlog(rooms)
    return {
        "backlog": found,
        "ages": list(zip(AGES, found.ages, strict=True)),
        "ages_chart": charts.columns([[count] for count in found.ages]),
    }


# People -----------------------------------------------------------------------------------------


@signed_in
@require_GET
def people(request: SignedIn) -> HttpResponse:
    """Everybody in the workspaces that this person audits."""
    rooms = audited(request.user)
    context = {
        "part": "reviewers",
        "tabs": tabs_for(request.user),
        "people": looks.people_in(rooms),
    }
    return render(request, "oversight/people.html", context)


def of_person(template: str) -> Callable[..., Callable[..., Any]]:
    """A page about one person, who must belong to a workspace that the reader audits."""

    def decorate(view: Callable[..., dict[str, Any]]) -> Callable[..., Any]:
        def page(request: HttpRequest, identifier: UUID) -> HttpResponse:
            assert isinstance(request.user, User)
            rooms = audited(request.user)
            person = next((one for one in looks.people_in(rooms) if one.pk == identifier), None)
            if person is None:
                raise NotFound
            found = view(person.pk, rooms, request.GET.get("after", ""))
            more = address_of_rest(request.GET, found["page"].cursor)
            context = {"person": person, "tabs": tabs_for(request.user), "part": "reviewers"}
            return render(request, template, {**context, **found, "more": more})

        return signed_in(require_GET(page))

    return decorate


@of_person("oversight/decisions.html")
def decisions(person: UUID, rooms: list[Workspace], after: str) -> dict[str, Any]:
    """All decisions of a person, with outcome and time."""
    return {"page": reviewing.of_person(person=person, rooms=rooms, cursor=after)}


@of_person("oversight/looks.html")
def looked(person: UUID, rooms: list[Workspace], after: str) -> dict[str, Any]:
    """Everything that a person looked at, and what they searched for last."""
    searches: list[AuditEvent] = looks.searches_of(person)
    return {
        "page": looks.of_person(person=person, rooms=rooms, cursor=after),
        "searches": [(one, looks.searched_for(one)) for one in searches] if not after else [],
    }


# One record -------------------------------------------------------------------------------------


@signed_in
@require_GET
def readers(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Who looked at a question's record, when and where."""
    question = access.readable_question(request.user, identifier)
    access.require_role(request.user, question.workspace_id, Role.AUDITOR)
    context = {"question": question, "looks": looks.of_question(question)}
    return render(request, "oversight/readers.html", context)


@signed_in
@require_GET
def record(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Everything that happened to a question's record, each line with its place in the log."""
    question = access.readable_question(request.user, identifier)
    found = record_of(question)
    states = log_state.states_of([line.subject_id for line in found.lines])
    context = {
        "question": question,
        "withheld": withholding.awaited(user=request.user, question=question),
        "mismatches": found.mismatches,
        "lines": [{"event": line, "log": states.get(line.subject_id)} for line in found.lines],
        "audits": Role.AUDITOR in access.roles_of(request.user, question.workspace_id),
    }
    return render(request, "oversight/record.html", context)


@signed_in
@require_GET
def proof(request: SignedIn, identifier: UUID, subject: UUID) -> HttpResponse:
    """The ``.tlog-proof`` of one line of a question's record."""
    question = access.readable_question(request.user, identifier)
    entry = Entry.objects.filter(record_id=question.pk, subject_id=subject).first()
    if entry is None:
        raise NotFound
    name = f'attachment; filename="{subject}.tlog-proof"'
    body = proofs.proof_of(entry).encode()
    headers = {"Content-Disposition": name}
    return HttpResponse(body, content_type="text/plain; charset=utf-8", headers=headers)
