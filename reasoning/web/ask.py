"""Asking."""

from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_POST

from reasoning import tasks
from reasoning.core import languages
from reasoning.core.errors import AuditError, FieldError, InvalidInput, NotFound, Refused
from reasoning.core.errors import gettext_noop as _
from reasoning.core.prompts import Exchange
from reasoning.core.texts import require_text
from reasoning.models import (
    Decision,
    Drafted,
    LanguageSource,
    Meaning,
    PromptVersion,
    Question,
    Role,
    User,
    Workspace,
)
from reasoning.services import access, drafts, follow_ups, questions, registry, watching
from reasoning.services.tokenizers import question_room
from reasoning.templatetags.reading import direction, language_short
from reasoning.web.forms import AskForm
from reasoning.web.requests import SignedIn, signed_in
from reasoning.web.sentences import put_on_form, sentence_of
from reasoning.web.traces import notes_on, remember_view


@dataclass(frozen=True)
class Window:
    """How many tokens a text takes, and how many it may take."""

    tokens: int
    allowed: int


@signed_in
@require_http_methods(["GET", "POST"])
def ask(request: SignedIn) -> HttpResponse:
    """The form; a POST asks, or counts again where scripts do not."""
    rooms = _rooms(request.user)
    if request.method == "GET":
        if decision := _sent_back(request):
            remember_view(request, decision.trace)
        return _page(request, AskForm(rooms, initial=_as_left(request)))
    form = AskForm(rooms, request.POST)
    if "count" in request.POST:
        return _counted(request, rooms, form)
    if form.is_valid():
        try:
            submitted = questions.submit(user=request.user, asked=_asked(form))
        except InvalidInput as error:
            put_on_form(form, error)
        else:
            drafts.forget(user=request.user, drafted=Drafted.QUESTION, subject=_subject(request))
            watching.expect(submitted.run.pk)
            tasks.dispatch(submitted.run.pk)
            return redirect("web:question", submitted.question.pk)
    return _page(request, form, status=400)


@signed_in
@require_POST
def count(request: SignedIn) -> HttpResponse:
    """Tokens and language of a text as it is being typed, as JSON."""
    form = AskForm(_rooms(request.user), request.POST)
    form.is_valid()
    try:
        window = _window(request.user, form)
    except AuditError as error:
        return JsonResponse({"detail": sentence_of(error)}, status=error.status)
    language = languages.detect(form.cleaned_data["text"]).language
    return JsonResponse(
        {
            "tokens": window.tokens,
            "allowed": window.allowed,
            "language": language,
            "language_name": language_short(language),
            "direction": direction(form.cleaned_data.get("language") or language),
        }
    )


def _as_left(request: SignedIn) -> dict[str, object]:
    """The form as this person left it, where nobody else's words stand in it already."""
    beginning, subject = _beginning(request), _subject(request)
    if beginning.get("text"):
        return beginning
    kept = drafts.texts_of(user=request.user, drafted=Drafted.QUESTION, subject=subject)
    return {**beginning, **kept}


def _subject(request: SignedIn) -> UUID | None:
    """What a draft of a question is filed under: the question that it follows."""
    followed = _followed(request)
    return followed.pk if followed else None


def _beginning(request: SignedIn) -> dict[str, object]:
    """For a follow-up, the room, case and language of what it follows; for what a reviewer sent
    back, their words too; else nothing."""
    decision = _sent_back(request)
    question = decision.trace.run.question if decision else _followed(request)
    if question is None:
        return {}
    goes_on = decision is None or follow_ups.has_answer(question)
    return {
        "text": decision.asked_anew if decision else "",
        "follows": question.pk if goes_on else "",
        "workspace": question.workspace.slug,
        "case_reference": question.case_reference,
        "language": question.language if question.language_source == LanguageSource.STATED else "",
    }


