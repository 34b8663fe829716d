"""Style sheets work in both writing directions and fetch nothing from elsewhere."""

import hashlib
import re
from pathlib import Path

import pytest

STATIC = Path(__file__).parents[2] / "static"
SHEETS = sorted((STATIC / "css").glob("*.css"))
FONTS = STATIC / "vendor" / "fonts"
PHYSICAL = re.compile(
    r"^\s*(?:"
    r"(?:margin|padding|border|scroll-margin|scroll-padding)-(?:left|right|top|bottom)\b"
    r"|border-(?:top|bottom)-(?:left|right)-radius\b"
    r"|(?:left|right|top|bottom)\s*:"
    r"|(?:min-|max-)?(?:width|height)\s*:"
    r"|(?:text-align|float|clear)\s*:\s*(?:left|right)\b"
    r"|(?:margin|padding|inset)\s*:(?:[^\S\n]+[^\s;]+){4};"
    r")",
    re.M,
)


def without_comments(path: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_logical_properties_only(sheet):
    assert PHYSICAL.findall(without_comments(sheet)) == []


@pytest.mark.parametrize(
    "rule",
    ["margin-left: 1px", "left: 0", "width: 3rem", "text-align: right", "inset: 0 1px 0 2px;"],
)
def test_physical_properties_would_be_found(rule):
    assert PHYSICAL.search(f"a {{\n  {rule};\n}}")


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda path: path.name)
def test_nothing_is_fetched_from_elsewhere(sheet):
    assert re.findall(r"@import|url\(\s*['\"]?(?:https?:)?//", sheet.read_text()) == []


def test_every_custom_property_that_is_used_is_defined():
    css = "\n".join(without_comments(sheet) for sheet in SHEETS)
    used, defined = (
        set(re.findall(r"var\((--[a-z0-9-]+)", css)),
        set(re.findall(r"(--[a-z0-9-]+):", css)),
    )
    assert used - defined == set()
    assert defined - used == set()


def test_every_class_that_is_styled_is_used():
    css = re.sub(r"\{[^{}]*\}", "{}", "\n".join(without_comments(sheet) for sheet in SHEETS))
    places = [*(STATIC.parent / "templates").rglob("*.html"), *(STATIC / "js").glob("*.js")]
    places += (STATIC.parent / "reasoning" / "web").glob("*.py")
    words = set(re.findall(r"[a-z][a-z0-9_-]*", "\n".join(place.read_text() for place in places)))
    composed = ("chart-shade-", "label-", "notice-", "passage-")
    styled = set(re.findall(r"\.([a-z][a-z0-9_-]*)", css))
    assert {name for name in styled - words if not name.startswith(composed)} == set()


def test_a_page_without_content_is_light():
    """Style sheets, scripts and the Latin face that each page loads, before compression."""
    files = [*SHEETS, *(STATIC / "js").glob("*.js"), FONTS / "text.css", FONTS / "mono.css"]
    files += [FONTS / "text" / "noto-sans-latin.woff2", *(STATIC / "img").glob("*.svg")]
    assert sum(file.stat().st_size for file in files) < 150_000


def test_every_font_file_is_the_packages_own():
    sums = dict(reversed(line.split()) for line in (FONTS / "SHA256SUMS").read_text().splitlines())
    files = {f"./{path.relative_to(FONTS)}" for path in FONTS.rglob("*.woff2")}
    assert set(sums) == files
    changed = [
        name
        for name in files
        if hashlib.sha256((FONTS / name).read_bytes()).hexdigest() != sums[name]
    ]
    assert changed == []


@pytest.mark.parametrize("name", ["text", "mono", "jp", "sc", "kr"])
def test_every_font_that_a_sheet_names_is_there(name):
    named = re.findall(r"url\(([^)]+)\)", (FONTS / f"{name}.css").read_text())
    assert named
    assert [file for file in named if not (FONTS / file).is_file()] == []


SAMPLES = {
    "text": "français Ελληνικά Русский Tiếng Việt العربية فارسی हिन्दी नेपाली বাংলা Türkçe polski",
    "jp": "日本語の漢字とカナ",
    "sc": "简体中文",
    "kr": "한국어",
}


@pytest.mark.parametrize(("name", "sample"), SAMPLES.items())
def test_the_faces_cover_the_scripts_of_the_25_languages(name, sample):
    ranges = re.findall(
        r"U\+([0-9A-F]+)(?:-([0-9A-F]+))?", (FONTS / f"{name}.css").read_text(), re.I
    )
    spans = [(int(low, 16), int(high or low, 16)) for low, high in ranges]
    missing = {c for c in sample if not any(low <= ord(c) <= high for low, high in spans)}
    assert missing <= {" "}
