"""What a text from outside may be: not blank, without NUL or lone surrogates, not too long."""

import re

from reasoning.core.errors import FieldError, InvalidInput
from reasoning.core.errors import gettext_noop as _

_SURROGATE = re.compile("[\ud800-\udfff]")


def text_problem(field: str, text: object, *, limit: int, blank: bool = False) -> FieldError | None:
    """What is wrong with a text, or None. ``limit`` in characters; ``blank`` allows emptiness."""
    if not isinstance(text, str):
        return FieldError(field, "not_text", _("This must be text."))
    if not blank and not text.strip():
        return FieldError(field, "blank", _("This must not be empty."))
    if "\x00" in text:
        return FieldError(field, "nul", _("NUL characters (U+0000) are not allowed."))
    if _SURROGATE.search(text):
        return FieldError(
            field, "surrogate", _("The text has half of a surrogate pair, which is no character.")
        )
    if len(text) > limit:
        sentence = _("This has %(length)s characters; %(limit)s are allowed.")
        return FieldError(field, "too_long", sentence, {"length": len(text), "limit": limit})
    return None


def require_text(field: str, text: object, *, limit: int, blank: bool = False) -> None:
    """Raise InvalidInput about the field unless the text is acceptable."""
    if problem := text_problem(field, text, limit=limit, blank=blank):
        raise InvalidInput(fields=[problem])


def storable(text: str) -> tuple[str, bool]:
    """A model's text as PostgreSQL can hold it, and whether that took a change.

    NUL (which no ``text`` column holds) and lone surrogates (which no UTF-8 holds) become U+FFFD;
    the engine's own bytes are kept beside it untouched.
    """
    clean = _SURROGATE.sub("\ufffd", text.replace("\x00", "\ufffd"))
    return clean, clean != text


def label(text: str, limit: int) -> str:
    """What an engine calls something, as a column of so many characters can hold it."""
    return storable(text)[0][:limit]
