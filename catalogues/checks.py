"""What a translation must have in common with the text it translates."""

import re
from collections import Counter
from collections.abc import Collection, Iterator

from babel.messages.catalog import Message

MARKS = re.compile(
    r"%\(\w+\)[-#0 +]*\d*(?:\.\d+)?[a-zA-Z]"  # %(name)s
    r"|%%|%[sd]"
    r"|\{\w*\}"  # {name}
    r"|</?[a-zA-Z][^>]*>|&\w+;"  # markup
)


def originals_of(message: Message) -> list[str]:
    """The source's text, or its two of a plural."""
    return [message.id] if isinstance(message.id, str) else list(message.id)


def forms_of(message: Message) -> list[str]:
    """The translation, or each of a plural's; empty strings where there is none."""
    return (
        [message.string or ""] if isinstance(message.string, str | None) else list(message.string)
    )


def is_translated(message: Message) -> bool:
    """Whether every form has words, and a person stands by them."""
    return bool(message.id) and all(forms_of(message)) and not message.fuzzy


def problems(
    message: Message, plural_forms: int, of_one_number: Collection[int] = ()
) -> Iterator[str]:
    """What is wrong with one translation, as short English sentences; nothing when all is well.

    ``of_one_number``: the plural forms that may say their number in words.
    """
    if message.fuzzy:
        yield "Marked as fuzzy"
    forms, wanted = forms_of(message), plural_forms if message.pluralizable else 1
    if len(forms) != wanted:
        yield f"{len(forms)} plural forms instead of {wanted}"
    for place, form in enumerate(forms):
        in_words = message.pluralizable and place in of_one_number
        yield from _differences(form, originals_of(message), in_words)


def _differences(form: str, originals: list[str], in_words: bool) -> Iterator[str]:
    """Of a plural, each form may be like either of the source's two: "one note", "%(n)s notes"."""
    if not form.strip():
        yield "Not translated"
    elif marks(form) not in [wanted for text in originals for wanted in _marked(text, in_words)]:
        yield "Placeholders or markup differ"
    elif edges(form) not in [edges(original) for original in originals]:
        yield "White space at the beginning or end differs"


def _marked(original: str, in_words: bool) -> Iterator[Counter[str]]:
    """What a form must have: all that the text has, or all but the number that it says in words."""
    found = marks(original)
    yield found
    if in_words:
        yield from (found - Counter([mark]) for mark in found if mark.startswith("%("))


def marks(text: str) -> Counter[str]:
    """Placeholders and tags, and how often each occurs; their order is the language's own."""
    return Counter(MARKS.findall(text))


def edges(text: str) -> tuple[bool, bool]:
    """Whether a text begins and ends with white space: it is put together with others there."""
    return text[:1].isspace(), text[-1:].isspace()
