"""Lines of JSON out of a stream of bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reasoning.core.errors import EngineFailed
from reasoning.inference.ndjson import LineReader


@given(st.lists(st.binary(min_size=1).filter(lambda b: b"\n" not in b and b.strip())), st.data())
def test_lines_come_whole_however_the_network_cuts_them(lines, data):
    body = b"".join(line + b"\n" for line in lines)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(body)))))
    pieces = [body[a:b] for a, b in zip([0, *cuts], [*cuts, len(body)], strict=True)]
    reader = LineReader()
    assert [line for piece in pieces for line in reader.feed(piece)] == lines


def test_empty_lines_are_nothing():
    assert list(LineReader().feed(b"\n \r\n{}\n\n")) == [b"{}"]


@pytest.mark.parametrize("end", [b"", b"\n"], ids=["open", "closed"])
def test_an_oversized_line_is_a_failure(end):
    with pytest.raises(EngineFailed):
        list(LineReader(limit=10).feed(b"x" * 11 + end))
