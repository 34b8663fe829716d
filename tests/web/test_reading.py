"""Filters for evidence: languages, times, numbers, findings."""

import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from html import unescape
from types import SimpleNamespace

import pytest
from django.utils import timezone as clock
from django.utils import translation

from reasoning.core.documents import timestamp
from reasoning.core.identifiers import uuid7
from reasoning.templatetags import reading


@pytest.mark.parametrize(
    ("language", "direction"),
    [("ar", "rtl"), ("fa", "rtl"), ("fr", "ltr"), ("ja", "ltr"), ("und", "auto")],
)
def test_direction_follows_the_language(language, direction):
    assert reading.direction(language) == direction


def test_a_language_is_named_in_both_languages():
    assert reading.language_name("fr") == "French · Français"
    assert reading.language_name("en") == "English"
    assert reading.language_name("und") == "undetermined language"
    assert reading.language_short("ja") == "Japanese"
    with translation.override("fr"):
        assert reading.language_name("fr") == "français"
        assert reading.language_name("de") == "allemand · Deutsch"


def test_evidence_prints_utc_whatever_the_zone():
    paris = datetime(2026, 11, 23, 1, 2, 3, 456, tzinfo=timezone(timedelta(hours=1)))
    html = reading.utc(paris)
    assert "2026-11-23 00:02:03 UTC" in html
    assert 'datetime="2026-11-23T00:02:03.000456+00:00"' in html


def test_age_is_one_unit_with_the_time_on_hover():
    then = clock.now() - timedelta(hours=3, minutes=20)
    html = reading.age(then)
    assert "3\xa0hours" in html
    assert "20" not in html.split(">")[1]
    assert then.astimezone(UTC).strftime("%H:%M:%S") in html


def test_what_is_unknown_is_a_dash_and_not_a_nought():
    assert reading.number(None) == "–"
    assert reading.number(0) == "0"
    assert reading.seconds(None) == "–"
    assert reading.seconds(28731) == "28.7 s"


@pytest.mark.parametrize(
    ("value", "shown"), [("0.700", "0.7"), ("1.000", "1"), ("0.95", "0.95"), ("0", "0")]
)
def test_sampling_values_have_no_trailing_noughts(value, shown):
    assert reading.normalized(Decimal(value)) == shown


def test_a_name_in_a_sentence_is_kept_apart_from_it():
    assert reading.isolated("<b> (EU)") == '<bdi dir="auto">&lt;b&gt; (EU)</bdi>'
    with translation.override("de"):
        assert reading.isolated(Decimal("-1.5"), "ltr") == '<bdi dir="ltr">-1,5</bdi>'


def test_a_statement_is_shown_letter_by_letter_with_its_hashes_apart():
    trace, digest, time = str(uuid7()), "0f" * 32, timestamp(clock.now())
    text = f"私、<Ana>は、記録{trace}（SHA-256 {digest}）を{time}に"
    shown = reading.machine_read_apart(reading.visible(text))
    assert unescape(re.sub("</?bdi[^>]*>", "", shown)) == text
    apart = [trace, f"SHA-256 {digest}", time]
    assert re.findall('<bdi dir="ltr">([^<]+)</bdi>', shown) == apart


def test_a_finding_says_its_sentence_with_its_data():
    finding = SimpleNamespace(sentence="It has %(count)s words.", data={"count": 3})
    assert reading.message(finding) == "It has 3 words."
    plain = SimpleNamespace(sentence="100% of it.", data={})
    assert reading.message(plain) == "100% of it."


def test_erased_texts_are_empty():
    assert reading.visible(None) == ""
    assert list(reading.paragraphs(None)) == []