def _sent_back(request: SignedIn) -> Decision | None:
    """The decision whose new question is to be asked. NotFound where it is not this person's to
    read, or nothing was sent back with it."""
    named = request.GET.get("anew")
    if not named:
        return None
    try:
        decision = Decision.objects.filter(pk=UUID(named), meaning=Meaning.SENT_BACK).first()
    except ValueError as error:
        raise NotFound from error
    if decision is None:
        raise NotFound
    decision.trace = access.readable_trace(request.user, decision.trace_id)
    return decision


def _followed(request: SignedIn) -> Question | None:
    """The question that the form's would follow. NotFound where it is not this person's to read."""
    named = request.GET.get("follows") or request.POST.get("follows")
    decision = _sent_back(request)
    if decision and follow_ups.has_answer(decision.trace.run.question):
        return decision.trace.run.question
    if not named:
        return None
    try:
        return access.readable_question(request.user, UUID(named))
    except ValueError as error:
        raise NotFound from error


def _rooms(user: User) -> list[Workspace]:
    rooms = access.workspaces_of(user, Role.ANALYST)
    if not rooms:
        raise Refused(_("Asking needs the role of an analyst in a workspace."))
    return rooms


def _asked(form: AskForm) -> questions.Asked:
    chosen = {name: form.cleaned_data[name] or None for name in _PINS}
    return questions.Asked(
        workspace=form.cleaned_data["workspace"],
        text=form.cleaned_data["text"],
        case_reference=form.cleaned_data["case_reference"],
        language=form.cleaned_data["language"] or None,
        follows=form.cleaned_data["follows"] or None,
        prompt_version=chosen["prompt_version"],
        sampling_profile=chosen["sampling_profile"],
        deployment=chosen["deployment"],
    )


_PINS = ("prompt_version", "sampling_profile", "deployment")


def _window(user: User, form: AskForm) -> Window:
    """Count with what a run of this form would use. InvalidInput where there is no telling."""
    values = form.cleaned_data
    require_text("text", values.get("text", ""), limit=questions.TEXT_LIMIT)
    slug = values.get("workspace")
    room = next((room for room in _rooms(user) if room.slug == slug), None)
    if room is None:
        raise InvalidInput.of("workspace", "unknown", _("There is no such workspace for you."))
    pinned = registry.pin(
        workspace=room,
        prompt=values.get("prompt_version") or None,
        profile=values.get("sampling_profile") or None,
        deployment=values.get("deployment") or None,
    )
    earlier = _carried(user, values.get("follows"), pinned.prompt_version)
    room_for = question_room(pinned.deployment, pinned.prompt_version, values["text"], earlier)
    return Window(*room_for)


def _carried(user: User, named: str | None, prompt: PromptVersion) -> list[Exchange]:
    if not named:
        return []
    problems: list[FieldError] = []
    question = follow_ups.followed(user, named, None, None, problems)
    if question is None:
        raise InvalidInput(fields=problems)
    return follow_ups.carried(follow_ups.require_answer(question).pk, prompt)


def _counted(request: SignedIn, rooms: list[Workspace], form: AskForm) -> HttpResponse:
    """The form as it was sent, with its count; nothing is asked."""
    form.is_valid()
    text = form.cleaned_data.get("text", "")
    try:
        window = _window(request.user, form)
    except InvalidInput as error:
        put_on_form(form, error)
        return _page(request, form, status=400)
    shown = AskForm(rooms, initial=request.POST.dict())
    return _page(request, shown, window=window, detected=languages.detect(text).language)


def _page(
    request: SignedIn,
    form: AskForm,
    *,
    window: Window | None = None,
    detected: str = "",
    status: int = 200,
) -> HttpResponse:
    decision = _sent_back(request)
    context = {
        "form": form,
        "sent_back": decision,
        "threads": notes_on(decision.trace) if decision else [],
        "followed": _followed(request),
        "window": window,
        "detected": detected,
    }
    return render(request, "ask.html", context, status=status)
