"""The review queue: filters in the address, views kept by name, taking and passing on."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_GET, require_POST

from reasoning.core.errors import InvalidInput, Refused, gettext_noop
from reasoning.models import Drafted
from reasoning.services import access, claims, clock, drafts, personal
from reasoning.services import queue as service
from reasoning.web.drafts import typed
from reasoning.web.forms import QueueForm, rooms_to_review
from reasoning.web.questions import address_of_rest
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import sentence_of

LABELS = {
    service.UNCLAIMED: _("Unclaimed"),
    service.MINE: _("Mine"),
    service.ALL: pgettext_lazy("reviews", "All"),
}
DAYS = {"today": (1, None), "day": (None, 1), "three": (None, 3), "week": (None, 7)}
"""Ages in the address: asked at most, and at least, so many days ago."""
KEPT = ("scope", "workspace", "language", "finding", "assignee", "age", "case_reference")


@signed_in
@require_GET
def queue(request: SignedIn) -> HttpResponse:
    """What waits for a decision, oldest first."""
    rooms = rooms_to_review(request.user)
    if not rooms:
        raise Refused(gettext_noop("Reviewing needs the role of a reviewer in a workspace."))
    form = QueueForm(rooms, request.GET)
    wanted = wanted_of(form, request.GET.get("scope", ""))
    found = service.find(user=request.user, wanted=wanted, cursor=request.GET.get("after", ""))
    query = queue_query(request.GET)
    remember_queue(request, query)
    views = personal.views_of(request.user)
    context = {
        "scope": wanted.scope,
        "scopes": _scopes(request, wanted),
        "form": form,
        "reviews": found.reviews,
        "filtered": any(name != "scope" for name in QueryDict(query)),
        "more": address_of_rest(request.GET, found.cursor),
        "query": query,
        "views": views,
        "view": next((view for view in views if view.query == query), None),
    }
    return render(request, "review/queue.html", context)


def wanted_of(form: QueueForm, scope: str) -> service.Wanted:
    """What the filters ask for; values that are none of their choices do not filter. What somebody
    holds is never unclaimed: an assignee is looked for among all."""
    form.is_valid()
    values = {name: str(form.cleaned_data.get(name) or "") for name in form.fields}
    newest, oldest = DAYS.get(values.pop("age"), (None, None))
    now = clock.now()
    assignee = values.pop("assignee")
    if scope not in service.SCOPES or (scope == service.UNCLAIMED and assignee):
        scope = service.ALL if assignee else service.UNCLAIMED
    return service.Wanted(
        scope=scope,
        assignee=UUID(assignee) if assignee else None,
        asked_after=now - timedelta(days=newest) if newest else None,
        asked_before=now - timedelta(days=oldest) if oldest else None,
        **values,
    )


def queue_query(given: QueryDict) -> str:
    """The part of the address that says which part of the queue; always in the same order."""
    kept = QueryDict(mutable=True)
    for name in KEPT:
        if value := given.get(name, ""):
            kept[name] = value
    return kept.urlencode()[: personal.QUERY_LIMIT]


def remember_queue(request: SignedIn, query: str) -> None:
    """The next review is taken from the part of the queue that was looked at last."""
    if request.session.get("queue", "") != query:
        request.session["queue"] = query


def queue_address(request: SignedIn) -> str:
    """The queue as it was looked at last."""
    query = request.session.get("queue", "")
    return reverse("web:queue") + (f"?{query}" if query else "")


def _scopes(request: SignedIn, wanted: service.Wanted) -> list[dict[str, Any]]:
    counts = service.counts(user=request.user, wanted=wanted)
    rest = QueryDict(queue_query(request.GET), mutable=True)
    found = []
    for scope in service.SCOPES:
        rest["scope"] = scope
        found.append(
            {
                "code": scope,
                "label": LABELS[scope],
                "count": counts[scope],
                "address": f"?{rest.urlencode()}",
            }
        )
    return found


# Taking and passing on --------------------------------------------------------------------------


@signed_in
@require_POST
def start(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Take the review of a trace, or keep it longer."""
    trace = access.trace_to_review(request.user, identifier)
    claims.claim(user=request.user, trace=trace)
    return redirect("web:desk", trace.pk)


@signed_in
@require_POST
def start_next(request: SignedIn) -> HttpResponse:
    """Take the oldest review of the part of the queue that was looked at last."""
    query = QueryDict(request.session.get("queue", ""))
    form = QueueForm(rooms_to_review(request.user), query)
    trace = service.take_next(user=request.user, wanted=wanted_of(form, service.UNCLAIMED))
    if trace is None:
        messages.info(request, gettext("Nothing unclaimed is left in this part of the queue."))
        return redirect(queue_address(request))
    return redirect("web:desk", trace.pk)


@signed_in
@require_POST
def release(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Give a claimed trace back."""
    claims.release(user=request.user, trace=access.trace_to_review(request.user, identifier))
    messages.success(request, gettext("Given back to the queue."))
    return redirect(queue_address(request))


@signed_in
@require_POST
def hand_over(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Pass the review on to a named reviewer."""
    trace = access.trace_to_review(request.user, identifier)
    wanted = request.POST.get("to", "")
    others = claims.successors(user=request.user, question=trace.run.question)
    to = next((person for person in others if str(person.pk) == wanted), None)
    try:
        claims.hand_over(
            user=request.user, trace=trace, to=to, reason=request.POST.get("reason", "")
        )
    except InvalidInput as error:
        for problem in error.fields:
            messages.error(request, sentence_of(problem))
        drafts.keep(
            user=request.user, drafted=Drafted.HAND_OVER, subject=trace.pk, texts=typed(request)
        )
        return redirect(reverse("web:desk", args=[trace.pk]) + "#decide")
    drafts.forget(user=request.user, drafted=Drafted.HAND_OVER, subject=trace.pk)
    name = to.get_full_name() if to else ""
    messages.success(request, gettext("Handed over to %(name)s.") % {"name": name})
    return redirect(queue_address(request))


# Views ------------------------------------------------------------------------------------------


@signed_in
@require_POST
def save_view(request: SignedIn) -> HttpResponse:
    """Keep the present filters under a name."""
    query = queue_query(QueryDict(request.POST.get("query", "")))
    try:
        personal.save_view(user=request.user, name=request.POST.get("name", ""), query=query)
    except InvalidInput as error:
        for problem in error.fields:
            messages.error(request, sentence_of(problem))
    return redirect(f"{reverse('web:queue')}?{query}")


@signed_in
@require_POST
def remove_view(request: SignedIn, identifier: UUID) -> HttpResponse:
    """Forget a view."""
    personal.remove_view(user=request.user, identifier=identifier)
    return redirect(queue_address(request))
