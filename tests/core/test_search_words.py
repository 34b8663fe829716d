"""What is looked for, told apart by script, and where a text has it."""

import pytest

from reasoning.core.search_words import (
    Span,
    beginning,
    by_beginning,
    excerpt,
    indexed,
    parse,
    pattern,
    run_query,
)


@pytest.mark.parametrize(
    ("typed", "terms", "runs"),
    [
        ("bank account", ("bank", "account"), ()),
        ('"know your customer" AML-7', ("know your customer", "AML-7"), ()),
        ('"never closed', ("never closed",), ()),
        ("顧客の本人確認 AML", ("AML",), ("顧客の本人確認",)),
        ("ＡＭＬ７", ("AML7",), ()),
        ("A会社B", ("A B",), ("会社",)),
        ('  "" ', (), ()),
    ],
)
def test_a_search_is_parted(typed, terms, runs):
    wish = parse(typed)
    assert (wish.terms, wish.runs) == (terms, runs)


def test_runs_are_looked_for_by_pairs():
    assert run_query("本人確認") == "'本人' & '人確' & '確認'"
    assert run_query("本") == "'本':*"


@pytest.mark.parametrize(
    ("query", "wider"),
    [
        ("'umowa'", "'umow':*"),
        ("'dokumentami'", "'dokumen':*"),
        ("'nie'", "'nie'"),
        ("'a' <-> 'b'", "'a' <-> 'b'"),
    ],
)
def test_words_of_languages_without_stems_are_compared_by_their_beginning(query, wider):
    assert by_beginning(query) == wider


@pytest.mark.parametrize(
    ("query", "known"),
    [
        ("'klient':*", "'klient'"),
        ("'klien':*", "'klie'"),
        ("'wszystki':* & 'aml':*", "'wszyst' & 'aml':*"),
        ("'字':* & 'rok'", "'字':* & 'rok'"),
        ("'d''acc':*", "'d''ac'"),
        (r"'a\\bcd' | 'ab'", r"'a\\bc' | 'ab'"),
    ],
)
def test_the_index_knows_beginnings_of_a_few_lengths(query, known):
    assert indexed(query) == known


def marked(text, queries, runs=()):
    found = excerpt(text, pattern(queries, runs))
    return [found.text[one.start : one.end] for one in found.spans] if found else None


@pytest.mark.parametrize(
    ("text", "queries", "runs", "words"),
    [
        ("Our policies, their Policy.", ["'polici'"], (), ["policies", "Policy"]),
        ("in information", ["'in'"], (), ["in"]),
        ("ग्राहकों की पहचान", ["'ग्राहक'"], (), ["ग्राहकों"]),
        ("يجب التحقق من هوية العميل", ["'هوي'"], (), ["هوية"]),
        ("当行は本人確認をする", ["'本人' & '人確' & '確認'"], ("本人確認",), ["本人確認"]),
        ("d'l'eau", ["'d''eau'"], (), None),
        ("nothing here", ["'bank'"], (), None),
        ("nothing to look for", [], (), None),
    ],
)
def test_matches_are_told(text, queries, runs, words):
    assert marked(text, queries, runs) == words


def test_an_excerpt_is_short_and_says_where_it_is():
    text = "word " * 100 + "needle " + "word " * 100
    found = excerpt(text, pattern(["'needl'"], ()))
    assert found
    assert len(found.text) < 260
    assert not found.begins
    assert not found.ends
    [span] = found.spans
    assert found.text[span.start : span.end] == "needle"
    whole = excerpt("A needle.", pattern(["'needl'"], ()))
    assert whole == type(found)("A needle.", (Span(2, 8),), True, True)
    assert beginning("short").ends
    assert not beginning("long " * 100).ends
