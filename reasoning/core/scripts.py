"""Which script a text is mostly in, by counting its letters; a guess at nothing else."""

import re

_LETTERS = {
    "Latn": re.compile(r"[A-Za-z\u00aa\u00ba\u00c0-\u024f\u1e00-\u1eff]"),
    "Grek": re.compile(r"[\u0370-\u03ff\u1f00-\u1fff]"),
    "Cyrl": re.compile(r"[\u0400-\u052f]"),
    "Arab": re.compile(r"[\u0620-\u06ff\u0750-\u077f\u08a0-\u08ff\ufb50-\ufdff\ufe70-\ufeff]"),
    "Deva": re.compile(r"[\u0900-\u097f]"),
    "Beng": re.compile(r"[\u0980-\u09ff]"),
    "Hani": re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]"),
    "Kana": re.compile(r"[\u3040-\u30ff]"),
    "Kore": re.compile(r"[\u1100-\u11ff\u3130-\u318f\uac00-\ud7af]"),
}
_OF_JAPANESE = {"Hani", "Kana"}


def main_script(text: str) -> str:
    """The script (ISO 15924) of most letters; ``Jpan`` where there are kana, empty without any."""
    counts = {script: len(letters.findall(text)) for script, letters in _LETTERS.items()}
    if counts["Kana"]:
        counts["Jpan"] = sum(counts.pop(script) for script in _OF_JAPANESE)
    script = max(counts, key=lambda name: counts[name])
    return script if counts[script] else ""


def is_in(text: str, script: str) -> bool:
    """Whether a text is mostly in a script, or has no letters that could tell.

    Japanese may be in Han characters alone, and Korean may quote them.
    """
    found = main_script(text)
    return found in ("", script) or (found == "Hani" and script in ("Jpan", "Kore"))
