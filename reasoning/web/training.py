"""Training on record: for administrators of a workspace to record, and for its auditors to see."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.views.decorators.http import require_http_methods

from reasoning.core.errors import InvalidInput
from reasoning.models import Role, Workspace
from reasoning.services import access, integrity, policies
from reasoning.services import training as service
from reasoning.web.forms import TrainingForm
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form

READERS = (Role.ADMINISTRATOR, Role.AUDITOR)


@signed_in
@require_http_methods(["GET", "POST"])
def training(request: SignedIn, slug: str) -> HttpResponse:
    """Who is trained, since when and until when; a POST records another training."""
    room = access.workspace_for(request.user, slug, *READERS)
    people = service.people_to_train(room)
    if request.method == "GET":
        return _page(request, room, TrainingForm(people))
    access.require_role(request.user, room, Role.ADMINISTRATOR)
    form = TrainingForm(people, request.POST)
    if form.is_valid():
        values = dict(form.cleaned_data)
        chosen = values.pop("person")
        person = next((one for one in people if str(one.pk) == chosen), None)
        try:
            service.remember(user=request.user, workspace=room, person=person, **values)
        except InvalidInput as error:
            put_on_form(form, error)
        else:
            messages.success(request, gettext("The training is on record."))
            return redirect("web:training", room.slug)
    return _page(request, room, form, status=400)


def _page(
    request: SignedIn, room: Workspace, form: TrainingForm, status: int = 200
) -> HttpResponse:
    rows = list(room.training_records.select_related("person").order_by("-recorded_at", "-id"))
    context = {
        "workspace": room,
        "form": form,
        "people": _standing(room),
        "rows": rows,
        "wanted": policies.policy_of(room).training,
        "may_record": Role.ADMINISTRATOR in access.roles_of(request.user, room),
        "mismatches": integrity.mismatches(rows),
    }
    return render(request, "workspaces/training.html", context, status=status)


def _standing(room: Workspace) -> list[dict[str, Any]]:
    """Each reviewer with the record in force, and whether it counts today."""
    rows, today = service.in_force(room), service.today()
    found = []
    for person in service.people_to_train(room):
        row = rows.get(person.pk)
        current = row is not None and service.counts_on(row, today)
        found.append({"person": person, "row": row, "current": current})
    return found
