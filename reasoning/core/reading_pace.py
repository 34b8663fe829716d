"""When a review was signed faster than anybody reads."""

FASTEST_TOKENS_PER_SECOND = 20
"""Tokens of thinking and summary that nobody reads in a second: about 900 words of English a
minute, more than three times the usual pace (238: Brysbaert, "How many words do we read per
minute?", Journal of Memory and Language 109, 2019). It says that not everything can have been read,
not that the decision is wrong."""


def implausible(seconds: float | None, tokens: int) -> bool:
    """Whether so many tokens cannot have been read in the time; no when the time is not known."""
    return seconds is not None and seconds * FASTEST_TOKENS_PER_SECOND < tokens
