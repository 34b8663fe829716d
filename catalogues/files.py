"""One language's catalogue: ``django.po`` for people, and ``django.mo`` for Django, beside it."""

from collections import Counter
from gettext import c2py
from io import BytesIO
from pathlib import Path
from typing import Any

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po

from catalogues import LOCALE
from catalogues.checks import forms_of, is_translated

DJANGO = Path(django.__file__).parent / "conf" / "locale"
WIDTH = 100
HEADER = (
    "# `make catalogues` finds the texts, puts them in order and compiles the .mo beside this file."
)


class Translations(Catalog):
    """A catalogue whose header tells only what can be told of every version: merges stay small."""

    def __init__(self, language: str) -> None:
        super().__init__(locale=language, charset="utf-8", fuzzy=False, header_comment=HEADER)
        self.plural = plural_forms(language)
        self.forms = int(self.plural.split(";")[0].removeprefix("nplurals="))
        self.of_one_number = forms_of_one_number(self.plural)

    @property
    def num_plurals(self) -> int:
        """As many as the rule has: Babel's own number is two for French and Spanish."""
        return self.forms

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", self.plural),
        ]

    @mime_headers.setter
    def mime_headers(self, headers: Any) -> None:
        """What a file says of itself is not taken over."""


def plural_forms(language: str) -> str:
    """The rule of Django's own catalogue: Babel 2.18 has a wrong one for Arabic (its issue 816)."""
    with (DJANGO / language / "LC_MESSAGES" / "django.mo").open("rb") as file:
        said = dict(read_mo(file).mime_headers)["Plural-Forms"]
    return f"{said.rstrip(';')};"


def forms_of_one_number(rule: str) -> frozenset[int]:
    """Plural forms that stand for one number alone: of Arabic those for 0, 1 and 2."""
    form = c2py(rule.partition("plural=")[2].rstrip(";"))
    numbers = Counter(map(form, range(1000)))
    return frozenset(form for form, count in numbers.items() if count == 1)


def path_of(language: str, kind: str = "po") -> Path:
    """Where a language's catalogue lies."""
    return LOCALE / language / "LC_MESSAGES" / f"django.{kind}"


def read(language: str) -> Catalog:
    """The catalogue as it stands; an empty one where there is none."""
    path = path_of(language)
    if not path.exists():
        return Translations(language)
    with path.open("rb") as file:
        return read_po(file, locale=language, abort_invalid=True)


def updated(language: str, source: Catalog, old: Catalog) -> Translations:
    """Every text of the source, translated as it was where that still fits; nothing else."""
    new = Translations(language)
    for message in source:
        if message.id:
            new.add(
                message.id,
                _kept(message, old.get(message.id, message.context), new.forms),
                message.locations,
                auto_comments=message.auto_comments,
                context=message.context,
            )
    return new


def _kept(message: Message, old: Message | None, forms: int) -> Any:
    empty = ("",) * forms if message.pluralizable else ""
    if old is None or old.fuzzy or old.id != message.id:
        return empty
    return old.string if not message.pluralizable or len(forms_of(old)) == forms else empty


def as_po(catalogue: Catalog) -> bytes:
    """The catalogue's file: sorted, with the files that say a text, and no line numbers."""
    file = BytesIO()
    write_po(file, catalogue, width=WIDTH, sort_output=True, include_lineno=False)
    return file.getvalue()


def compiled(language: str, catalogue: Catalog) -> bytes:
    """What Django reads: translated texts alone, so that the rest is shown in English."""
    kept, file = Translations(language), BytesIO()
    for message in catalogue:
        if is_translated(message):
            kept.add(message.id, message.string, context=message.context)
    write_mo(file, kept)
    return file.getvalue()
