"""Forms of administering people."""

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from reasoning.models import Role, Workspace
from reasoning.web import widgets


class ReasonForm(forms.Form):
    """Why. It becomes part of the record."""

    reason = forms.CharField(label=_("Reason"), max_length=2_000, widget=widgets.line())


class RoleForm(forms.Form):
    """A role in one of the workspaces, and why."""

    workspace = forms.ChoiceField(label=_("Workspace"), widget=widgets.select())
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices, widget=widgets.select())
    reason = forms.CharField(label=_("Reason"), max_length=2_000, widget=widgets.line())

    def __init__(self, rooms: list[Workspace], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        workspace = self.fields["workspace"]
        assert isinstance(workspace, forms.ChoiceField)
        workspace.choices = [(room.slug, room.name) for room in rooms]


class InviteForm(RoleForm):
    """A new person."""

    display_name = forms.CharField(label=_("Name as it is printed"), widget=widgets.line())
    username = forms.CharField(
        label=_("User name"),
        help_text=_("For signing in. It is never given to anybody else."),
        widget=widgets.line(dir="ltr", autocomplete="off"),
    )
    email = forms.CharField(
        label=_("E-mail address"),
        required=False,
        help_text=_("For single sign-on, and for the link where mail is set up."),
        widget=widgets.line(type="email", dir="ltr"),
    )
    field_order = ("display_name", "username", "email", "workspace", "role", "reason")


class PasswordForm(forms.Form):
    """A first password, twice."""

    password = forms.CharField(label=_("Password"), strip=False, widget=widgets.password())
    again = forms.CharField(label=_("Password again"), strip=False, widget=widgets.password())

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            field.widget.attrs["autocomplete"] = "new-password"

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if values.get("password") != values.get("again"):
            self.add_error("again", gettext("The two are not the same."))
        return values
