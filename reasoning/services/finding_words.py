"""What findings are called, and what they say, in the reader's language."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext

from reasoning.core.errors import gettext_noop as _
from reasoning.core.languages import LANGUAGES
from reasoning.models import Finding

NAMES = {
    "no_thinking": _("no thinking"),
    "thinking_not_closed": _("thinking not closed"),
    "thinking_not_opened": _("thinking not opened"),
    "several_thinking_blocks": _("several thinking blocks"),
    "nested_opening": _("nested opening"),
    "stray_closing": _("stray closing"),
    "text_before_thinking": _("text before thinking"),
    "empty_thinking": _("empty thinking"),
    "empty_summary": _("empty summary"),
    "malformed": _("malformed"),
    "cut_off": _("cut off"),
    "repetition": _("repetition"),
    "boxed": _("boxed"),
    "long_summary": _("long summary"),
    "language_of_thinking_differs": _("language of thinking differs"),
    "language_of_summary_differs": _("language of summary differs"),
    "language_unknown": _("language unknown"),
    "control_tokens_in_text": _("control tokens in text"),
    "hidden_characters": _("hidden characters"),
    "nul_replaced": _("characters replaced"),
    "prompt_near_window": _("prompt near window"),
    "fidelity_below_raw_ids": _("fidelity below raw ids"),
    "engine_not_as_approved": _("engine not as approved"),
    "engine_identity_unknown": _("engine identity unknown"),
    "prompt_not_as_rendered": _("prompt not as rendered"),
    "prompt_count_differs": _("prompt count differs"),
}
"""By code. Findings stay, so those that no check makes any more have a name too."""


def name_of(code: str) -> str:
    """A finding's code as a short label."""
    name = NAMES.get(code)
    return gettext(name) if name else code.replace("_", " ")


def sentence_of(finding: Finding) -> str:
    """The finding's sentence, filled in. Where its data names a language, so does the sentence."""
    sentence = gettext(finding.sentence)
    return sentence % _translated(finding.data) if finding.data else sentence


def _translated(data: Mapping[str, Any]) -> dict[str, Any]:
    """``found`` in the reader's language where ``found_code`` says which language it is."""
    codes = {name: data.get(f"{name}_code") for name in data}
    known = {name: LANGUAGES[code].english for name, code in codes.items() if code in LANGUAGES}
    return {**data, **{name: gettext(english) for name, english in known.items()}}
