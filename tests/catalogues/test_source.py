"""Every way in which the source marks a text is found."""

from io import BytesIO

import pytest
from babel.messages.extract import extract

from catalogues.source import KEYWORDS, NOTES, as_python, template


def found(code: str) -> list[tuple[object, str | None]]:
    texts = extract("python", BytesIO(code.encode()), KEYWORDS, NOTES)
    return [(said, context) for _line, said, _notes, context in texts]


@pytest.mark.parametrize(
    ("html", "texts"),
    [
        ("<p>{% translate 'Ask' %}</p>", [("Ask", None)]),
        ('{% translate "May" context "month" %}', [("May", "month")]),
        ('{% include "x" with title=_("Runs") %}{{ _("So") }}', [("Runs", None), ("So", None)]),
        (
            "<ul>\n      <li>don't\n  {% blocktranslate trimmed with n=x %}\n  All\n"
            " %(n)s {{ n }}\n"
            "{% endblocktranslate %}",
            [("All %%(n)s %(n)s", None)],
        ),
        (
            '{% blocktranslate count n=x context "c" %}{{ n }} run{% plural %}{{ n }} runs'
            "{% endblocktranslate %}",
            [(("%(n)s run", "%(n)s runs"), "c")],
        ),
        ("{% comment %}It's {% translate 'not' %}{% endcomment %}'\"{# (( #}[(", []),
    ],
)
def test_templates(html, texts):
    assert found(as_python(html)) == texts


def test_python():
    code = """
_("one " "two")
models.TextChoices("x", gettext_lazy("three"))
pgettext("age", "now")
ngettext("%(n)s run", "%(n)s runs", 2)
gettext(name)
"""
    assert found(code) == [
        ("one two", None),
        ("three", None),
        ("now", "age"),
        (("%(n)s run", "%(n)s runs"), None),
    ]


def test_the_whole_source_is_read():
    texts = template()
    assert texts.get("Not found") is not None  # an error's title, in core
    assert texts.get("Skip to content") is not None  # a template
    assert texts.get("Side by side") is not None  # a model's choice
    assert texts.get("just now", "age") is not None  # with a context
