"""Inputs in the dress of the design system."""

from typing import Any

from django import forms


def line(**attrs: Any) -> forms.TextInput:
    """One line of text; its direction follows what is typed."""
    return forms.TextInput({"class": "input", "dir": "auto", **attrs})


def search() -> forms.TextInput:
    """One line to search with."""
    return line(type="search")


def figure() -> forms.NumberInput:
    """A small whole number."""
    return forms.NumberInput({"class": "input", "inputmode": "numeric"})


def text(rows: int, *, classes: str = "", **attrs: Any) -> forms.Textarea:
    """Several lines of content, in the face that content has."""
    return forms.Textarea(
        {"class": f"input content {classes}".strip(), "dir": "auto", "rows": rows, **attrs}
    )


def day() -> forms.DateInput:
    """A date, picked or typed."""
    return forms.DateInput({"class": "input", "type": "date"}, format="%Y-%m-%d")


def password() -> forms.PasswordInput:
    """A password, for the browser's own store."""
    return forms.PasswordInput({"class": "input", "autocomplete": "current-password"})


def select() -> forms.Select:
    """One of a few."""
    return forms.Select({"class": "input"})


def code() -> forms.TextInput:
    """A one-time code: keyboards show digits, phones offer the code."""
    return line(dir="ltr", autocomplete="one-time-code", inputmode="numeric")


def dress(form: forms.Form) -> None:
    """Put the inputs of a form that others made into our dress, keeping what they are for."""
    for field in form.fields.values():
        kept = field.widget.attrs.get("autocomplete")
        if isinstance(field.widget, forms.PasswordInput):
            field.widget = password()
        elif isinstance(field.widget, forms.TextInput):
            field.widget = line()
        if kept:
            field.widget.attrs["autocomplete"] = kept
