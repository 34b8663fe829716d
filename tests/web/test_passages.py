"""Paragraphs keep every character in its place; hidden characters are seen; notes are marked."""

from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning.web.passages import Marking, marked, paragraphs, visible

ROUGH = st.text(alphabet=st.sampled_from("a b\n\t\u202eé日"))


def span(start: int, end: int) -> SimpleNamespace:
    return SimpleNamespace(start=start, end=end)


def test_blank_lines_part_paragraphs():
    found = list(paragraphs("One.\nStill one.\n\n \n  Two.\n"))
    assert [(p.number, p.text) for p in found] == [(1, "One.\nStill one."), (2, "  Two.\n")]


@given(ROUGH)
def test_a_paragraph_is_what_stands_at_its_place(text):
    for paragraph in paragraphs(text):
        assert text[paragraph.start : paragraph.end] == paragraph.text
        assert paragraph.text.strip()


@given(ROUGH)
def test_no_word_is_lost(text):
    assert "".join("".join(p.text.split()) for p in paragraphs(text)) == "".join(text.split())


def test_nothing_gives_nothing():
    assert list(paragraphs("")) == []
    assert list(paragraphs(" \n\n\t\n")) == []


def test_an_override_is_shown_and_does_not_act():
    html = visible("pay \u202e001\u202c")
    assert "\u202e" not in html
    assert '<span class="control" title="U+202E">RLO</span>' in html


@pytest.mark.parametrize("character", ["\u200b", "\ufeff", "\U000e0041", "\x07", "\u2066"])
def test_whatever_hides_is_shown_by_its_code_point(character):
    html = visible(f"a{character}b")
    assert character not in html
    assert f"U+{ord(character):04X}" in html


@pytest.mark.parametrize("text", ["می\u200cخواهم", "क्\u200dष", "été\tà\n日本"])
def test_spelling_and_space_stay_as_they_are(text):
    assert visible(text) == text


def test_markup_in_a_text_is_text():
    assert visible("<img src=x onerror=alert(1)>") == "&lt;img src=x onerror=alert(1)&gt;"


def test_a_note_is_marked_where_it_is_about():
    paragraph = next(paragraphs("one two three"))
    assert marked(paragraph, [span(4, 7)]) == "one <mark>two</mark> three"


def test_overlapping_notes_are_one_mark():
    paragraph = next(paragraphs("one two three"))
    html = marked(paragraph, [span(0, 5), span(4, 7)])
    layers = "<span>one </span><span>t</span><span>wo</span>"
    assert html == f"<mark>{layers}</mark> three"


def test_each_layer_of_a_mark_says_what_it_is_about():
    paragraph = next(paragraphs("one two three"))
    spans = [Marking(0, 7, "note-1"), Marking(4, 13, "finding-2")]
    assert marked(paragraph, spans) == (
        '<mark><span class="mark-note" data-about="note-1">one </span>'
        '<span class="mark-finding mark-note" data-about="note-1 finding-2">two</span>'
        '<span class="mark-finding" data-about="finding-2"> three</span></mark>'
    )
    whole = marked(paragraph, [Marking(4, 7, "note-1")])
    assert whole == 'one <mark class="mark-note" data-about="note-1">two</mark> three'


def test_a_note_over_two_paragraphs_is_marked_in_both():
    first, second = paragraphs("one two\n\nthree")
    assert marked(first, [span(4, 12)]) == "one <mark>two</mark>"
    assert marked(second, [span(4, 12)]) == "<mark>thr</mark>ee"


def test_marks_do_not_break_escaping():
    paragraph = next(paragraphs("a <b> c"))
    assert marked(paragraph, [span(2, 4)]) == "a <mark>&lt;b</mark>&gt; c"


def test_a_note_elsewhere_marks_nothing():
    paragraph = next(paragraphs("one"))
    assert marked(paragraph, [span(5, 9), span(2, 2)]) == "one"
