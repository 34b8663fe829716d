"""Thinking and summary out of raw output: nothing lost, every deformity named."""

from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from reasoning.core import think
from reasoning.core.think import Segment, Split, StreamSplitter, ThinkForm, split

TEXT = ThinkForm.TEXT_TAGS
SPECIAL = ThinkForm.SPECIAL_TOKENS

FORMS = st.sampled_from(list(ThinkForm))
SHARDS = [
    "<think>",
    "</think>",
    "[THINK]",
    "[/THINK]",
    "</s>",
    "<s>",
    "[INST]",
    "<",
    "</",
    "[/",
    "k>",
]
RAW = st.lists(st.sampled_from(SHARDS) | st.text(max_size=3), max_size=12).map("".join)


@st.composite
def raw_in_pieces(draw: st.DrawFn) -> list[str]:
    """A raw text of tags and half tags, cut at random places."""
    raw = draw(RAW)
    cuts = sorted(draw(st.lists(st.integers(0, len(raw)), max_size=8)))
    return [raw[a:b] for a, b in zip([0, *cuts], [*cuts, len(raw)], strict=True)]


def streamed(pieces: list[str], form: ThinkForm) -> list[Segment]:
    splitter = StreamSplitter(form)
    return [p for text in pieces for p in splitter.feed(text)] + splitter.finish()


def joined(segments: list[Segment] | tuple[Segment, ...], channel: str) -> str:
    return "".join(s.text for s in segments if s.channel == channel)


# One well-formed answer in each form ------------------------------------------------------------


@pytest.mark.parametrize("form", list(ThinkForm))
def test_a_well_formed_answer_has_no_defects(form: ThinkForm) -> None:
    raw = f"{form.opening}\n2 + 2 is 4.\n{form.closing}\n\nFour.\n"
    assert split(raw, form) == Split(
        thinking="\n2 + 2 is 4.\n",
        summary="\n\nFour.\n",
        defects=(),
        segments=(
            Segment("marker", form.opening),
            Segment("thinking", "\n2 + 2 is 4.\n"),
            Segment("marker", form.closing),
            Segment("summary", "\n\nFour.\n"),
        ),
    )


def test_white_space_before_the_opening_is_kept_and_is_no_defect() -> None:
    result = split("\n <think>a</think>b", TEXT)
    assert (result.thinking, result.summary, result.defects) == ("a", "\n b", ())


def test_an_end_of_sequence_token_at_the_end_is_a_marker() -> None:
    result = split("<think>a</think>b</s>", TEXT)
    assert (result.summary, result.defects) == ("b", ())
    assert result.segments[-1] == Segment("marker", "</s>")


# Every deformity --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "thinking", "summary", "defects"),
    [
        ("", "", "", (think.NO_THINKING, think.EMPTY_SUMMARY)),
        ("Four.", "", "Four.", (think.NO_THINKING,)),
        ("<think>so", "so", "", (think.THINKING_NOT_CLOSED, think.EMPTY_SUMMARY)),
        ("<think>so</thi", "so</thi", "", (think.THINKING_NOT_CLOSED, think.EMPTY_SUMMARY)),
        ("so</think>Four.", "so", "Four.", (think.THINKING_NOT_OPENED,)),
        ("</think>Four.", "", "Four.", (think.THINKING_NOT_OPENED, think.EMPTY_THINKING)),
        (
            "<think>a</think>b<think>c</think>d",
            "ac",
            "bd",
            (think.SEVERAL_THINKING_BLOCKS,),
        ),
        (
            "a</think>b<think>c</think>d",
            "ac",
            "bd",
            (think.THINKING_NOT_OPENED, think.SEVERAL_THINKING_BLOCKS),
        ),
        ("<think>a<think>b</think>c", "a<think>b", "c", (think.NESTED_OPENING,)),
        (
            "<think>a<think>b</think>c</think>d",
            "a<think>b",
            "c</think>d",
            (think.NESTED_OPENING, think.STRAY_CLOSING),
        ),
        ("<think>a</think>b</think>c", "a", "b</think>c", (think.STRAY_CLOSING,)),
        ("Well. <think>a</think>b", "a", "Well. b", (think.TEXT_BEFORE_THINKING,)),
        ("<think> \n</think>b", " \n", "b", (think.EMPTY_THINKING,)),
        ("<think>a</think>\n ", "a", "\n ", (think.EMPTY_SUMMARY,)),
        ("<think>a</think>b[/INST]", "a", "b[/INST]", (think.CONTROL_TOKEN_IN_TEXT,)),
        ("<think>a</s>b</think>c", "a</s>b", "c", (think.CONTROL_TOKEN_IN_TEXT,)),
        ("pre<think>a</think>post", "a", "prepost", (think.TEXT_BEFORE_THINKING,)),
        ("<THINK>a</Think>b", "", "<THINK>a</Think>b", (think.NO_THINKING,)),
        ("<think >a</ think>b", "", "<think >a</ think>b", (think.NO_THINKING,)),
        ("<<think>>a</think>", ">a", "<", (think.TEXT_BEFORE_THINKING,)),
        ("<think>a</think>b</thin", "a", "b</thin", ()),
        ("<think>a</think>b</s></s>", "a", "b</s>", (think.CONTROL_TOKEN_IN_TEXT,)),
        (
            "[THINK]a[/THINK]b",
            "",
            "[THINK]a[/THINK]b",
            (think.NO_THINKING, think.CONTROL_TOKEN_IN_TEXT),
        ),
    ],
)
def test_each_deformity_is_named_and_loses_nothing(
    raw: str, thinking: str, summary: str, defects: tuple[str, ...]
) -> None:
    result = split(raw, TEXT)
    assert (result.thinking, result.summary, result.defects) == (thinking, summary, defects)
    assert "".join(s.text for s in result.segments) == raw


