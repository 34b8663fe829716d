"""Searching: every language's words, identifiers, facets, access; erased texts are gone."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from reasoning.core.errors import InvalidInput
from reasoning.models import Entry, Membership, SearchPending, SearchRow, Trace, User
from reasoning.services import (
    annotating,
    claims,
    clock,
    erasure,
    hits,
    identifiers,
    questions,
    review,
    search_index,
    search_pages,
    searching,
)
from reasoning.services.facets import Facets
from reasoning.services.search_queries import loosely
from tests.conftest import PASSWORD

GROUNDS = {"legal_basis": "GDPR Article 17(1)(b)", "reason": "The person withdrew consent."}

# A text, another form of a word in it or a part of it, and what must not find it.
WORDS = {
    "en": ("The bank verified the identities of its customers.", "customer identity", "mortgage"),
    "fr": ("La banque a vérifié les identités des clients.", "client identité", "hypothèque"),
    "de": ("Die Bank prüfte die Ausweise ihrer Kunden.", "Kunde Ausweis", "Hypothek"),
    "el": ("Η τράπεζα έλεγξε τις ταυτότητες των πελατών.", "ταυτότητα", "υποθήκη"),
    "hi": ("बैंक ने ग्राहकों की पहचान की जाँच की।", "ग्राहक", "संपत्ति"),
    "id": ("Bank memeriksa dokumen para nasabahnya.", "nasabah", "hipotek"),
    "it": ("La banca ha verificato i documenti dei clienti.", "cliente documento", "ipoteca"),
    "ja": ("銀行は顧客の本人確認を行った。", "本人確認", "抵当"),
    "ko": ("은행은 고객의 신원을 확인했다.", "신원", "저당"),
    "ms": ("Bank mengesahkan pengenalan pelanggannya.", "pelanggan", "gadai"),
    "ne": ("बैंकले ग्राहकको पहिचान जाँच गर्‍यो।", "पहिचान", "सम्पत्ति"),
    "pl": ("Bank sprawdził tożsamość wszystkich klientów.", "klientami", "hipoteka"),
    "pt": ("O banco verificou os documentos dos clientes.", "cliente documento", "hipoteca"),
    "ro": ("Banca a verificat documentele clienților.", "document verific", "ipotecă"),
    "ru": ("Банк проверил документы клиентов.", "документ клиент", "ипотека"),
    "sr": ("Банка је проверила документе клијената.", "документа", "хипотека"),
    "es": ("El banco verificó los documentos de los clientes.", "cliente documento", "hipoteca"),
    "sv": ("Banken kontrollerade kundernas handlingar.", "handling", "inteckning"),
    "tr": ("Banka müşterilerin belgelerini inceledi.", "müşteri", "ipotek"),
    "uk": ("Банк перевірив документи клієнтів.", "документами", "іпотека"),
    "vi": ("Ngân hàng đã xác minh danh tính khách hàng.", "khách hàng", "thế chấp"),
    "ar": ("تحقق المصرف من هوية العملاء.", "مصرف هوية", "رهن"),
    "bn": ("ব্যাংক গ্রাহকের পরিচয় যাচাই করেছে।", "গ্রাহক", "বন্ধক"),
    "zh": ("银行核实了客户的身份。", "客户 身份", "抵押"),
    "fa": ("بانک هویت مشتریان را بررسی کرد.", "مشتریان هویت", "رهن"),
}


def ask(people, text, **changes):
    asked = questions.Asked(workspace="finance", text=text, **changes)
    return questions.submit(user=people["analyst"], asked=asked).question


def find(user, words="", **facets):
    search_index.catch_up(seconds=10)
    return searching.find(user=user, facets=Facets(words=words, **facets))


def subjects(user, words="", **facets):
    return [one.subject_id for one in find(user, words, **facets).found]


def shown(results):
    return [
        [hit.excerpt.text[span.start : span.end] for span in hit.excerpt.spans]
        for hit in hits.read(results.found, results.pattern)
    ]


@pytest.fixture
def decided(people, trace):
    """A decision with a note before it."""
    user = people["reviewer"]
    claims.claim(user=user, trace=trace)
    span = {"part": "thinking", "start": 0, "end": 3}
    annotating.annotate(user=user, trace=trace, note="Prüfe die Quittungen.", **span)
    return review.sign(
        user=user,
        trace=trace,
        meaning="approved",
        rationale="The receipts agree.",
        password=PASSWORD,
        document_sha256_shown=review.document_sha256(trace),
    )


@pytest.mark.parametrize("language", WORDS)
def test_words_of_every_language_are_found_and_marked(people, registered, language):
    text, words, other = WORDS[language]
    question = ask(people, text, language=language)
    results = find(people["auditor"], words)
    assert [one.subject_id for one in results.found] == [question.pk]
    [marks] = shown(results)
    assert marks
    assert subjects(people["auditor"], other) == []


def test_all_texts_are_searched(people, decided):
    trace = decided.trace
    auditor = people["auditor"]
    assert subjects(auditor, "pourquoi") == [trace.question_id]
    assert subjects(auditor, "answer") == [trace.pk]
    assert subjects(auditor, '"two and two"') == [trace.pk]
    assert subjects(auditor, '"four two"') == []
    assert subjects(auditor, "receipts") == [decided.pk]
    [note] = find(auditor, "Quittungen").found
    assert (note.kind, note.trace_id, note.question_id) == ("note", trace.pk, trace.question_id)


def test_facets_narrow(people, decided):
    auditor, trace = people["auditor"], decided.trace
    everything = set(subjects(auditor))
    assert len(everything) == 4
    assert set(subjects(auditor, status="approved", language="fr")) == everything
    assert subjects(auditor, status="queued") == subjects(auditor, language="en") == []
    assert subjects(auditor, kind="decision") == [decided.pk]
    assert subjects(auditor, person=people["analyst"].pk) == [trace.question_id]
    assert set(subjects(auditor, workspace="finance")) == everything
    code = trace.findings.values_list("code", flat=True).first()
    assert code
    assert trace.pk in subjects(auditor, finding=code)
    assert subjects(auditor, finding="no_such_finding") == []
    late = clock.now() + timedelta(seconds=1)
    assert subjects(auditor, after=late) == []
    assert set(subjects(auditor, before=late)) == everything


def test_pages_follow_each_other_without_gaps(people, registered):
    asked = [ask(people, f"Which account is number {n}?").pk for n in range(5)]
    facets, seen, cursor = Facets(words="account"), [], ""
    while True:
        page = searching.find(user=people["auditor"], facets=facets, cursor=cursor, size=2)
        seen += [one.subject_id for one in page.found]
        if not (cursor := page.cursor):
            break
    assert seen == sorted(asked, reverse=True)
    with pytest.raises(InvalidInput):
        searching.find(user=people["auditor"], facets=facets, cursor="nonsense")


def recorded_days_ago(subject, days):
    rows = SearchRow.objects.filter(subject_id=subject)
    rows.update(recorded_at=clock.now() - timedelta(days=days))


def pages_of(user, facets, size):
    """Each page's finds, and how far back it looked where it ended before it was full."""
    cursor = ""
    while True:
        page = searching.find(user=user, facets=facets, cursor=cursor, size=size)
        yield [one.subject_id for one in page.found], page.looked_back_to
        if not (cursor := page.cursor):
            return


