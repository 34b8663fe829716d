"""Forms of the registry and of workspaces. What is allowed is for the services to say."""

from typing import Any

from django import forms
from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reasoning.core.think import ThinkForm
from reasoning.inference.requests import EngineKind
from reasoning.models import EARLIER_TURNS, PolicyVersion, Registered, Renderer, Workspace
from reasoning.services.registry import DEPLOYMENTS, PROFILES, PROMPTS, Kind
from reasoning.web import widgets
from reasoning.web.forms import Text


def _line(label: Any, *, required: bool = True, help_text: Any = "") -> forms.CharField:
    code = widgets.line(dir="ltr", spellcheck="false")
    return forms.CharField(label=label, required=required, help_text=help_text, widget=code)


def _whole(label: Any, help_text: Any = "") -> forms.IntegerField:
    widget = forms.NumberInput({"class": "input"})
    return forms.IntegerField(label=label, help_text=help_text, widget=widget)


def _choice(label: Any, choices: Any, help_text: Any = "") -> forms.ChoiceField:
    return forms.ChoiceField(
        label=label, choices=choices, help_text=help_text, widget=widgets.select()
    )


class ReasonForm(forms.Form):
    """Why something is approved, retired, allowed or changed."""

    reason = Text(
        label=_("Reason"),
        help_text=_("It becomes part of the record, with your name."),
        widget=widgets.text(3),
    )


class StreamsForm(ReasonForm):
    """How many streams a deployment has at once."""

    streams = forms.IntegerField(
        label=_("Streams at once"),
        required=False,
        help_text=_("Over all its addresses. Empty: as the service is set up. 0: any number."),
        widget=forms.NumberInput({"class": "input"}),
    )
    field_order = ["streams", "reason"]


class VersionForm(forms.Form):
    """A new version of anything: a new number under a known name, or a new name."""

    name = _line(_("Name"), help_text=_("A known name gets its next number."))

    def columns(self) -> dict[str, Any]:
        """What the service is given."""
        return dict(self.cleaned_data)


class PromptForm(VersionForm):
    """A system prompt."""

    text = Text(label=_("Text"), widget=widgets.text(18))
    earlier_turns = _choice(
        _("Earlier turns"),
        EARLIER_TURNS,
        _("What the model is shown of the conversation before a follow-up question."),
    )
    source = forms.CharField(
        label=_("Source"),
        required=False,
        help_text=_("Where the text comes from: an address, a document, “our own”."),
        widget=widgets.line(),
    )


class ProfileForm(VersionForm):
    """Sampling parameters."""

    temperature = _line("temperature", help_text=_("From 0 to 2; 0.7 is recommended."))
    top_p = _line("top_p", help_text=_("Above 0, up to 1; 0.95 is recommended."))
    max_tokens = _whole("max_tokens", _("Of thinking and summary together."))


LISTS = ("replicas", "fingerprints")
"""Columns of deployments that are typed as lines."""


class DeploymentForm(VersionForm):
    """A model on an engine at an address."""

    engine = _choice(_("Engine"), [(kind.value, kind.value) for kind in EngineKind])
    engine_version = _line(_("Engine version"), required=False)
    base_url = _line(_("Address"), help_text=_("Without /v1, such as http://engine:8000."))
    replicas = Text(
        label=_("Further addresses"),
        required=False,
        help_text=_("One a line: the same model and weights, served beside the first."),
        widget=widgets.text(2, classes="code"),
    )
    credential = _line(
        _("Key"),
        required=False,
        help_text=_("The environment variable that holds it: INFERENCE_…, never the key itself."),
    )
    model = _line(_("Model"))
    revision = _line(_("Revision"), required=False, help_text=_("Or the digest of the weights."))
    tokenizer_sha256 = _line(_("Tokenizer, SHA-256"), required=False)
    tokenizer_version = _line(_("Tokenizer version"), required=False)
    renderer = _choice(  # type: ignore[assignment]  # a form's own renderer stays its attribute
        _("Prompt rendered by"), Renderer.choices
    )
    think_form = _choice(
        _("Thinking marked by"),
        [(form.value, f"{form.opening} … {form.closing}") for form in ThinkForm],
    )
    window = _whole(_("Window"), _("In tokens."))
    fingerprints = Text(
        label=_("Fingerprints"),
        required=False,
        help_text=_(
            "One a line: the system_fingerprint of vLLM's answers, such as its "
            "--fingerprint-value. A look at the engine shows it. Empty: not compared."
        ),
        widget=widgets.text(2, classes="code"),
    )
    grammar = Text(label=_("Grammar"), required=False, widget=widgets.text(4, classes="code"))
    demonstration = forms.BooleanField(
        label=_("For demonstration only"), required=False, widget=forms.CheckboxInput()
    )

    def columns(self) -> dict[str, Any]:
        """With further addresses and fingerprints as lists."""
        found = super().columns()
        return found | {name: list(_lines(found[name])) for name in LISTS}


