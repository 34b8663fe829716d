"""What the short fields of a question may be: language, priority and metadata."""

from reasoning.core import languages
from reasoning.core.errors import FieldError
from reasoning.core.errors import gettext_noop as _
from reasoning.core.texts import text_problem

METADATA_KEYS = 20
METADATA_VALUE_LIMIT = 500


def language_problem(language: object) -> FieldError | None:
    """What is wrong with a stated language; None (left out) is right."""
    if language is None or language in (*languages.LANGUAGES, languages.UNDETERMINED):
        return None
    return FieldError("language", "unknown", _("This is not one of the 25 languages, nor “und”."))


def priority_problem(priority: object) -> FieldError | None:
    """What is wrong with a priority."""
    if isinstance(priority, int) and not isinstance(priority, bool) and 0 <= priority <= 9:
        return None
    return FieldError("priority", "out_of_range", _("Must be a whole number from 0 to 9."))


def metadata_problem(metadata: object) -> FieldError | None:
    """What is wrong with metadata; None (left out) is right."""
    if metadata is None:
        return None
    sentence = _("Must be an object of at most %(keys)s short texts of up to %(limit)s characters.")
    data = {"keys": METADATA_KEYS, "limit": METADATA_VALUE_LIMIT}
    if not isinstance(metadata, dict) or len(metadata) > METADATA_KEYS:
        return FieldError("metadata", "malformed", sentence, data)
    for text in (*metadata.keys(), *metadata.values()):
        if text_problem("metadata", text, limit=METADATA_VALUE_LIMIT, blank=True):
            return FieldError("metadata", "malformed", sentence, data)
    return None
