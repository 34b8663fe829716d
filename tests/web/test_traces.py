"""The page of a trace, and the evidence as a file."""

import json

import pytest
from django.template.loader import render_to_string

from reasoning.models import AuditEvent, Entry, Trace
from reasoning.services import erasure, review
from reasoning.services.log_state import LogState, State


def page_of(browser, trace):
    return browser.get(f"/traces/{trace.pk}/").content.decode()


@pytest.fixture
def altered(trace, monkeypatch):
    """A trace that is not what was recorded, as seen by whoever reads it from now on."""
    read = Trace.from_db.__func__

    def from_db(cls, *args):
        row = read(cls, *args)
        if "summary" in row.__dict__:
            row.summary = "The answer is five."
        return row

    monkeypatch.setattr(Trace, "from_db", classmethod(from_db))
    return trace


def test_it_shows_everything(browse, trace, registered):
    page = page_of(browse("auditor"), trace)
    for shown in (
        "Model-generated working text, recorded unaltered.",
        "Combien font deux et deux",
        "Two and two are four.",
        "The answer is four.",
        registered.prompt.label,
        registered.prompt.sha256,
        registered.profile.label,
        "40,960",
        str(trace.run.seed),
        "mistralai/Magistral-Small-2506",
        review.document_sha256(trace),
        "Question submitted",
        "Trace stored",
        "as recorded",
    ):
        assert shown in page
    assert "Trace of run 1 of 1" in page


@pytest.mark.parametrize(("tokenizer", "said"), [("agrees", "yes"), ("differs", "no")])
def test_what_the_newest_look_found_out_is_said_in_words(tokenizer, said):
    flags = {"probe_id": "01a2", "tokenizer": tokenizer, "token_ids": "no", "parser": "unknown"}
    card = render_to_string("partials/engine_facts.html", {"trace": Trace(engine_flags=flags)})
    assert f"Renders as we do</dt><dd>{said}<" in card
    assert "Exact token ids</dt><dd>no<" in card
    assert "Takes answers apart</dt><dd>not known<" in card


def test_older_traces_know_of_no_look():
    assert "Newest look" not in render_to_string("partials/engine_facts.html", {"trace": Trace()})


def test_paragraphs_have_anchors(browse, answered):
    page = page_of(browse("reviewer"), answered("<think>\nOne.\n\nTwo.\n</think>\n\nSum."))
    assert 'id="t-1"' in page
    assert 'id="t-2"' in page
    assert 'href="#t-2"' in page


def test_content_carries_its_language_and_direction(browse, answered):
    arabic = "هل يجوز للمصرف تجميد حساب العميل دون إخطار الجهات المختصة بذلك؟ نعم، يجوز ذلك مؤقتًا."
    page = page_of(browse("reviewer"), answered(f"<think>\n{arabic}\n</think>\n\n{arabic}"))
    assert 'lang="ar" dir="rtl"' in page


def test_looking_is_recorded_and_shown(browse, people, trace):
    page_of(browse("auditor"), trace)
    assert AuditEvent.objects.get(action="viewed").subject_id == trace.pk
    page = page_of(browse("reviewer"), trace)
    assert "Viewed" in page
    assert people["auditor"].get_full_name() in page


def test_an_altered_record_is_announced(browse, altered):
    page = page_of(browse("auditor"), altered)
    assert "This record does not match the log" in page
    assert "does not match its document" in page
    assert "label-broken" in page
    assert "label-intact" not in page


def test_an_erased_text_is_named_as_such(browse, trace):
    fields = {"legal_basis": "GDPR, Article 17(1)", "reason": "The person asked for it."}
    erasure.erase(user=None, subject=trace, fields=["summary"], **fields)
    page = page_of(browse("auditor"), trace)
    assert "This text was erased." in page
    assert "There is no summary." not in page
    assert "Texts erased" in page
    assert "This record does not match" not in page


def test_a_record_without_its_entry_is_shown_and_announced(browse, trace, monkeypatch):
    everything = Entry.objects.exclude(subject_id=trace.pk)
    monkeypatch.setattr(Entry.objects, "filter", everything.filter)
    page = page_of(browse("auditor"), trace)
    assert "This record does not match the log" in page
    assert "no entry" in page


def test_the_place_in_the_log_leads_to_the_proof(browse, trace, monkeypatch):
    assert "waiting for the log" in page_of(browse("auditor"), trace)
    placed = LogState(State.WITNESSED, bytes(32), index=6, checkpoint_size=1_234)
    monkeypatch.setattr("reasoning.services.log_state.state_of", lambda _subject: placed)
    page = page_of(browse("auditor"), trace)
    assert "entry 6 of a log of 1,234, signed and witnessed" in page
    assert f"/api/v1/traces/{trace.pk}/proof/" in page


def test_others_find_nothing(outsider, trace):
    answer = outsider.get(f"/traces/{trace.pk}/")
    assert answer.status_code == 404
    assert AuditEvent.objects.get(action="refused").subject_id == trace.pk


def test_strangers_are_asked_to_sign_in(client, trace):
    assert client.get(f"/traces/{trace.pk}/").status_code == 302


# The file ---------------------------------------------------------------------------------------


def test_the_evidence_is_a_file(browse, trace):
    answer = browse("auditor").get(f"/traces/{trace.pk}/evidence.json")
    assert "attachment" in answer["Content-Disposition"]
    document = json.loads(answer.content)
    assert document["question_id"] == str(trace.question_id)
    assert str(trace.pk) in {item["id"] for item in document["items"]}


def test_downloading_is_recorded(browse, people, trace):
    browse("analyst").get(f"/traces/{trace.pk}/evidence.json")
    assert AuditEvent.objects.get(action="downloaded").actor_id == people["analyst"].pk


def test_an_altered_record_is_not_handed_out(browse, altered):
    answer = browse("auditor").get(f"/traces/{altered.pk}/evidence.json")
    assert answer.status_code == 409
    assert "does not match the log" in answer.content.decode()


def test_others_get_no_file(outsider, trace):
    assert outsider.get(f"/traces/{trace.pk}/evidence.json").status_code == 404
    assert not AuditEvent.objects.filter(action="downloaded").exists()


def test_a_comparison_is_asked_for_and_shown(browse, trace, monkeypatch):
    from reasoning.models import ComparisonRequest
    from reasoning.services import comparisons

    page = page_of(browse("auditor"), trace)
    assert "This trace was not held against its engine again." in page
    assert "Replay</button>" not in page
    browser = browse("reviewer")
    refused = browser.post(f"/traces/{trace.pk}/replay/", follow=True).content.decode()
    assert "The exact prompt of this trace is not there any more." in refused
    monkeypatch.setattr(comparisons, "require_comparable", lambda *_given: None)
    page = browser.post(f"/traces/{trace.pk}/rescore/", follow=True).content.decode()
    assert ComparisonRequest.objects.get(trace=trace).what == "rescore"
    assert "Comparison requested" in page
    assert "Asked for by" in page