FORMS: dict[str, type[VersionForm]] = {
    PROMPTS.noun: PromptForm,
    PROFILES.noun: ProfileForm,
    DEPLOYMENTS.noun: DeploymentForm,
}


def beginning(kind: Kind, row: Registered | None) -> dict[str, Any]:
    """What a form begins with: the columns of the version that a new one is made from."""
    if row is None:
        return {}
    found = {name: getattr(row, name) for name in FORMS[kind.noun].base_fields}
    found |= {name: "\n".join(found[name]) for name in LISTS if name in found}
    return found | {
        name: f"{found[name].normalize():f}" for name in ("temperature", "top_p") if name in found
    }


class WorkspaceForm(ReasonForm):
    """A workspace's settings; lists have one text a line."""

    name = forms.CharField(label=_("Name"), widget=widgets.line())
    default_prompt = _choice(_("Prompt version"), [])
    default_profile = _choice(_("Sampling profile"), [])
    default_deployment = _choice(_("Deployment"), [])
    run_limit = forms.IntegerField(
        label=_("Runs at once"),
        required=False,
        help_text=_("Empty: as the service is set up. 0: any number."),
        widget=forms.NumberInput({"class": "input"}),
    )
    weight = _whole(_("Weight"), _("Of free workers, one of weight 2 is given twice as many."))
    highest_priority = _whole(
        _("Highest priority"),
        _("What its analysts may ask for, from 0 to 9; its administrators any."),
    )
    approvals = _choice(
        _("Approvals needed"), [(1, "1"), (2, "2"), (3, "3")], _("By so many different reviewers.")
    )
    second_factor = forms.BooleanField(
        label=_("Signing needs a second factor"),
        required=False,
        help_text=_("A one-time code beside the password, or a passkey."),
    )
    preliminary_view = forms.BooleanField(
        label=_("Ask for a preliminary view"),
        required=False,
        help_text=_("Reviewers say what they think before the answer is shown."),
    )
    conflict_statement = forms.BooleanField(
        label=_("Ask for a conflict-of-interest statement"),
        required=False,
        help_text=_("Reviewers state that they have none before they sign."),
    )
    training = forms.BooleanField(
        label=_("Ask for training on record"),
        required=False,
        help_text=_("Only reviewers with a current training record decide."),
    )
    statement_language = forms.ChoiceField(
        label=_("Language of statements"),
        required=False,
        choices=lambda: [
            ("", _("The signer's own")),
            *((code, gettext(str(name))) for code, name in settings.LANGUAGES),
        ],
        help_text=_("In which signers read and sign their statement."),
        widget=widgets.select(),
    )
    checklist = Text(
        label=_("Checklist"),
        required=False,
        help_text=_("Statements that each reviewer answers, one a line."),
        widget=widgets.text(6),
    )
    labels = Text(
        label=_("Labels for notes"),
        required=False,
        help_text=_("One a line."),
        widget=widgets.text(5),
    )
    decided_years = _whole(_("Years to keep decided questions"))
    undecided_years = _whole(_("Years to keep undecided questions"))

    field_order = [*PolicyVersion.SETTINGS.split(), "reason"]

    def __init__(self, workspace: Workspace, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in (PROMPTS, PROFILES, DEPLOYMENTS):
            names = _usable(kind, workspace)
            field = self.fields[kind.default]
            field.choices = [(name, name) for name in names]  # type: ignore[attr-defined]

    def settings(self) -> dict[str, Any]:
        """What the service is given, without the reason."""
        found = {name: self.cleaned_data[name] for name in self.fields if name != "reason"}
        lists = {name: _lines(found[name]) for name in ("checklist", "labels")}
        return found | lists | {"approvals": int(found["approvals"])}


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.splitlines() if line.strip())


def _usable(kind: Kind, workspace: Workspace) -> list[str]:
    """What may be the default: a name (its newest allowed version) or one version of it."""
    rows = kind.allowed_in(workspace).approved().order_by("name", "-number")
    found = dict.fromkeys([kind.default_in(workspace)])
    for row in rows:
        found |= dict.fromkeys([row.name, row.label])
    return list(found)