def test_blocks_that_would_only_spell_a_tag_together_are_no_nesting() -> None:
    result = split("<think>a<thi</think>b<think>nk>c</think>d", TEXT)
    assert result.thinking == "a<think>c"
    assert result.defects == (think.SEVERAL_THINKING_BLOCKS,)


def test_the_other_forms_tags_are_control_tokens() -> None:
    result = split("[THINK]a</think>[/THINK]b", SPECIAL)
    assert (result.thinking, result.summary) == ("a</think>", "b")
    assert result.defects == (think.CONTROL_TOKEN_IN_TEXT,)


def test_control_tokens_are_listed_once_each_without_the_forms_own() -> None:
    text = "x[INST]y</s>[INST]<SPECIAL_35><think>[THINK]"
    assert think.control_tokens(text, TEXT) == ("[INST]", "</s>", "<SPECIAL_35>", "[THINK]")
    assert think.control_tokens("nothing [here] <b>", TEXT) == ()


@pytest.mark.parametrize(
    ("thinking", "summary", "defects"),
    [
        ("a", "b", ()),
        ("", "b", (think.NO_THINKING,)),
        (" ", "", (think.EMPTY_THINKING, think.EMPTY_SUMMARY)),
        ("a</think>Four.", "", (think.NESTED_OPENING, think.EMPTY_SUMMARY)),
        ("a", "b</think>c", (think.STRAY_CLOSING,)),
        ("a[INST]", "b", (think.CONTROL_TOKEN_IN_TEXT,)),
    ],
)
def test_what_the_engine_parted_is_checked_too(
    thinking: str, summary: str, defects: tuple[str, ...]
) -> None:
    assert think.parted(thinking, summary, TEXT) == Split(thinking, summary, defects, ())


# Properties -------------------------------------------------------------------------------------


@given(RAW | st.text(), FORMS)
@example("\ud800<think>\x00</think>\udfff", TEXT)
@settings(deadline=None)
def test_the_segments_are_the_raw_text(raw: str, form: ThinkForm) -> None:
    result = split(raw, form)
    assert "".join(s.text for s in result.segments) == raw
    assert all(s.text for s in result.segments)
    assert joined(result.segments, "thinking") == result.thinking
    assert joined(result.segments, "summary") == result.summary


@given(RAW, FORMS)
@settings(deadline=None)
def test_neighbouring_segments_differ(raw: str, form: ThinkForm) -> None:
    segments = split(raw, form).segments
    for before, after in pairwise(segments):
        assert before.channel != after.channel or before.channel == "marker"


@given(raw_in_pieces(), FORMS)
@settings(deadline=None)
def test_a_stream_gives_the_same_channels_however_it_is_cut(
    pieces: list[str], form: ThinkForm
) -> None:
    whole, stream = split("".join(pieces), form), streamed(pieces, form)
    assert "".join(p.text for p in stream) == "".join(pieces)
    assert joined(stream, "marker") == joined(whole.segments, "marker")
    if think.THINKING_NOT_OPENED in whole.defects:
        before = whole.segments[0].text if whole.segments[0].channel == "thinking" else ""
        assert before + joined(stream, "thinking") == whole.thinking
        assert joined(stream, "summary") == before + whole.summary
    else:
        assert joined(stream, "thinking") == whole.thinking
        assert joined(stream, "summary") == whole.summary


@given(RAW, FORMS)
@settings(deadline=None)
def test_one_character_at_a_time_is_a_way_of_cutting(raw: str, form: ThinkForm) -> None:
    assert think._merged(streamed(list(raw), form)) == think._merged(streamed([raw], form))


# Streams ----------------------------------------------------------------------------------------


def test_a_stream_holds_back_only_what_may_be_a_tag() -> None:
    splitter = StreamSplitter(TEXT)
    assert splitter.feed("<th") == []
    assert splitter.feed("ink>so 1 < 2</") == [
        Segment("marker", "<think>"),
        Segment("thinking", "so 1 < 2"),
    ]
    assert splitter.feed("b>") == [Segment("thinking", "</b>")]
    assert splitter.feed("</think") == []
    assert splitter.feed(">Yes.") == [Segment("marker", "</think>"), Segment("summary", "Yes.")]
    assert splitter.finish() == []


def test_a_stream_that_ends_in_half_a_tag_delivers_it_as_text() -> None:
    splitter = StreamSplitter(SPECIAL)
    splitter.feed("[THINK]so[/THI")
    assert splitter.finish() == [Segment("thinking", "[/THI")]


def test_an_end_of_sequence_token_is_a_marker_only_when_nothing_follows() -> None:
    splitter = StreamSplitter(TEXT)
    assert splitter.feed("a</s>") == [Segment("summary", "a")]
    assert splitter.feed("b</s>") == [Segment("summary", "</s>b")]
    assert splitter.finish() == [Segment("marker", "</s>")]


def test_a_long_text_in_small_pieces_keeps_only_half_a_tag_in_hand() -> None:
    splitter = StreamSplitter(TEXT)
    splitter.feed("<think>")
    for _ in range(10_000):
        splitter.feed("word <")
    assert splitter.finish() == [Segment("thinking", "<")]
