"""Notes: anchored twice, answered, resolved; older ones stay verifiable."""

import pytest

from reasoning.core.errors import InvalidInput, Refused
from reasoning.models import Annotation, Entry
from reasoning.services import annotating, integrity
from reasoning.services.audit import actor_of
from reasoning.services.evidence import record


def test_a_note_quotes_its_span(people, trace):
    note = annotating.annotate(
        user=people["reviewer"], trace=trace, part="thinking", start=1, end=4, note="Indeed."
    )
    assert note.quote == "Two"
    reply = annotating.annotate(
        user=people["analyst"], trace=trace, part="whole", note="Thanks.", reply_to=note.pk
    )
    assert reply.reply_to_id == note.pk


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"start": 3, "end": 3}, "start"),
        ({"start": -1, "end": 3}, "start"),
        ({"start": 0, "end": 9999}, "start"),
        ({"part": "title"}, "part"),
        ({"note": " "}, "note"),
        ({"label": "x" * 41}, "label"),
        ({"label": "mine"}, "label"),
        ({"resolves": True}, "resolves"),
    ],
)
def test_wrong_notes(people, trace, fields, field):
    good = {"part": "thinking", "start": 1, "end": 4, "note": "Indeed."}
    with pytest.raises(InvalidInput) as caught:
        annotating.annotate(user=people["reviewer"], trace=trace, **{**good, **fields})
    assert caught.value.fields[0].field == field
    assert not trace.annotations.exists()


def test_auditors_do_not_annotate(people, trace):
    with pytest.raises(Refused):
        annotating.annotate(user=people["auditor"], trace=trace, part="whole", note="Hm.")


def test_a_note_keeps_what_stands_around_its_quote(people, trace):
    note = annotating.annotate(
        user=people["reviewer"], trace=trace, part="thinking", start=5, end=8, note="Is it?"
    )
    assert (note.prefix, note.quote, note.suffix) == ("\nTwo ", "and", " two are four.\n")
    assert integrity.differences([Annotation.objects.get()]) == []


def test_a_reply_may_resolve(people, trace):
    note = annotating.annotate(user=people["reviewer"], trace=trace, part="whole", note="Hm.")
    reply = annotating.annotate(
        user=people["analyst"],
        trace=trace,
        part="whole",
        note="Done.",
        reply_to=note.pk,
        resolves=True,
    )
    assert reply.facts()["resolves"] is True


def test_notes_of_the_first_form_stay_as_they_were_recorded(people, trace):
    """Their documents know neither surroundings nor resolving, and must not learn of them."""
    old = Annotation(
        trace=trace, question_id=trace.question_id, part="whole", start=0, end=0, quote="",
        note="Fine.", label="anything", form=1,
    )  # fmt: skip
    record(actor_of(people["reviewer"]), old)
    stored = Annotation.objects.get(pk=old.pk)
    assert integrity.differences([stored]) == []
    assert b"resolves" not in bytes(Entry.objects.get(subject_id=old.pk).document)
    assert b"prefix" not in bytes(Entry.objects.get(subject_id=old.pk).document)
    for name, value in (("form", 2), ("note", "Wrong."), ("part", "summary")):
        forged = Annotation.objects.get(pk=old.pk)
        setattr(forged, name, value)
        assert integrity.differences([forged]) != []
