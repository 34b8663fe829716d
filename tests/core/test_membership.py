"""Which leaves a tree has, from its tiles: agrees with the tree itself, whatever is asked."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning.core.edge import Edge
from reasoning.core.membership import Membership

SIZES = (1, 2, 255, 256, 257, 512, 700, 65_536, 65_537, 66_049)


def leaf(index):
    return hashlib.sha256(index.to_bytes(8, "big")).digest()


class Stored:
    """A tree's tiles, as a store that only grows would have them."""

    def __init__(self, size):
        edge, self.data = Edge(), {}
        for tile, data in edge.append(leaf(index) for index in range(size)):
            self.data[tile.level, tile.index] = data
        for tile, data in edge.partial():
            self.data[tile.level, tile.index] = data
        self.root = edge.root()
        self.asked = []

    def fetch(self, wanted):
        self.asked.append(list(wanted))
        return [self.data[tile.level, tile.index][: tile.size] for tile in wanted]


@pytest.fixture(scope="module")
def stored():
    return {size: Stored(size) for size in SIZES}


@pytest.mark.parametrize("size", SIZES)
def test_it_has_every_leaf_and_nothing_else(stored, size):
    tree = stored[size]
    indexes = sorted({0, 1, size // 2, 255, 256, size - 1} & set(range(size)))
    membership = Membership(size, tree.root, tree.fetch)
    tree.asked.clear()
    assert membership.absent((index, leaf(index)) for index in indexes) == set()
    assert len(tree.asked) == 1
    assert membership.absent((index, leaf(index + 1)) for index in indexes) == set(indexes)
    assert membership.absent([(size, leaf(size))]) == {size}


@given(st.data())
def test_one_changed_bit_anywhere_is_noticed(stored, data):
    size = data.draw(st.sampled_from(SIZES))
    index = data.draw(st.integers(0, size - 1))
    tree = stored[size]
    place, level = index, 0
    touched = []
    while place % 256 < len(tree.data.get((level, place >> 8), b"")) // 32:
        touched.append((level, place >> 8, place % 256))
        place, level = place >> 8, level + 1
    level, number, position = data.draw(st.sampled_from(touched))
    changed = bytearray(tree.data[level, number])
    changed[position * 32 + data.draw(st.integers(0, 31))] ^= 1 << data.draw(st.integers(0, 7))

    def fetch(wanted):
        found = {**tree.data, (level, number): bytes(changed)}
        return [found[tile.level, tile.index][: tile.size] for tile in wanted]

    assert Membership(size, tree.root, fetch).absent([(index, leaf(index))]) == {index}


@pytest.mark.parametrize("size", [1, 257, 65_537])
def test_a_tile_that_is_too_short_holds_nothing(stored, size):
    tree = stored[size]
    found = Membership(size, tree.root, lambda wanted: [b"" for _tile in wanted])
    assert found.absent([(0, leaf(0))]) == {0}


def test_another_root_holds_nothing(stored):
    assert Membership(257, leaf(0), stored[257].fetch).absent([(3, leaf(3))]) == {3}