@pytest.fixture
def over_years(people, registered):
    """Questions of today, of each stretch of time that is read, and of years ago: newest first."""
    days = [0, 1, 3, 9, 20, 41, 100, 169, 170, 500, 682, 683, 4000]
    asked = [ask(people, f"Which account is number {n}?").pk for n in days]
    for question, past in zip(asked, days, strict=True):
        recorded_days_ago(question, past)
    return asked


@pytest.mark.parametrize("size", [1, 2, 5, 20])
def test_words_are_found_in_all_times_the_newest_first(people, over_years, size):
    pages = list(pages_of(people["auditor"], Facets(words="account"), size))
    assert [one for found, _border in pages for one in found] == over_years
    assert not any(border for _found, border in pages)


def test_times_narrow_what_has_the_words(people, over_years):
    now = clock.now()
    for after, before, wanted in (
        (200, 10, slice(4, 9)),
        (5000, 600, slice(10, 13)),
        (2, -1, slice(2)),
    ):
        times = {"after": now - timedelta(after), "before": now - timedelta(before)}
        found = subjects(people["auditor"], "account", **times)
        assert found == over_years[wanted]


def test_what_is_new_is_found_without_reading_what_is_old(people, over_years, monkeypatch):
    read = []
    whole = search_pages._in_stretch
    monkeypatch.setattr(
        search_pages, "_in_stretch", lambda *given: read.append(given[2]) or whole(*given)
    )
    searching.find(user=people["auditor"], facets=Facets(words="account"), size=1)
    assert len(read) == 1
    searching.find(user=people["auditor"], facets=Facets(words="account"), size=3)
    assert len(read) == 3


