"""How far two outputs agree."""

import pytest

from reasoning.core.matching import Match, match


@pytest.mark.parametrize(
    ("stored", "again", "expected", "share"),
    [
        ([1, 2, 3], [1, 2, 3], Match(3, 3, 3, None), "1.0000"),
        ([1, 2, 3], [1, 9, 3], Match(3, 3, 1, 2), "0.3333"),
        ([1, 2, 3], [9, 2, 3], Match(3, 3, 0, 1), "0.0000"),
        ([1, 2, 3], [1, 2], Match(3, 2, 2, 3), "0.6666"),
        ([1, 2], [1, 2, 3], Match(2, 3, 2, 3), "1.0000"),
        ([], [], Match(0, 0, 0, None), ""),
        ("abc", "abd", Match(3, 3, 2, 3), "0.6666"),
    ],
)
def test_up_to_the_first_difference(stored, again, expected, share):
    found = match(stored, again)
    assert found == expected
    assert found.share == share


def test_one_token_off_in_many_is_not_all_of_them():
    stored = list(range(40_000))
    assert match(stored, [*stored[:-1], 0]).share == "0.9999"
