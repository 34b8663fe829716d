"""What the source says to people: every text marked for translation, in Python and in templates.

Templates pass Django's own ``templatize`` first, which makes Python-like calls of their tags.
"""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract
from django.utils.translation.template import templatize

from catalogues import ROOT

KEYWORDS = {
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop", "_", "_noop")),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
NOTES = ("Translators:",)
"""Comments that begin so reach the translators."""


def template() -> Catalog:
    """Every text of the source with the files it is in; nothing translated."""
    found = Catalog(charset="utf-8")
    for path, code in _files():
        place = (path.relative_to(ROOT).as_posix(), 0)
        for _line, said, notes, context in extract("python", code, KEYWORDS, NOTES):
            found.add(said, None, [place], auto_comments=notes, context=context)
    return found


def _files() -> Iterator[tuple[Path, BytesIO]]:
    for package in ("reasoning", "magistral_audit"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if "migrations" not in path.parts:
                yield path, BytesIO(path.read_bytes())
    for path in sorted((ROOT / "templates").rglob("*.html")):
        yield path, BytesIO(as_python(path.read_text(encoding="utf-8")).encode())


def as_python(html: str) -> str:
    """A template as calls of gettext; in brackets, since its indentation means nothing."""
    return f"(\n{templatize(html)}\n)"
