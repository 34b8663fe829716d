"""What the policy on content forbids is not in the templates, and what must stand there does."""

import re
from pathlib import Path

import pytest
from django.template.loader import get_template

from reasoning.services.exports import CAPTION

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
FILES = sorted(TEMPLATES.rglob("*.html"))
NAMES = [str(path.relative_to(TEMPLATES)) for path in FILES]
SCRIPTS = sorted((ROOT / "static" / "js").glob("*.js"))


def markup(path: Path) -> str:
    """A template without what only people read."""
    return re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", path.read_text(), flags=re.S)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_no_inline_style_script_or_handler(path):
    html = markup(path)
    assert re.findall(r"<style(?![^>]*nonce=)|\sstyle=", html) == []
    assert re.findall(r"\son[a-z]+=", html) == []
    assert re.findall(r"javascript:", html) == []
    assert [
        tag for tag in re.findall(r"<script[^>]*>", html) if not re.search(" src=| nonce=", tag)
    ] == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_nothing_is_loaded_from_elsewhere(path):
    assert re.findall(r"(?:src|href|action)=[\"'](?:https?:)?//", markup(path)) == []


@pytest.mark.parametrize("name", NAMES)
def test_it_compiles(name):
    assert get_template(name)


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_it_says_what_it_needs(path):
    bare = {"partials/styles.html"}
    assert "{% comment %}" in path.read_text() or str(path.relative_to(TEMPLATES)) in bare


SPOKEN = re.compile(
    r"\{% comment.*?endcomment %\}|\{% blocktrans.*?endblocktrans(?:late)? %\}|\{#.*?#\}|\{%.*?%\}"
    r"|\{\{.*?\}\}|<(?:script|style)\b.*?</(?:script|style)>|<(?:code|kbd|pre)\b.*?</(?:code|kbd|pre)>",
    re.S,
)
SAME_EVERYWHERE = {"Magistral", "Audit", "temperature", "top_p", "max_tokens", "seed", "OpenAPI"}
"""Names; and keys of the keyboard, which are single letters or say what is printed on them."""


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_word_can_be_translated(path):
    html = SPOKEN.sub("", path.read_text())
    spoken = re.findall(r"\s(?:title|alt|placeholder|aria-label)=\"([^\"]*)\"", html)
    words = set(re.findall(r"[^\W\d_][\w.]+", " ".join([re.sub(r"<[^>]*>", " ", html), *spoken])))
    assert words - SAME_EVERYWHERE == set()


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_every_posting_form_carries_its_token(path):
    posts = re.findall(r"<form[^>]*method=\"post\"[^>]*>.*?</form>", markup(path), flags=re.S)
    assert [form[:60] for form in posts if "{% csrf_token %}" not in form] == []


@pytest.mark.parametrize("path", FILES, ids=NAMES)
def test_texts_of_people_and_models_are_made_visible(path):
    """Whatever was written by others passes ``visible`` or ``marked``, which escape it."""
    names = "text|thinking|summary|raw_text|prompt_rendered|rationale|note|quote"
    shown = re.findall(rf"\{{\{{ (?!form)(?:\w+\.)+(?:{names})[^}}]*\}}\}}", markup(path))
    assert [text for text in shown if "|visible" not in text and "|marked" not in text] == []
    assert "|safe" not in markup(path)


def test_the_caption_is_the_one_of_the_export():
    assert CAPTION in get_template("partials/caption.html").render()


@pytest.mark.parametrize(
    "name",
    [
        "traces/detail.html",
        "review/desk.html",
        "review/sign.html",
        "questions/detail.html",
        "home.html",
    ],
)
def test_the_caption_stands_wherever_a_trace_is_shown(name):
    assert 'include "partials/caption.html"' in (TEMPLATES / name).read_text()


def test_no_page_shows_a_trace_without_its_caption():
    showing = re.compile(r"partials/thinking\.html|trace\.(?:thinking|summary|raw_text)")
    bare = [
        str(path.relative_to(TEMPLATES))
        for path in FILES
        if path.parent.name != "partials"
        and showing.search(markup(path))
        and "partials/caption.html" not in markup(path)
    ]
    assert bare == []


def test_no_template_claims_what_nobody_may_claim():
    forbidden = r"compliant|court|immutable|\bWORM\b|FDA validated|qualified signature|explains why"
    assert [p.name for p in FILES if re.search(forbidden, markup(p), re.I)] == []


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_scripts_evaluate_nothing_and_write_no_markup(path):
    code = path.read_text()
    assert (
        re.findall(r"\beval\(|new Function|innerHTML|outerHTML|document\.write|\.style\.", code)
        == []
    )


def test_every_icon_that_is_named_is_drawn():
    drawn = set(re.findall(r'id="([a-z_]+)"', (ROOT / "static/img/icons.svg").read_text()))
    named = {
        n for p in FILES for n in re.findall(r'icon\.html" with name="([a-z_]+)"', p.read_text())
    }
    named |= {
        n for p in FILES for n in re.findall(r'empty\.html" with icon="([a-z_]+)"', p.read_text())
    }
    assert named - drawn == set()
