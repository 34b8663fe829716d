"""Forms: shape and labels. What is allowed is for the services to say."""

import re
import unicodedata
from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from reasoning.core.languages import LANGUAGES, UNDETERMINED
from reasoning.models import (
    VERDICTS,
    AnnotatedPart,
    Answer,
    Membership,
    QuestionStatus,
    Registered,
    Role,
    User,
    Workspace,
)
from reasoning.services import finding_words, reviewers
from reasoning.services.policies import Policy
from reasoning.services.wishes import Wish
from reasoning.web import widgets

Choices = list[tuple[str, Any]]
CODE = re.compile(r"[a-z_]{1,60}")
"""The code of a finding."""


class Text(forms.CharField):
    """Several lines as they were typed. Browsers send line ends as CR LF; people type LF."""

    def __init__(self, **options: Any) -> None:
        super().__init__(strip=False, **options)

    def to_python(self, value: Any) -> str:
        return (super().to_python(value) or "").replace("\r\n", "\n")


class Optional(forms.ChoiceField):
    """A choice that may be left alone."""

    def __init__(self, **options: Any) -> None:
        super().__init__(required=False, widget=widgets.select(), **options)


class AskForm(forms.Form):
    """A question, and what to answer it with."""

    text = Text(label=_("Your question"), widget=widgets.text(12, classes="ask-text"))
    workspace = forms.ChoiceField(label=_("Workspace"), widget=widgets.select())
    case_reference = forms.CharField(
        label=_("Case reference"), required=False, widget=widgets.line()
    )
    language = Optional(label=_("Language of the question"))
    follows = forms.CharField(
        label=_("Earlier question"),
        required=False,
        widget=forms.HiddenInput({"id": "followed-question"}),
    )
    prompt_version = Optional(label=_("Prompt version"))
    sampling_profile = Optional(label=_("Sampling profile"))
    deployment = Optional(label=_("Deployment"))

    def __init__(self, rooms: list[Workspace], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "workspace", [(room.slug, room.name) for room in rooms])
        _choose(self, "language", [("", _("As detected")), *language_choices()])
        for name, manager in (
            ("prompt_version", "allowed_prompts"),
            ("sampling_profile", "allowed_profiles"),
            ("deployment", "allowed_deployments"),
        ):
            _choose(self, name, _allowed(rooms, manager))


class FilterForm(forms.Form):
    """Filters of the list of questions, as they stand in the address."""

    search = forms.CharField(label=_("Search"), required=False, widget=widgets.search())
    workspace = Optional(label=_("Workspace"))
    status = Optional(label=_("Status"), choices=[("", _("Any")), *QuestionStatus.choices])
    language = Optional(label=_("Language"))
    case_reference = forms.CharField(label=_("Case"), required=False, widget=widgets.line())

    def __init__(self, rooms: list[Workspace], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "workspace", [("", _("All")), *((room.slug, room.name) for room in rooms)])
        _choose(self, "language", [("", _("Any")), *language_choices()])


class ExportForm(forms.Form):
    """Which evidence a bundle is to hold. What is left empty does not narrow."""

    workspace = Optional(label=_("Workspace"))
    asked_from = forms.DateField(label=_("Asked from"), required=False, widget=widgets.day())
    asked_until = forms.DateField(label=_("until"), required=False, widget=widgets.day())
    decided = forms.BooleanField(label=_("Only with a signed decision"), required=False)

    def __init__(self, rooms: list[Workspace], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "workspace", [("", _("All")), *((room.slug, room.name) for room in rooms)])


