"""What a translation must have in common with the text it translates."""

import re
from collections import Counter
from collections.abc import Iterator

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


def problems(message: Message, plural_forms: int) -> Iterator[str]:
    """What is wrong with one translation, as short English sentences; nothing when all is well."""
    if message.fuzzy:
        yield "Marked as fuzzy"
    forms, wanted = forms_of(message), plural_forms if message.pluralizable else 1
    if len(forms) != wanted:
        yield f"{len(forms)} plural forms instead of {wanted}"
    for form in forms:
        yield from _differences(form, originals_of(message))


def _differences(form: str, originals: list[str]) -> Iterator[str]:
    """Of a plural, each form may be like either of the source's two: "one note", "%(n)s notes"."""
    if not form.strip():
        yield "Not translated"
    elif marks(form) not in [marks(original) for original in originals]:
        yield "Placeholders or markup differ"
    elif edges(form) not in [edges(original) for original in originals]:
        yield "White space at the beginning or end differs"


def marks(text: str) -> Counter[str]:
    """Placeholders and tags, and how often each occurs; their order is the language's own."""
    return Counter(MARKS.findall(text))


def edges(text: str) -> tuple[bool, bool]:
    """Whether a text begins and ends with white space: it is put together with others there."""
    return text[:1].isspace(), text[-1:].isspace()
