"""Differences give both texts back, and point at the words that changed."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning.core.differences import Piece, pieces

ROUGH = st.text(alphabet=st.sampled_from("ab ,\n日本éا\r\u2028"), max_size=60) | st.text()


def sides(old, new):
    found = pieces(old, new)
    return (
        "".join(piece.text for piece in found if piece.fate != "added"),
        "".join(piece.text for piece in found if piece.fate != "removed"),
    )


@given(ROUGH, ROUGH)
def test_both_texts_are_in_the_pieces(old, new):
    assert sides(old, new) == (old, new)


@pytest.mark.parametrize(
    ("old", "new", "changes"),
    [
        ("The sum is four.", "The sum is five.", [("removed", "four"), ("added", "five")]),
        ("Same.", "Same.", []),
        ("", "New.", [("added", "New.")]),
        ("Gone.", "", [("removed", "Gone.")]),
        ("顧客の身元を確認する", "顧客の住所を確認する", [("removed", "身元"), ("added", "住所")]),
        ("खाता खोलें", "खाता बंद करें", [("removed", "खोलें"), ("added", "बंद करें")]),
    ],
)
def test_what_changed_is_pointed_at(old, new, changes):
    found = [(piece.fate, piece.text) for piece in pieces(old, new) if piece.fate != "kept"]
    assert found == changes


def test_a_long_text_with_a_few_changes():
    chance = random.Random(7)
    words = [f"w{chance.randrange(4000)}" for _ in range(12_000)]
    other = list(words)
    for at in (10, 6_000, 11_000):
        other[at : at + 2] = ["changed", "here"]
    old, new = " ".join(words), " ".join(other)
    assert sides(old, new) == (old, new)
    assert sum(piece.fate == "added" for piece in pieces(old, new)) == 3


def test_long_texts_that_share_nothing_are_shown_as_replaced():
    old, new = "aaaa bbbb " * 5_000, "cccc dddd " * 5_000
    assert sides(old, new) == (old, new)


@given(text=st.text(min_size=1))
def test_the_same_text_is_kept(text):
    assert pieces(text, text) == [Piece("kept", text)]
