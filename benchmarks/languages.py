"""How well the language of a question is told: ours, plain langdetect, plain py3langid, in one run.

    python -m benchmarks.languages [--json FILE]

reads ``data/questions.txt`` (written for this, not tuned upon) and prints a table in Markdown: for
each language and length how many of twelve were right, wrong and unknown. The plain detectors never
say "unknown": they answer as their packages' own ``detect`` and ``classify`` do, langdetect seeded,
py3langid with all its languages.
"""

import statistics
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from pathlib import Path

import langdetect
import py3langid

from benchmarks.stage import Row, arguments, tell
from reasoning.core.languages import LANGUAGES, UNDETERMINED, detect

QUESTIONS = Path(__file__).with_name("data") / "questions.txt"
LENGTHS = ("40", "120")
ROUNDS = 5

Detector = Callable[[str], str]
Tally = Counter[str]
"""How many were right, wrong and unknown."""


def questions() -> dict[tuple[str, str], list[str]]:
    """The questions by language and length."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in QUESTIONS.read_text().splitlines():
        if line.startswith("== "):
            _mark, code, length = line.split()
        elif line and not line.startswith("#"):
            found[code, length].append(line)
    return dict(found)


def ours(text: str) -> str:
    return detect(text).language


def plain_langdetect(text: str) -> str:
    return str(langdetect.detect(text)).partition("-")[0]


def plain_py3langid(text: str) -> str:
    return str(py3langid.classify(text)[0])


DETECTORS: Mapping[str, Detector] = {
    "ours": ours,
    "langdetect": plain_langdetect,
    "py3langid": plain_py3langid,
}


def tally(detector: Detector, texts: list[str], code: str) -> Tally:
    """How the detector did on texts of one language."""
    return Counter(verdict(detector(text), code) for text in texts)


def verdict(answer: str, code: str) -> str:
    return {code: "right", UNDETERMINED: "unknown"}.get(answer, "wrong")


def microseconds(detector: Detector, texts: list[str]) -> float:
    """Median CPU time for a text, loading not included, of several rounds over all texts."""
    rounds = []
    for _round in range(ROUNDS):
        begun = time.process_time()
        for text in texts:
            detector(text)
        rounds.append((time.process_time() - begun) / len(texts) * 1e6)
    return statistics.median(rounds)


def main() -> None:
    """Print the table."""
    options = arguments("Language detection.").parse_args()
    langdetect.DetectorFactory.seed = 0
    asked = questions()
    names = [f"{name} {length}" for length in LENGTHS for name in DETECTORS]
    print(f"| language | {' | '.join(names)} |")
    print(f"| --- |{' --- |' * len(names)}")
    totals: dict[str, Tally] = defaultdict(Counter)
    for code, language in LANGUAGES.items():
        cells = []
        for length in LENGTHS:
            for name, detector in DETECTORS.items():
                counted = tally(detector, asked[code, length], code)
                totals[f"{name} {length}"] += counted
                cells.append(shown(counted))
        print(f"| {language.english} | {' | '.join(cells)} |")
    print(f"| **all** | {' | '.join(shown(totals[name]) for name in names)} |")
    print()
    tell([row for name in names for row in rows(name, totals[name], asked)], options.json)


def rows(name: str, total: Tally, asked: Mapping[tuple[str, str], list[str]]) -> list[Row]:
    """One detector's results at one length, over all languages."""
    detector, length = name.split()
    texts = [text for code in LANGUAGES for text in asked[code, length]]
    note = f"{length} characters, {len(texts)} questions"
    rates = [
        Row(f"{detector}: {answer}", 100 * total[answer] / len(texts), "%", note=note)
        for answer in ("right", "wrong", "unknown")
    ]
    took = microseconds(DETECTORS[detector], texts)
    return [*rates, Row(f"{detector}: CPU per text", took, "us", note=note)]


def shown(counted: Tally) -> str:
    """``11``, and what was wrong or unknown if anything: ``10, 1 wrong, 1 ?``."""
    rest = [f"{counted['wrong']} wrong"] * bool(counted["wrong"])
    rest += [f"{counted['unknown']} ?"] * bool(counted["unknown"])
    return ", ".join([str(counted["right"]), *rest])


if __name__ == "__main__":
    main()
