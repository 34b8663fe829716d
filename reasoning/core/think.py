"""Thinking and summary out of a model's raw output, verbatim and without loss.

The engine's own parsers drop white space and tags, so the raw text is kept and split here. The
rule is one small machine, the same for a whole text and for a stream:

- An opening tag outside a block begins thinking, a closing tag inside a block ends it.
- What stands outside a block is summary: before the first one, between blocks, and after the last.
- A closing tag that comes before any opening one (the prompt had already opened the block) makes
  all that stands before it thinking. A stream cannot know this in time: see ``StreamSplitter``.
- Only a tag that switches is a marker. An opening tag inside thinking and a closing tag in the
  summary stay in the text where they stand, and are reported as defects.
- One end-of-sequence token at the very end is a marker too, since engines may leave it in.

White space is never touched: it belongs to the segment it stands in. Pages may strip it.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby
from typing import Final, Literal

Channel = Literal["marker", "thinking", "summary"]

NO_THINKING: Final = "no_thinking"
THINKING_NOT_CLOSED: Final = "thinking_not_closed"
THINKING_NOT_OPENED: Final = "thinking_not_opened"
SEVERAL_THINKING_BLOCKS: Final = "several_thinking_blocks"
NESTED_OPENING: Final = "nested_opening"
STRAY_CLOSING: Final = "stray_closing"
TEXT_BEFORE_THINKING: Final = "text_before_thinking"
EMPTY_THINKING: Final = "empty_thinking"
EMPTY_SUMMARY: Final = "empty_summary"
CONTROL_TOKEN_IN_TEXT: Final = "control_token_in_text"  # noqa: S105 (no password)

END_OF_SEQUENCE = "</s>"


class ThinkForm(StrEnum):
    """How a model marks its thinking."""

    TEXT_TAGS = "text_tags"
    """Magistral-Small-2506: ``<think>`` and ``</think>`` as ordinary text."""
    SPECIAL_TOKENS = "special_tokens"
    """2507 and later: ``[THINK]`` and ``[/THINK]``, seen when special tokens are kept."""

    @property
    def opening(self) -> str:
        """The tag that begins thinking."""
        return "<think>" if self is ThinkForm.TEXT_TAGS else "[THINK]"

    @property
    def closing(self) -> str:
        """The tag that ends thinking."""
        return "</think>" if self is ThinkForm.TEXT_TAGS else "[/THINK]"


@dataclass(frozen=True, slots=True)
class Segment:
    """A run of the raw text, and the channel it belongs to."""

    channel: Channel
    text: str


Piece = Segment
"""A segment as a stream delivers it: one run of text may come in several pieces."""


@dataclass(frozen=True, slots=True)
class Split:
    """A raw text taken apart. The segments' texts, joined, are the raw text exactly."""

    thinking: str
    summary: str
    defects: tuple[str, ...]
    segments: tuple[Segment, ...]


_CONTROL_TOKENS = re.compile(
    r"</?s>|</?think>|<unk>|<pad>|<SPECIAL_\d+>"
    r"|\[/?(?:INST|SYSTEM_PROMPT|AVAILABLE_TOOLS|TOOL_RESULTS|MODEL_SETTINGS|THINK)\]"
    r"|\[(?:TOOL_CALLS|TOOL_CONTENT|ARGS|CALL_ID|PREFIX|MIDDLE|SUFFIX|IMG(?:_BREAK|_END)?)\]"
)


def split(raw: str, form: ThinkForm) -> Split:
    """Take ``raw`` apart. Total: any text gives a split, and never an error."""
    splitter = StreamSplitter(form)
    segments = _merged([*splitter.feed(raw), *splitter.finish()])
    if _first_marker(segments, form) == form.closing:
        segments = _opened_before(segments, form)
    return Split(
        thinking=_text_of("thinking", segments),
        summary=_text_of("summary", segments),
        defects=tuple(_defects(segments, form)),
        segments=tuple(segments),
    )


def control_tokens(text: str, form: ThinkForm) -> tuple[str, ...]:
    """The spellings of control tokens that occur in ``text``, each once, in order of appearance.

    The form's own tags are left out: they are reported as what is wrong with them.
    """
    return tuple(dict.fromkeys(found[0] for found in find_control_tokens(text, form)))


def find_control_tokens(text: str, form: ThinkForm) -> Iterator[re.Match[str]]:
    """Where spellings of control tokens stand in ``text``; the form's own tags are left out."""
    return (
        found
        for found in _CONTROL_TOKENS.finditer(text)
        if found[0] not in (form.opening, form.closing)
    )


def parted(thinking: str, summary: str, form: ThinkForm) -> Split:
    """What an engine has already taken apart, with the defects that can still be seen in it.

    There are no segments: the raw text, and what stood between its parts, is not known.
    """
    tags = (form.opening, form.closing)
    found = {
        NO_THINKING: not thinking,
        NESTED_OPENING: any(tag in thinking for tag in tags),
        STRAY_CLOSING: any(tag in summary for tag in tags),
        EMPTY_THINKING: bool(thinking) and not thinking.strip(),
        EMPTY_SUMMARY: not summary.strip(),
        CONTROL_TOKEN_IN_TEXT: any(control_tokens(text, form) for text in (thinking, summary)),
    }
    defects = tuple(code for code, present in found.items() if present)
    return Split(thinking, summary, defects, ())


