"""Loading the large models before they are needed."""

from reasoning.core import languages
from reasoning.core.tokenizers import load_tokenizer


def load_models() -> None:
    """Load the shipped tokenizer and both language detectors, which takes seconds."""
    languages.detect("Which documents does the lender ask for?")
    load_tokenizer()
