"""The interface's catalogues: found in the source, kept in ``locale/``, compiled, checked.

A tool for developing, like ``benchmarks``: Babel is not among what the service needs.
"""

from pathlib import Path

ROOT = Path(__file__).parents[1]
LOCALE = ROOT / "locale"
LANGUAGES = ("ar", "de", "es", "fr", "ja")
"""Languages with a catalogue. One is offered to people once settings.LANGUAGES lists it."""