def test_the_index_of_words_knows_days_and_facets(people, over_years):
    """By the plan: nothing but the words' index is read, whatever narrows them beside."""
    wanted = Facets(words="account", kind="trace", language="en", person=people["analyst"].pk)
    with CaptureQueriesContext(connection) as seen:
        searching.find(user=people["auditor"], facets=wanted, size=1)
    statement, *_rest = [one["sql"] for one in seen if "looked_at" in one["sql"]]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_indexscan = off")
        cursor.execute(f"EXPLAIN {statement}")
        plan = "\n".join(line for (line,) in cursor.fetchall())
    [condition] = re.findall(r"Bitmap Index Scan on search_words .+\n +Index Cond: (.+)", plan)
    assert all(part in condition for part in ("words @@", "::date] &&", "varying] @>"))


def test_a_page_that_ends_early_says_how_far_back_it_looked(people, over_years, monkeypatch):
    monkeypatch.setattr(search_pages, "LOOKED_AT", 4)
    odd = ask(people, "Which number is account?").pk
    recorded_days_ago(odd, 499)
    pages = list(pages_of(people["auditor"], Facets(words='"number is account"'), 2))
    moments = sorted(SearchRow.objects.values_list("recorded_at", flat=True), reverse=True)
    # Of 14 rows: two of today and yesterday; three of the month before; four more; four more; one.
    borders = [moments[1], moments[4], moments[8], moments[12]]
    assert [border for _found, border in pages] == [*borders, None]
    assert [found for found, _border in pages] == [[], [], [], [odd], []]


def test_status_and_finding_are_looked_at_row_by_row(people, decided, monkeypatch):
    monkeypatch.setattr(search_pages, "LOOKED_AT", 1)
    search_index.catch_up(seconds=10)
    auditor, trace = people["auditor"], decided.trace
    code = trace.findings.values_list("code", flat=True).first()
    for facets in (Facets("answer", finding=code), Facets("answer", status="approved")):
        found = [one for found, _border in pages_of(auditor, facets, 20) for one in found]
        assert found == [trace.pk]
    assert all(not found for found, _b in pages_of(auditor, Facets("answer", status="failed"), 20))


def test_the_order_of_words_holds_beside_beginnings_of_others(people, registered):
    text = WORDS["pl"][0]
    question = ask(people, text, language="pl")
    auditor = people["auditor"]
    assert subjects(auditor, '"wszystkich klientów" sprawdza') == [question.pk]
    assert subjects(auditor, '"klientów wszystkich" sprawdza') == []
    ask(people, "We read “wszystkich klientów sprawdził” there.", language="en")
    assert subjects(auditor, '"wszystkich klientów" sprawdza') == [question.pk]


def test_a_word_that_only_begins_like_it_is_not_found(people, registered):
    """The index tells words apart by six letters, the row's vector by two thirds of them."""
    found = ask(people, "Czy niezgodności trzeba zgłaszać?", language="pl")
    ask(people, "Czy niezgoda i niezgrabność szkodzą?", language="pl")
    assert subjects(people["auditor"], "niezgodności") == [found.pk]
    assert subjects(people["auditor"], "zgłaszać niezgodnościami") == [found.pk]
    assert subjects(people["auditor"], "niezgodnościami szkodzą") == []


def test_the_database_knows_beginnings_as_the_queries_do(db):
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tsvector_to_array(reasoning_beginnings(to_tsvector('simple', %s)))",
            ["rok roku klient klientów d'accord"],
        )
        (known,) = cursor.fetchone()
    assert set(known) == {"rok", "roku", "klie", "klient", "d", "acco", "accord"}


