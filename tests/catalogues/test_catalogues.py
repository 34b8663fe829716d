"""The catalogues that are kept: compiled as they stand, and whole for every language offered."""

import gettext
from io import BytesIO

import pytest
from babel.messages.catalog import Message
from babel.messages.pofile import read_po
from django.conf import settings

from catalogues import LANGUAGES, LOCALE
from catalogues.checks import is_translated, problems
from catalogues.files import Translations, as_po, compiled, path_of, read, updated
from catalogues.source import template

OFFERED = sorted(code for code, _name in settings.LANGUAGES if code != settings.LANGUAGE_CODE)


@pytest.fixture(scope="module")
def source():
    return template()


def test_those_that_are_kept_are_those_that_are_named():
    assert sorted(path.name for path in LOCALE.iterdir()) == sorted(LANGUAGES)
    assert set(OFFERED) <= set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_file_is_the_one_of_the_written_one(language):
    """After editing a django.po: make catalogues."""
    assert path_of(language, "mo").read_bytes() == compiled(language, read(language))


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_translated_fits_what_it_translates(language):
    spoken = Translations(language)
    wrong = [
        (message.id, problem)
        for message in read(language)
        if is_translated(message)
        for problem in problems(message, spoken.forms, spoken.of_one_number)
    ]
    assert wrong == []


def test_a_language_that_is_offered_has_every_text(source):
    """After changing a text: make catalogues, and translate what is empty."""
    found = {language: lacking(source, read(language)) for language in OFFERED}
    assert {language: texts for language, texts in found.items() if texts} == {}


def test_what_lacks_is_seen(source):
    catalogue = updated("fr", source, Translations("fr"))
    assert lacking(source, catalogue) == lacking(source, Translations("fr")) == keys(source)
    catalogue["Ask"].string = "Demander"
    assert keys(source) - lacking(source, catalogue) == {(None, "Ask")}


def lacking(source, catalogue):
    return keys(source) - keys(filter(is_translated, catalogue))


def keys(catalogue):
    return {(message.context, message.id) for message in catalogue if message.id}


@pytest.mark.parametrize(
    ("language", "numbers"),
    [
        ("ar", {0: 0, 1: 1, 2: 2, 3: 3, 10: 3, 11: 4, 99: 4, 100: 5, 102: 5, 103: 3, 111: 4}),
        ("de", {0: 1, 1: 0, 2: 1}),
        ("fr", {0: 0, 1: 0, 2: 2, 1_000_000: 1}),
        ("es", {0: 2, 1: 0, 2: 2, 1_000_000: 1}),
        ("ja", {0: 0, 1: 0, 2: 0}),
    ],
)
def test_plural_forms_are_those_of_unicode(language, numbers):
    """https://www.unicode.org/cldr/charts/latest/supplemental/language_plural_rules.html"""
    catalogue = Translations(language)
    catalogue.add(("run", "runs"), tuple(f"{form}" for form in range(catalogue.forms)))
    spoken = gettext.GNUTranslations(BytesIO(compiled(language, catalogue)))
    assert {n: int(spoken.ngettext("run", "runs", n)) for n in numbers} == numbers


@pytest.mark.parametrize(
    ("language", "forms"),
    [("ar", {0, 1, 2}), ("de", {0}), ("fr", set()), ("es", {0}), ("ja", set())],
)
def test_forms_of_one_number_are_known(language, forms):
    assert Translations(language).of_one_number == forms


def test_a_form_of_one_number_may_say_it_in_words():
    text, words = ("%(n)s day of %(who)s", "%(n)s days of %(who)s"), "two days of %(who)s"
    translated = Message(text, (words, words))
    assert list(problems(translated, 2, {0, 1})) == []
    assert list(problems(translated, 2, {0})) == ["Placeholders or markup differ"]
    assert list(problems(Message(text[0], words), 2, {0})) == ["Placeholders or markup differ"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_written_file_keeps_every_form_of_a_plural(language):
    catalogue = Translations(language)
    forms = tuple(f"{form}" for form in range(catalogue.forms))
    catalogue.add(("run", "runs"), forms)
    written = read_po(BytesIO(as_po(catalogue)), locale=language)["run"].string
    assert (written if isinstance(written, tuple) else (written,)) == forms


def test_updating_keeps_what_fits_and_drops_the_rest(source):
    old = Translations("fr")
    old.add("Ask", "Demander")
    old.add("Not found", "Absent", flags=["fuzzy"])
    old.add("Gone from the source", "Parti")
    new = updated("fr", source, old)
    assert new["Ask"].string == "Demander"
    assert new["Not found"].string == ""
    assert "Gone from the source" not in new
    again = updated("fr", source, read_po(BytesIO(as_po(new)), locale="fr"))
    assert as_po(again) == as_po(new)


@pytest.mark.parametrize(
    ("text", "translation", "wrong"),
    [
        ("%(n)s of %(m)s", "%(m)s: %(n)s", []),
        ("%(n)s of %(m)s", "%(n)s von %(n)s", ["Placeholders or markup differ"]),
        ("Use {name}", "Nimm {nom}", ["Placeholders or markup differ"]),
        ('<a href="%(x)s">Go</a>', '<a href="%(x)s">Los</a>', []),
        ("<b>Go</b>", "<b>Los", ["Placeholders or markup differ"]),
        ("100%%", "100 %", ["Placeholders or markup differ"]),
        ("Go ", "Los", ["White space at the beginning or end differs"]),
        (("a run", "%(n)s runs"), ("ein Lauf", "%(n)s Läufe"), []),
        (("a run", "%(n)s runs"), ("ein Lauf", "%(m)s Läufe"), ["Placeholders or markup differ"]),
        (("a run", "%(n)s runs"), ("%(n)s",), ["1 plural forms instead of 2"]),
    ],
)
def test_what_is_wrong_with_a_translation_is_said(text, translation, wrong):
    assert list(problems(Message(text, translation), 2)) == wrong