class StreamSplitter:
    """The same split, piece by piece. What may be half a tag is held back until it is known.

    The joined pieces of a channel equal ``split``'s text of it, however the raw text is cut, with
    one exception: when the first tag is a closing one, what came before it was delivered as
    summary, and ``split`` knows it to be thinking. The marker piece tells the reader so.
    """

    def __init__(self, form: ThinkForm) -> None:
        self._form = form
        self._tag = re.compile(f"{re.escape(form.opening)}|{re.escape(form.closing)}")
        self._beginnings = {END_OF_SEQUENCE} | {
            text[:length]
            for text in (form.opening, form.closing, END_OF_SEQUENCE)
            for length in range(1, len(text))
        }
        self._held = ""
        self._thinking = False
        self._switched = False

    def feed(self, text: str) -> list[Piece]:
        """The pieces that are certain now that ``text`` has arrived."""
        text = self._held + text
        pieces: list[Piece] = []
        start = 0
        for tag in self._tag.finditer(text):
            channel = self._channel()
            if self._switches(tag[0]):
                pieces += [Piece(channel, text[start : tag.start()]), Piece("marker", tag[0])]
                start = tag.end()
        end = len(text) - self._uncertain(text[start:])
        self._held = text[end:]
        return [p for p in (*pieces, Piece(self._channel(), text[start:end])) if p.text]

    def finish(self) -> list[Piece]:
        """What was held back, now that nothing more will come."""
        held, self._held = self._held, ""
        if not held:
            return []
        return [Piece("marker" if held == END_OF_SEQUENCE else self._channel(), held)]

    def _channel(self) -> Channel:
        return "thinking" if self._thinking else "summary"

    def _switches(self, tag: str) -> bool:
        """Whether ``tag`` changes the channel; if it does, change it."""
        opens = tag == self._form.opening
        switches = opens != self._thinking or (not opens and not self._switched)
        if switches:
            self._thinking, self._switched = opens, True
        return switches

    def _uncertain(self, text: str) -> int:
        """How many characters at the end of ``text`` may be the beginning of something else."""
        longest = min(len(text), len(self._form.closing) - 1)
        return next((n for n in range(longest, 0, -1) if text[-n:] in self._beginnings), 0)


def _merged(pieces: Iterable[Piece]) -> list[Segment]:
    segments: list[Segment] = []
    for channel, run in groupby(pieces, key=lambda piece: piece.channel):
        texts = [piece.text for piece in run]
        texts = texts if channel == "marker" else ["".join(texts)]
        segments += [Segment(channel, text) for text in texts]
    return segments


def _first_marker(segments: list[Segment], form: ThinkForm) -> str | None:
    tags = (form.opening, form.closing)
    return next((s.text for s in segments if s.channel == "marker" and s.text in tags), None)


def _opened_before(segments: list[Segment], form: ThinkForm) -> list[Segment]:
    """The segments, with what stands before the first closing tag as thinking."""
    at = segments.index(Segment("marker", form.closing))
    return [Segment("thinking", s.text) for s in segments[:at]] + segments[at:]


def _text_of(channel: Channel, segments: Iterable[Segment]) -> str:
    return "".join(s.text for s in segments if s.channel == channel)


def _defects(segments: list[Segment], form: ThinkForm) -> Iterator[str]:
    """The defects of the text, in the order in which the codes stand above."""
    thinking = [s.text for s in segments if s.channel == "thinking"]
    summary = [s.text for s in segments if s.channel == "summary"]
    markers = [s.text for s in segments if s.channel == "marker"]
    not_opened = _first_marker(segments, form) == form.closing
    blocks = markers.count(form.opening) + not_opened
    found = {
        NO_THINKING: not blocks,
        THINKING_NOT_CLOSED: blocks > markers.count(form.closing),
        THINKING_NOT_OPENED: not_opened,
        SEVERAL_THINKING_BLOCKS: blocks > 1,
        NESTED_OPENING: any(form.opening in text for text in thinking),
        STRAY_CLOSING: any(form.closing in text for text in summary),
        TEXT_BEFORE_THINKING: blocks > 0 and _begins_with_summary(segments),
        EMPTY_THINKING: blocks > 0 and not "".join(thinking).strip(),
        EMPTY_SUMMARY: not "".join(summary).strip(),
        CONTROL_TOKEN_IN_TEXT: any(control_tokens(text, form) for text in thinking + summary),
    }
    return (code for code, present in found.items() if present)


def _begins_with_summary(segments: list[Segment]) -> bool:
    return segments[0].channel == "summary" and bool(segments[0].text.strip())
