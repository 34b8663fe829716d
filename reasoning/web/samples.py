"""Samples of decisions: drawing them, and working through them."""

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import UUID

from django import forms
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_http_methods

from reasoning.core.errors import InvalidInput
from reasoning.models import Workspace
from reasoning.services import looks, samples
from reasoning.services.samples import Scope
from reasoning.web import widgets
from reasoning.web.forms import Optional, language_choices
from reasoning.web.oversight import audited, tabs_for
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form

ANY: list[tuple[str, Any]] = [("", _("Any"))]


class SampleForm(forms.Form):
    """What to draw from, and how many."""

    workspace = Optional(label=_("Workspace"))
    reviewer = Optional(label=_("Reviewer"))
    language = Optional(label=_("Language of the question"))
    since = forms.DateField(label=_("Signed from"), widget=widgets.day())
    until = forms.DateField(label=_("until"), widget=widgets.day())
    size = forms.IntegerField(label=_("How many"), initial=20, widget=widgets.figure())

    def __init__(self, rooms: list[Workspace], data: QueryDict | None = None) -> None:
        super().__init__(data)
        people = [(str(one.pk), one.get_full_name()) for one in looks.people_in(rooms)]
        for name, choices in {
            "workspace": [(room.slug, room.name) for room in rooms],
            "reviewer": people,
            "language": language_choices(),
        }.items():
            self.fields[name].choices = [*ANY, *choices]  # type: ignore[attr-defined]

    def scope(self) -> Scope:
        """What is asked for, once the form is valid."""
        chosen = self.cleaned_data
        return Scope(
            since=_midnight(chosen["since"]),
            before=_midnight(chosen["until"] + timedelta(days=1)),
            workspace=chosen["workspace"],
            reviewer=UUID(chosen["reviewer"]) if chosen["reviewer"] else None,
            language=chosen["language"],
        )


def _midnight(day: Any) -> datetime:
    return datetime.combine(day, time(), UTC)


@signed_in
@require_http_methods(["GET", "POST"])
def index(request: SignedIn) -> HttpResponse:
    """The samples that this person has drawn, and drawing another."""
    rooms = audited(request.user)
    form = SampleForm(rooms, request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            size = form.cleaned_data["size"]
            drawn = samples.draw(user=request.user, scope=form.scope(), size=size)
        except InvalidInput as error:
            put_on_form(form, error)
        else:
            return redirect("web:sample", drawn.pk)
    context = {
        "part": "samples",
        "tabs": tabs_for(request.user),
        "form": form,
        "samples": samples.mine(request.user),
    }
    status = 400 if form.errors else 200
    return render(request, "oversight/samples.html", context, status=status)


@signed_in
@require_GET
def detail(request: SignedIn, identifier: UUID) -> HttpResponse:
    """One sample as a list to work through; drawn again when that is asked for."""
    audited(request.user)
    sample = samples.sample_of(user=request.user, identifier=identifier)
    again = None
    if "again" in request.GET and sample.facts:
        _count, ids = samples.drawn_from(sample.facts)
        again = ids == sample.facts["decisions"]
    context = {
        "part": "samples",
        "tabs": tabs_for(request.user),
        "sample": sample,
        "again": again,
        "reviewer": _name_of(sample.facts.get("reviewer")),
    }
    return render(request, "oversight/sample.html", context)


def _name_of(identifier: str | None) -> str:
    return looks.name_of(UUID(identifier)) if identifier else ""