def test_a_query_without_its_order_keeps_its_words():
    query = "( 'a' <-> 'b''<->' <2> 'c':* ) | 'd' & 'e'"
    assert loosely(query) == "( 'a' & 'b''<->' & 'c':* ) | 'd' & 'e'"


def test_nobody_finds_what_they_may_not_read(people, trace):
    outsider = User.objects.create_user("outsider")
    for user in (outsider, people["admin"]):
        assert subjects(user, "answer") == []
        assert identifiers.find(user=user, typed="AML-7") == []
    assert subjects(people["analyst2"], "answer") == [trace.pk]
    Membership.objects.filter(user=people["analyst2"], workspace__slug="finance").delete()
    assert subjects(people["analyst2"], "answer") == []
    with pytest.raises(InvalidInput):
        find(people["analyst2"], workspace="finance")


def test_words_that_are_never_indexed_find_nothing_and_say_so(people, trace):
    assert find(people["auditor"], "—").meaningless
    assert not find(people["auditor"], "nothing").meaningless
    for words in ("x" * 301, "word " * 21):
        with pytest.raises(InvalidInput):
            find(people["auditor"], words)


def test_identifiers_are_found_whole_and_by_their_beginning(people, decided):
    trace, auditor = decided.trace, people["auditor"]
    digest = bytes(Entry.objects.get(subject_id=trace.pk).document_sha256).hex()

    search_index.catch_up(seconds=10)

    def found(typed):
        return {one.subject_id for one in identifiers.find(user=auditor, typed=typed)}

    assert found("aml-7") == found("AML") == {trace.question_id}
    assert trace.pk in found(str(trace.pk))
    assert trace.pk in found(trace.pk.hex[:20])
    assert {trace.pk, trace.question_id} <= found(str(trace.run_id))
    assert trace.pk in found(digest)
    assert trace.pk in found(digest[:9].upper())
    assert found(digest[:7]) == found("deadbeef" * 8) == found("two words") == set()


def test_an_erased_text_is_found_no_more(people, trace):
    erasure.erase(user=people["admin"], subject=trace, fields=["thinking"], **GROUNDS)
    auditor = people["auditor"]
    assert subjects(auditor, "two") == []
    assert subjects(auditor, "answer") == [trace.pk]
    question = trace.run.question
    erasure.erase(
        user=people["admin"], subject=question, fields=["text", "case_reference"], **GROUNDS
    )
    row = SearchRow.objects.get(subject_id=question.pk)
    assert (row.words, row.case_reference) == ("", None)
    assert identifiers.find(user=auditor, typed="AML-7") == []
    [hit] = hits.read(find(auditor, kind="question").found, None)
    assert hit.erased


def test_the_index_can_be_made_again(people, decided):
    search_index.catch_up(seconds=10)
    before = list(SearchRow.objects.order_by("pk").values())
    assert len(before) == 4
    assert search_index.rebuild(batch=1) == 4
    assert list(SearchRow.objects.order_by("pk").values()) == before


def test_a_trace_is_found_once_the_reaper_has_been_there(people, decided):
    trace, auditor = decided.trace, people["auditor"]
    facets = Facets(words="answer")
    assert searching.find(user=auditor, facets=facets).found == []
    search_index.catch_up(seconds=10)
    assert subjects(auditor, "answer") == [trace.pk]
    assert not SearchPending.objects.exists()


def test_what_is_erased_before_it_is_indexed_is_never_found(people, trace):
    erasure.erase(user=people["admin"], subject=trace, fields=["thinking"], **GROUNDS)
    assert subjects(people["auditor"], '"two and two"') == []
    assert subjects(people["auditor"], "answer") == [trace.pk]


def test_too_many_words_do_not_keep_evidence_from_being_stored(answered, people):
    many = " ".join(f"\U00010400\U00010401{n:x}-\U00010402\U00010403{n:x}" for n in range(15_000))
    trace = answered(f"<think>\nfirst {many} last\n</think>\n\nThe end.")
    assert Trace.objects.filter(pk=trace.pk).exists()
    assert subjects(people["auditor"], "first end") == [trace.pk]
    assert subjects(people["auditor"], "last") == []
