"""Which runs shared what was wrong."""

from typing import Any

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET

from reasoning.models import READING_ROLES
from reasoning.services import access, incidents, versions
from reasoning.services.incidents import Shared
from reasoning.services.registry import KINDS
from reasoning.web.forms import Optional
from reasoning.web.questions import address_of_rest
from reasoning.web.registry import TITLES
from reasoning.web.requests import SignedIn, signed_in

ANY = [("", _("Any"))]
SINGULAR = {
    "prompts": _("Prompt version"),
    "sampling-profiles": _("Sampling profile"),
    "deployments": _("Deployment"),
}


class SharedForm(forms.Form):
    """What the runs shared, as it stands in the address."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in KINDS:
            rows = [(str(row.pk), row.label) for row in versions.listed(kind)]
            self.fields[kind.noun] = Optional(label=SINGULAR[kind.noun], choices=[*ANY, *rows])
        for name, label, known in zip(
            ("model", "engine"),
            (_("Model"), _("Engine")),
            incidents.models_and_engines(),
            strict=True,
        ):
            choices = [*ANY, *((one, one) for one in known)]
            self.fields[name] = Optional(label=label, choices=choices)

    def shared(self) -> Shared:
        """What is asked for; values that are none of the choices do not narrow."""
        self.is_valid()
        values = {name: str(self.cleaned_data.get(name) or "") for name in self.fields}
        pins = {kind.pinned: values[kind.noun] for kind in KINDS}
        return Shared(**pins, model=values["model"], engine=values["engine"])


@signed_in
@require_GET
def index(request: SignedIn) -> HttpResponse:
    """Runs in this person's workspaces that shared a model, an engine or a version."""
    form = SharedForm(request.GET)
    shared = form.shared()
    asked = shared != Shared()
    cursor = request.GET.get("after", "")
    page = (
        incidents.runs_sharing(user=request.user, shared=shared, cursor=cursor)
        if asked
        else incidents.Page([], "")
    )
    readable = {room.pk for room in access.workspaces_of(request.user, *READING_ROLES)}
    context = {
        "noun": "",
        "tabs": [(kind.noun, TITLES[kind.noun][0]) for kind in KINDS],
        "form": form,
        "asked": asked,
        "runs": [
            {"run": run, "readable": run.question.workspace_id in readable} for run in page.runs
        ],
        "more": address_of_rest(request.GET, page.cursor),
    }
    return render(request, "registry/incidents.html", context)
