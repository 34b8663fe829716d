"""Differences of texts: nothing is left out, and words are what is compared."""

from hypothesis import given
from hypothesis import strategies as st

from reasoning.core.differences import WORDS_AT_ONCE, Piece, pieces

TEXTS = st.text(st.sampled_from("ab \n.é字ا\r\u2028")) | st.text()


@given(old=TEXTS, new=TEXTS)
def test_both_texts_can_be_read_off_the_pieces(old: str, new: str) -> None:
    found = pieces(old, new)
    assert "".join(piece.text for piece in found if piece.fate != "added") == old
    assert "".join(piece.text for piece in found if piece.fate != "removed") == new
    assert all(piece.text for piece in found)


@given(text=st.text(min_size=1))
def test_the_same_text_is_kept(text: str) -> None:
    assert pieces(text, text) == [Piece("kept", text)]


def test_a_changed_word_is_a_changed_word() -> None:
    assert pieces("First line.\nThink twice here.\n", "First line.\nThink thrice here.\n") == [
        Piece("kept", "First line.\nThink "),
        Piece("removed", "twice"),
        Piece("added", "thrice"),
        Piece("kept", " here.\n"),
    ]


def test_scripts_without_spaces_are_compared_by_character() -> None:
    assert pieces("資料を確認した。", "資料を検認した。") == [
        Piece("kept", "資料を"),
        Piece("removed", "確"),
        Piece("added", "検"),
        Piece("kept", "認した。"),
    ]


def test_what_would_take_long_is_shown_as_replaced() -> None:
    old = " ".join(f"a{n % 90}" for n in range(WORDS_AT_ONCE))
    new = " ".join(f"a{n * 7 % 90}" for n in range(WORDS_AT_ONCE))
    assert pieces(old, new) == [Piece("removed", old), Piece("added", new)]
