"""Catalogues for trying things out: every text in letters of another script, marks as they are."""

from pathlib import Path
from string import ascii_letters

from babel.messages.catalog import Catalog

from catalogues.checks import MARKS
from catalogues.files import Translations, compiled
from catalogues.source import template

ARABIC = "ابتثجحخدذرزسشصضطظعغفقكلمنه"
LETTERS = str.maketrans(ascii_letters, ARABIC + ARABIC)


def disguised(text: str) -> str:
    """The text without a Latin letter outside placeholders and tags."""
    end, parts = 0, []
    for mark in MARKS.finditer(text):
        parts += [text[end : mark.start()].translate(LETTERS), mark.group()]
        end = mark.end()
    return "".join([*parts, text[end:].translate(LETTERS)])


def pseudo(language: str, source: Catalog | None = None) -> bytes:
    """A compiled catalogue in which every text of the source is disguised."""
    made = Translations(language)
    for message in source or template():
        if message.id:
            one, many = [message.id] * 2 if isinstance(message.id, str) else message.id
            forms = (disguised(one), *[disguised(many)] * (made.forms - 1))
            string = forms if message.pluralizable else forms[0]
            made.add(message.id, string, context=message.context)
    return compiled(language, made)


def write(folder: Path, language: str, compiled_catalogue: bytes) -> None:
    """Put a catalogue where Django looks for it, below an entry of LOCALE_PATHS."""
    path = folder / language / "LC_MESSAGES" / "django.mo"
    path.parent.mkdir(parents=True)
    path.write_bytes(compiled_catalogue)