class QueueForm(forms.Form):
    """Filters of the review queue, as they stand in the address."""

    workspace = Optional(label=_("Workspace"))
    language = Optional(label=_("Language"))
    finding = Optional(label=_("Findings"))
    assignee = Optional(label=_("Held by"))
    age = Optional(
        label=_("Asked"),
        choices=[
            ("", _("Any time")),
            ("today", _("In the last 24 hours")),
            ("day", _("More than a day ago")),
            ("three", _("More than three days ago")),
            ("week", _("More than a week ago")),
        ],
    )
    case_reference = forms.CharField(label=_("Case"), required=False, widget=widgets.line())

    def __init__(self, rooms: list[Workspace], data: QueryDict) -> None:
        super().__init__(data)
        _choose(self, "workspace", [("", _("All")), *((room.slug, room.name) for room in rooms)])
        _choose(self, "language", [("", _("Any")), *language_choices()])
        _choose(self, "finding", _finding_choices(data.get("finding", "")))
        _choose(self, "assignee", [("", _("Anybody or nobody")), *_reviewers_of(rooms)])


def _reviewers_of(rooms: list[Workspace]) -> Choices:
    return [(str(one.pk), one.get_full_name()) for one in reviewers.of_workspaces(rooms)]


def _finding_choices(chosen: str) -> Choices:
    """How grave; and the one finding that a row's label has asked for."""
    choices: Choices = [
        ("", _("Any or none")),
        ("blocking", _("Blocking approval")),
        ("warning", _("Warnings and worse")),
        ("none", _("No warnings")),
    ]
    known = {value for value, _label in choices}
    if chosen in known or not CODE.fullmatch(chosen):
        return choices
    return [*choices, (chosen, finding_words.name_of(chosen))]


