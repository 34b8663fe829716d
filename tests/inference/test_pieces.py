"""The pieces of an answer come back as they were put in, however they are held."""

from itertools import accumulate, groupby

from hypothesis import given
from hypothesis import strategies as st

from reasoning.inference.pieces import LOOSE, Pieces
from reasoning.inference.requests import Channel, Chunk

CHANNELS = st.sampled_from([None, Channel.THINKING, Channel.SUMMARY])
CHUNKS = st.builds(
    Chunk,
    st.text(max_size=5),
    st.lists(st.integers(0, 2**32 - 1), max_size=3).map(tuple),
    CHANNELS,
)


@given(
    st.lists(CHUNKS, max_size=12),
    st.integers(1, LOOSE),
    st.integers(1, LOOSE),
    st.integers(0, 200),
)
def test_all_of_it_comes_back_from_wherever_one_asks(
    chunks: list[Chunk], times: int, together: int, start: int
):
    pieces, given_in = Pieces(), chunks * times
    for at in range(0, len(given_in), together):
        pieces.add(given_in[at : at + together])
    text = "".join(chunk.text for chunk in given_in)
    ids = [number for chunk in given_in for number in chunk.token_ids]
    start = min(start, len(text))
    since, rest = pieces.since(start, min(start, len(ids)))
    assert (since, list(rest)) == (text[start:], ids[min(start, len(ids)) :])
    assert pieces.length == len(text)
    text_ends, id_ends = pieces.ends()
    assert list(text_ends) == list(accumulate(len(chunk.text) for chunk in given_in))
    assert list(id_ends) == list(accumulate(len(chunk.token_ids) for chunk in given_in))


@given(st.lists(CHUNKS, max_size=40), st.integers(0, 100))
def test_channels_are_told_from_any_character_on(chunks: list[Chunk], start: int):
    pieces = Pieces()
    pieces.add(chunks)
    letters = [(chunk.channel, letter) for chunk in chunks for letter in chunk.text]
    start = min(start, len(letters))
    runs = [
        (channel, "".join(letter for _channel, letter in group))
        for channel, group in groupby(letters[start:], key=lambda pair: pair[0])
    ]
    told: list[tuple[Channel | None, str]] = []
    for channel, text in pieces.runs(start):
        if told and told[-1][0] is channel:
            told[-1] = channel, told[-1][1] + text
        else:
            told.append((channel, text))
    assert told == runs
