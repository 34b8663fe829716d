"""What the model is told before the question."""

from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from reasoning.core.prompts import EarlierTurns
from reasoning.models.evidence import committed_text, said, salt
from reasoning.models.registered import Registered

EARLIER_TURNS = [
    (EarlierTurns.NONE.value, _("no earlier turns")),
    (EarlierTurns.SUMMARIES.value, _("earlier questions and summaries")),
    (EarlierTurns.THINKING.value, _("earlier questions, summaries and thinking")),
]


class PromptVersion(Registered):
    """A system prompt, verbatim, with its source. ``sha256`` is of the UTF-8 text.

    ``earlier_turns`` is what a follow-up question carries; without a word it carries nothing.
    """

    KIND = "prompt.proposed"
    SUBJECT = "prompt"
    TEXTS = ("text",)

    text = committed_text()
    text_salt = salt()
    sha256 = models.CharField(max_length=64)
    source = models.CharField(max_length=300)
    earlier_turns = models.CharField(
        max_length=10, choices=EARLIER_TURNS, default=EarlierTurns.NONE.value
    )

    class Meta(Registered.Meta):
        constraints = [models.UniqueConstraint(fields=["name", "number"], name="prompt_number")]

    def facts(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "number": self.number,
            "sha256": self.sha256,
            "source": self.source,
            **said(EarlierTurns.NONE.value, earlier_turns=self.earlier_turns),
        }
