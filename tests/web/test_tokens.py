"""Tokens with their ids and texts, a thousand at a time."""

from reasoning.core.tokenizers import load_tokenizer
from reasoning.models import AuditEvent


def test_each_token_has_its_id_and_text(browse, outsider, answered):
    ids = [3, *range(1000, 2200)]
    trace = answered(token_ids=tuple(ids))
    address = f"/traces/{trace.pk}/tokens/"
    page = browse("auditor").get(address).content.decode()
    text = load_tokenizer(None).pieces([1500])[0].decode()
    assert f'data-id="1500" data-place="502" title="1500">{text}</span>' in page
    assert "[INST]" in page
    assert page.count('class="token"') == 1000
    assert "?part=output&amp;from=1000" in page
    rest = browse("auditor").get(f"{address}?from=1000", headers={"X-Requested-With": "fetch"})
    assert rest.content.decode().count('class="token"') == 201
    assert b"<html" not in rest.content
    assert AuditEvent.objects.filter(action="viewed", subject_id=trace.pk).count() == 1
    assert outsider.get(address).status_code == 404


def test_bytes_that_are_no_text_are_shown_as_such(browse, answered):
    trace = answered(token_ids=(1000 + 0xE2, 1000 + 0x3C))
    page = browse("reviewer").get(f"/traces/{trace.pk}/tokens/?from=x").content.decode()
    assert ">⟨e2⟩<" in page
    assert ">&lt;</span>" in page


def test_nothing_is_stored_of_the_prompt(browse, trace):
    page = browse("reviewer").get(f"/traces/{trace.pk}/tokens/?part=prompt").content.decode()
    assert "No token ids are stored." in page
