"""Searching: one field, facets in the address, searches kept by name."""

from collections.abc import Iterator
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from reasoning.core.errors import InvalidInput, Refused, gettext_noop
from reasoning.core.search_words import Excerpt
from reasoning.models import Place, QuestionStatus, RecordKind, User, ViewedPage, Workspace
from reasoning.services import access, hits, identifiers, looks, personal, searching
from reasoning.services.facets import Facets
from reasoning.services.hits import Hit
from reasoning.web import widgets
from reasoning.web.forms import Optional, language_choices
from reasoning.web.passages import Paragraph, marked
from reasoning.web.questions import address_of_rest
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form, sentence_of

ANY = [("", _("Any"))]
TEXTS = ("q", "kind", "workspace", "language", "person", "status", "finding")
PARTS = {
    "question": _("question"),
    "thinking": _("thinking"),
    "summary": _("summary"),
    "note": _("note"),
    "rationale": _("rationale"),
    "": _("text"),
}
ADDRESSES = {
    RecordKind.QUESTION: "web:question",
    RecordKind.TRACE: "web:trace",
    RecordKind.NOTE: "web:trace",
    RecordKind.DECISION: "web:receipt",
}


class SearchForm(forms.Form):
    """What to look for, as it stands in the address."""

    q = forms.CharField(label=_("Search"), required=False, widget=widgets.search())
    kind = Optional(label=_("Kind of record"), choices=[*ANY, *RecordKind.choices])
    workspace = Optional(label=_("Workspace"))
    language = Optional(label=_("Language of the question"))
    person = Optional(label=_("Person"))
    status = Optional(label=_("Status"), choices=[*ANY, *QuestionStatus.choices])
    finding = Optional(label=_("Finding"))
    since = forms.DateField(label=_("From"), required=False, widget=widgets.day())
    until = forms.DateField(label=_("until"), required=False, widget=widgets.day())

    def __init__(self, user: User, rooms: list[Workspace], data: QueryDict) -> None:
        super().__init__(data)
        people = [(str(one.pk), one.get_full_name()) for one in looks.people_in(rooms)]
        codes = [(code, code.replace("_", " ")) for code in looks.findings_in(rooms)]
        for name, choices in {
            "workspace": [(room.slug, room.name) for room in rooms],
            "language": language_choices(),
            "person": people,
            "finding": codes,
        }.items():
            self.fields[name].choices = [*ANY, *choices]  # type: ignore[attr-defined]

    def facets(self) -> Facets:
        """What is asked for; values that are none of the choices do not narrow."""
        self.is_valid()
        found = {name: self.cleaned_data.get(name) or "" for name in TEXTS}
        since, until = (self.cleaned_data.get(name) for name in ("since", "until"))
        person = found.pop("person")
        return Facets(
            words=found.pop("q"),
            person=UUID(person) if person else None,
            after=_midnight(since) if since else None,
            before=_midnight(until + timedelta(days=1)) if until else None,
            **found,
        )


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """What matches, newest first; what was looked for is recorded."""
    rooms = access.workspaces_of(request.user)
    if not rooms:
        raise Refused(gettext_noop("Searching needs a role that reads, in a workspace."))
    form = SearchForm(request.user, rooms, request.GET)
    query = _query(request.GET)
    views = personal.views_of(request.user, ViewedPage.SEARCH)
    context = {
        "form": form,
        "query": query,
        "views": views,
        "view": next((view for view in views if view.query == query), None),
        **_results(request, form),
    }
    return render(request, "search.html", context)


def _results(request: SignedIn, form: SearchForm) -> dict[str, Any]:
    facets = form.facets()
    nothing = {"asked": False, "exact": [], "hits": [], "more": "", "meaningless": False}
    if facets.empty or form.errors:
        return nothing
    after = request.GET.get("after", "")
    try:
        results = searching.find(user=request.user, facets=facets, cursor=after)
    except InvalidInput as error:
        put_on_form(form, error)
        return nothing
    looks.remember_search(user=request.user, place=Place.PAGE, query=_query(request.GET))
    exact = [] if after else identifiers.find(user=request.user, typed=facets.words)
    return {
        "asked": True,
        "shows_traces": any(one.kind == RecordKind.TRACE for one in (*exact, *results.found)),
        "exact": list(_shown(hits.read(exact, None))),
        "hits": list(_shown(hits.read(results.found, results.pattern))),
        "more": address_of_rest(request.GET, results.cursor),
        "looked_back_to": results.looked_back_to,
        "meaningless": results.meaningless,
    }


def _shown(found: list[Hit]) -> Iterator[dict[str, Any]]:
    for hit in found:
        row = hit.found
        target = row.subject_id if row.kind != RecordKind.NOTE else row.trace_id
        anchor = f"#note-{row.subject_id}" if row.kind == RecordKind.NOTE else ""
        yield {
            "hit": hit,
            "address": reverse(ADDRESSES[row.kind], args=[target]) + anchor,
            "part": PARTS[hit.part],
            "piece": _marked(hit.excerpt),
        }


def _marked(piece: Excerpt) -> SafeString:
    return marked(Paragraph(1, 0, len(piece.text), piece.text), piece.spans)


def _query(given: QueryDict) -> str:
    """The part of the address that says what is looked for; always in the same order."""
    kept = QueryDict(mutable=True)
    for name in SearchForm.base_fields:
        if value := given.get(name, ""):
            kept[name] = value
    return kept.urlencode()


@signed_in
@require_POST
def save(request: SignedIn) -> HttpResponse:
    """Keep a search under a name."""
    query = _query(QueryDict(request.POST.get("query", "")))
    name = request.POST.get("name", "")
    try:
        personal.save_view(user=request.user, name=name, query=query, page=ViewedPage.SEARCH)
    except InvalidInput as error:
        for problem in error.fields:
            messages.error(request, sentence_of(problem))
    return redirect(f"{reverse('web:search')}?{query}")


@signed_in
@require_POST
def forget(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Forget a search."""
    personal.remove_view(user=request.user, identifier=identifier)
    return redirect("web:search")
