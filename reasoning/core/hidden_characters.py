"""Characters that can hide text from a reviewer, or show it in another order than it is read.

Joiners and direction marks have honest uses (Farsi, Hindi, Bengali, Nepali, Arabic, emoji) and are
reported only where they have none: between Latin letters or digits, and in rows.
"""

import re
from collections import Counter
from collections.abc import Iterator

_ALWAYS = (
    "\u202a-\u202e\u2066-\u2069"  # overrides, embeddings and isolates of direction
    "\u200b\u2060-\u2064\ufeff\u180e\u034f\u115f\u1160\u3164\uffa0\u17b4\u17b5"  # no width
    "\U000e0000-\U000e007f\U000e0100-\U000e01ef"  # tags and selectors, which can carry text
    "\ufff9-\ufffb"  # annotations
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # controls, but tab, line feed, carriage return
)
_JOINERS = "\u061c\u200c-\u200f"
_SELECTORS = "\ufe00-\ufe0f"

_SUSPECT = re.compile(f"[{_ALWAYS}{_JOINERS}{_SELECTORS}]")
_HIDDEN = re.compile(
    f"[{_ALWAYS}]|(?<=[A-Za-z0-9])[{_JOINERS}](?=[A-Za-z0-9])"
    f"|[{_JOINERS}]{{2,}}|[{_SELECTORS}]{{2,}}"
)


def hidden_characters(text: str) -> Counter[str]:
    """How often each hiding character occurs, by code point (``U+202E``)."""
    return Counter(f"U+{ord(character):04X}" for run in find_hidden(text) for character in run[0])


def find_hidden(text: str) -> Iterator[re.Match[str]]:
    """Where hiding characters stand in ``text``, neighbours of one kind together."""
    if not _SUSPECT.search(text):  # as it is in most texts, and ten times faster to see
        return iter(())
    return _HIDDEN.finditer(text)