class NoteForm(forms.Form):
    """A note on a trace. Scripts fill in ``start`` and ``end``; else the words are looked for."""

    part = forms.ChoiceField(
        label=pgettext_lazy("note", "About"),
        choices=list(reversed(AnnotatedPart.choices)),
        widget=widgets.select(),
    )
    paragraph = forms.IntegerField(
        label=_("Paragraph"), required=False, min_value=1, widget=widgets.figure()
    )
    quote = Text(
        label=_("Quoted words"),
        required=False,
        help_text=_(
            "Select text in the evidence, or copy the words here. "
            "Left empty, the note is about the whole paragraph."
        ),
        widget=widgets.text(2),
    )
    start = forms.IntegerField(required=False, widget=forms.HiddenInput)
    end = forms.IntegerField(required=False, widget=forms.HiddenInput)
    label = Optional(label=_("Label"))
    note = Text(label=_("Note"), widget=widgets.text(3))
    reply_to = forms.UUIDField(required=False, widget=forms.HiddenInput)
    resolves = forms.BooleanField(required=False, widget=forms.HiddenInput)

    def __init__(self, labels: Iterable[str], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _choose(self, "label", [("", _("None")), *((label, gettext(label)) for label in labels)])


class Answered(forms.ChoiceField):
    """One statement of a checklist. Nothing is preselected; the service says what must be there."""

    def __init__(self, **options: Any) -> None:
        choices = Answer.choices
        super().__init__(choices=choices, required=False, widget=forms.RadioSelect, **options)


class ViewForm(forms.Form):
    """What a reviewer thinks before they see the answer."""

    view = Text(
        label=_("Your own view"),
        help_text=_("What should the answer be, or say? It becomes part of the record."),
        widget=widgets.text(6),
    )


class RecuseForm(forms.Form):
    """Why a reviewer keeps out."""

    reason = Text(
        label=_("What is the conflict?"),
        help_text=_("As much as may be said. It becomes part of the record."),
        widget=widgets.text(4),
    )


class TrainingForm(forms.Form):
    """A person's training."""

    person = forms.ChoiceField(label=_("Reviewer"), widget=widgets.select())
    course = forms.CharField(label=_("Training"), widget=widgets.line())
    completed_on = forms.DateField(label=_("Completed on"), widget=widgets.day())
    expires_on = forms.DateField(
        label=_("Counts until"),
        required=False,
        help_text=_("Left empty: for as long as no newer record says otherwise."),
        widget=widgets.day(),
    )

    def __init__(self, people: Iterable[User], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        named = [(str(person.pk), person.get_full_name()) for person in people]
        _choose(self, "person", [("", _("Choose a reviewer")), *named])


class SignForm(forms.Form):
    """A decision. Nothing is preselected."""

    meaning = forms.ChoiceField(
        label=_("Meaning"),
        choices=[(meaning.value, meaning.label) for meaning in VERDICTS],
        widget=forms.RadioSelect,
    )
    rationale = Text(
        label=_("Why do you decide so?"),
        help_text=_("In your own words. The decision and its reasons are yours, not the model's."),
        widget=widgets.text(6),
    )
    asked_anew = Text(
        label=_("What is to be asked anew?"),
        required=False,
        help_text=_("Only when you send it back: the question as it should be asked."),
        widget=widgets.text(4),
    )
    no_conflict = forms.BooleanField(
        label=_("I have no conflict of interest in this matter."),
        required=False,
        widget=forms.CheckboxInput(),
    )
    password = forms.CharField(
        label=_("Password"),
        strip=False,
        help_text=_("Entered anew for every signature."),
        widget=widgets.password(),
    )
    code = forms.CharField(
        label=_("Code"),
        max_length=20,
        help_text=_("From your app for one-time codes: this workspace demands it."),
        widget=widgets.code(),
    )

    def __init__(self, policy: Policy, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.checklist = [f"answer_{number}" for number, _s in enumerate(policy.checklist, 1)]
        for name, statement in zip(self.checklist, policy.checklist, strict=True):
            self.fields[name] = Answered(label=statement)
        if not policy.conflict_statement:
            del self.fields["no_conflict"]
        _ask_for_credentials(self, policy)

    def wish(self, shown: str) -> Wish:
        """What is to be signed; ``shown`` is the hash of the trace's document."""
        values = self.cleaned_data
        return Wish(
            meaning=values["meaning"],
            rationale=values["rationale"],
            shown=shown,
            answers=tuple(values[name] for name in self.checklist),
            no_conflict=bool(values.get("no_conflict")),
            asked_anew=values["asked_anew"],
        )


class WithdrawForm(forms.Form):
    """The withdrawal of a decision."""

    rationale = Text(
        label=_("Why is it withdrawn?"),
        help_text=_("The decision stays on record, with this reason beside it."),
        widget=widgets.text(5),
    )
    password = SignForm.base_fields["password"]
    code = SignForm.base_fields["code"]

    def __init__(self, policy: Policy, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_credentials(self, policy)


def _ask_for_credentials(form: forms.Form, policy: Policy) -> None:
    """A password, and a code where the policy demands one; neither from who uses a passkey."""
    if not policy.second_factor:
        del form.fields["code"]
    if "passkey" in form.data:
        form.fields["passkey"] = forms.UUIDField(widget=forms.HiddenInput)
        for name in {"password", "code"} & set(form.fields):
            form.fields[name].required = False


def language_choices() -> Choices:
    """The 25 languages by name in the reader's language, and the undetermined one."""
    named = ((code, gettext(language.english)) for code, language in LANGUAGES.items())
    ordered = sorted(named, key=lambda choice: unicodedata.normalize("NFKD", choice[1]))
    return [*ordered, (UNDETERMINED, _("Undetermined"))]


def rooms_to_review(user: User) -> list[Workspace]:
    """The workspaces in which the user decides, by name."""
    held = Membership.objects.filter(user=user, role=Role.REVIEWER).values("workspace")
    return list(Workspace.objects.filter(pk__in=held).order_by("name"))


def _choose(form: forms.Form, name: str, choices: Iterable[tuple[str, Any]]) -> None:
    cast(forms.ChoiceField, form.fields[name]).choices = list(choices)


def _allowed(rooms: list[Workspace], manager: str) -> Choices:
    """What may be used in any of the rooms, newest first; the service checks the room."""
    found: dict[Any, Registered] = {}
    for room in rooms:
        found |= {row.pk: row for row in getattr(room, manager).approved()}
    rows = sorted(found.values(), key=lambda row: (row.name, -row.number))
    return [("", _("The workspace's default")), *((row.label, row.label) for row in rows)]
