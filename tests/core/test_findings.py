"""The automatic checks: each raised by what it is for, and by nothing else."""

import ast
import inspect
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reasoning.core import engine_findings, shape_findings, text_findings
from reasoning.core.canonical import encode
from reasoning.core.findings import Observation, Observed, blocks, check
from reasoning.core.think import ThinkForm, split

TEXT = ThinkForm.TEXT_TAGS
ANSWER = "<think>\nTwo and two make four.\n</think>\n\nFour."

WELL = Observed(
    split=split(ANSWER, TEXT),
    form=TEXT,
    finish_reason="stop",
    fidelity="raw_ids",
    language_of_question="en",
    language_of_thinking="en",
    language_of_summary="en",
    prompt_tokens=200,
    window=40_960,
    engine_approved={"model": "Magistral-Small-2506", "version": "0.32.0", "revision": "abc"},
    engine_observed={"model": "Magistral-Small-2506", "version": "0.32.0", "revision": ""},
    prompt_ids_sent=(1, 17, 5000, 18, 3, 6000, 4),
    prompt_ids_reported=(1, 17, 5000, 18, 3, 6000, 4),
)


def seen(**changes: Any) -> list[tuple[str, str]]:
    return [(o.code, o.severity) for o in check(replace(WELL, **changes))]


def only(**changes: Any) -> Observation:
    [observation] = check(replace(WELL, **changes))
    return observation


def answering(raw: str) -> dict[str, Any]:
    return {"split": split(raw, TEXT)}


def test_a_well_formed_answer_raises_nothing() -> None:
    assert check(WELL) == ()


# The shape of the answer ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("raw", "codes"),
    [
        ("", ["no_thinking", "empty_summary"]),
        ("Four.", ["no_thinking"]),
        ("<think>So", ["thinking_not_closed", "empty_summary"]),
        ("<think>So</think> ", ["empty_summary"]),
        ("So</think>Four.", ["thinking_not_opened"]),
        ("<think>a</think>b<think>c</think>d", ["several_thinking_blocks"]),
        ("<think>a<think>b</think>c", ["nested_opening"]),
        ("<think>a</think>b</think>c", ["stray_closing"]),
        ("Well. <think>a</think>b", ["text_before_thinking"]),
        ("<think></think>Four.", ["empty_thinking"]),
        ("<think></think>b</think>c", ["stray_closing", "empty_thinking"]),
    ],
)
def test_a_deformed_answer_cannot_be_approved(raw: str, codes: list[str]) -> None:
    assert seen(**answering(raw)) == [(code, "blocking") for code in codes]


def marked(raw: str, code: str) -> list[tuple[str, str]]:
    """What the places of the finding with that code mark: part and words."""
    answer = split(raw, TEXT)
    texts = {"thinking": answer.thinking, "summary": answer.summary}
    found = [o for o in check(replace(WELL, split=answer)) if o.code == code]
    places = [place for o in found for place in o.data.get("places", [])]
    return [(p["part"], texts[p["part"]][p["start"] : p["end"]]) for p in places]


@pytest.mark.parametrize(
    ("raw", "code", "words"),
    [
        ("So</think>Four.", "thinking_not_opened", []),
        (
            "<think>a</think>b<think>c</think>d<think>e",
            "several_thinking_blocks",
            [("thinking", "c"), ("thinking", "e")],
        ),
        ("<think>a<think>b</think>c", "nested_opening", [("thinking", "<think>")]),
        ("<think>a<th</think>b<think>ink>c</think>d<think>", "nested_opening", []),
        ("<think>a</think>b</think>c", "stray_closing", [("summary", "</think>")]),
        ("Well. <think>a</think>b", "text_before_thinking", [("summary", "Well. ")]),
        (
            "<think>a[INST]b</think>c</s>d",
            "control_tokens_in_text",
            [("thinking", "[INST]"), ("summary", "</s>")],
        ),
        (
            "<think>a</think>b\u202ec\u200b\u200bd",
            "hidden_characters",
            [("summary", "\u202e"), ("summary", "\u200b"), ("summary", "\u200b")],
        ),
        ("<think>a</think>$\\boxed{4}$", "boxed", [("summary", "\\boxed{")]),
        (
            "<think>So.\n" + "Wait, once again. " * 20 + "</think>Four.",
            "repetition",
            [("thinking", ("Wait, once again. " * 20)[:-1])],
        ),
    ],
)
def test_a_finding_says_where(raw: str, code: str, words: list[tuple[str, str]]) -> None:
    assert marked(raw, code) == words


def test_only_the_first_places_are_kept() -> None:
    found = only(**answering("<think>a</think>b" + "".join(f"</s>{n}" for n in range(50))))
    assert len(found.data["places"]) == 20


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("length", "limit of tokens"),
        (None, "never said"),
        ("", "never said"),
        ("abort", "“abort”"),
    ],
)
def test_an_answer_that_was_cut_off_cannot_be_approved(reason: str | None, words: str) -> None:
    found = only(finish_reason=reason)
    assert (found.code, found.severity) == ("cut_off", "blocking")
    assert words in found.message


# The text ---------------------------------------------------------------------------------------


def test_a_loop_is_found_in_either_channel() -> None:
    loop = "Wait, let me think again. " * 20
    found = only(**answering(f"<think>So.\n{loop}\n</think>Four."))
    assert (found.code, found.severity) == ("repetition", "warning")
    assert found.message == "The thinking ends in a passage repeated 20 times."
    assert (found.data["times"], found.data["characters"]) == (20, 519)
    assert "The summary ends" in only(**answering(f"<think>{'So. ' * 99}.</think>{loop}")).message


def test_a_loop_that_the_engine_ended_is_reported_once() -> None:
    assert seen(finish_reason="repetition") == [
        ("cut_off", "blocking"),
        ("repetition", "warning"),
    ]
    loop = "<think>" + "Wait, let me think again. " * 20
    assert seen(finish_reason="repetition", **answering(loop)) == [
        ("thinking_not_closed", "blocking"),
        ("empty_summary", "blocking"),
        ("cut_off", "blocking"),
        ("repetition", "warning"),
    ]


@pytest.mark.parametrize(
    ("raw", "severity"),
    [
        (r"<think>So.</think>\boxed{4}", "warning"),
        (r"<think>\boxed{4}</think>Four.", "info"),
    ],
)
def test_boxed_answers_are_reported(raw: str, severity: str) -> None:
    assert seen(**answering(raw)) == [("boxed", severity)]


def words(characters: int) -> str:
    """Prose of that many characters that does not repeat itself."""
    return " ".join(str(n * n) for n in range(characters))[:characters]


@pytest.mark.parametrize(
    ("thinking", "summary", "message"),
    [
        (9_000, 4_001, "The summary is long: 4001 characters."),
        (1_500, 1_501, "The summary is longer than the thinking it sums up."),
        (10, 1_001, "The summary is longer than the thinking it sums up."),
    ],
)
def test_long_summaries_are_reported(thinking: int, summary: int, message: str) -> None:
    found = only(**answering(f"<think>{words(thinking)}</think>{words(summary)}"))
    assert (found.code, found.severity, found.message) == ("long_summary", "info", message)


@pytest.mark.parametrize(("thinking", "summary"), [(9_000, 4_000), (10, 1_000), (1_500, 1_500)])
def test_summaries_of_ordinary_length_are_not(thinking: int, summary: int) -> None:
    assert seen(**answering(f"<think>{words(thinking)}</think>{words(summary)}")) == []


def test_other_languages_than_the_questions_are_reported() -> None:
    found = check(
        replace(
            WELL,
            language_of_question="fr",
            language_of_thinking="en",
            language_of_summary="ja",
        )
    )
    assert [(o.code, o.severity) for o in found] == [
        ("language_of_thinking_differs", "warning"),
        ("language_of_summary_differs", "warning"),
    ]
    assert found[0].message == "The question is in French, the thinking in English."
    assert found[1].data == {
        "question": "French",
        "found": "Japanese",
        "question_code": "fr",
        "found_code": "ja",
    }


def test_look_alike_languages_raise_nothing() -> None:
    languages = {"thinking": "id", "summary": "ms"}
    named = {f"language_of_{part}": code for part, code in languages.items()}
    assert seen(language_of_question="ms", **named) == []


def test_unknown_languages_are_reported_where_there_is_enough_to_tell_by() -> None:
    found = only(language_of_question="und")
    assert (found.code, found.severity, found.data) == (
        "language_unknown",
        "info",
        {"of": "question"},
    )
    assert "nothing was compared" in found.message
    found = only(language_of_thinking="und")
    assert found.message == "The language of the thinking is not known."
    summary = answering("<think>So.</think>Two and two make four.")
    long = {**summary, "language_of_summary": "und"}
    assert only(**long).data == {"of": "summary"}


def test_control_tokens_are_named_once_each() -> None:
    found = only(**answering("<think>a[INST]</s></think>b[INST]"))
    assert (found.code, found.severity) == ("control_tokens_in_text", "warning")
    assert found.message == "Control tokens of the model stand in the text: [INST], </s>."


def test_hidden_characters_are_named_for_each_channel() -> None:
    raw = "<think>a\u202eb\u202e</think>c\u200bd"
    found = check(replace(WELL, **answering(raw)))
    assert [(o.code, o.severity) for o in found] == [("hidden_characters", "warning")] * 2
    assert (found[0].data["characters"], found[0].data["count"]) == ("U+202E", 2)
    assert "The summary has characters" in found[1].message


# The prompt and the engine ----------------------------------------------------------------------


@pytest.mark.parametrize(("tokens", "near"), [(30_719, False), (30_720, True), (40_959, True)])
def test_a_prompt_that_fills_the_window_is_reported(tokens: int, near: bool) -> None:
    assert seen(prompt_tokens=tokens) == [("prompt_near_window", "warning")] * near


@pytest.mark.parametrize(
    ("fidelity", "severity"),
    [("raw_text", "info"), ("split_lossy", "warning"), ("something_new", "warning")],
)
def test_less_than_raw_ids_is_reported(fidelity: str, severity: str) -> None:
    assert seen(fidelity=fidelity) == [("fidelity_below_raw_ids", severity)]


def test_another_engine_than_the_approved_one_blocks() -> None:
    observed = {"model": "SmolLM2", "version": "0.33.0", "revision": "abc"}
    found = check(replace(WELL, engine_observed=observed))
    assert [(o.code, o.severity) for o in found] == [("engine_not_as_approved", "blocking")] * 2
    assert found[1].message == "The engine's version is 0.33.0; 0.32.0 was approved."


@pytest.mark.parametrize(
    ("fingerprint", "says"),
    [
        ("three", "The engine's fingerprint is three; one, two was approved."),
        ("", "The engine gave no fingerprint; one, two was approved."),
    ],
)
def test_a_fingerprint_that_was_approved_must_be_given(fingerprint: str, says: str) -> None:
    approved, observed = {"fingerprint": "one, two"}, {"fingerprint": fingerprint}
    (found,) = check(replace(WELL, engine_approved=approved, engine_observed=observed))
    assert (found.code, found.severity) == ("engine_not_as_approved", "blocking")
    assert found.message == says


def test_what_was_not_approved_or_not_said_is_not_compared() -> None:
    assert seen(engine_approved={"model": "Magistral-Small-2506", "version": ""}) == []
    assert seen(engine_observed={"version": "0.32.0"}) == []
    assert seen(engine_approved={}) == []


def test_an_engine_that_says_nothing_of_itself_is_reported() -> None:
    assert seen(engine_observed={}) == [("engine_identity_unknown", "info")]


@pytest.mark.parametrize(
    ("reported", "place"),
    [
        ((1, 1, 17, 5000, 18, 3, 6000, 4), 2),
        ((1, 17, 5000, 18, 3, 6000), 7),
        ((1, 17, 5000, 18, 3, 6001, 4), 6),
        ((2,), 1),
    ],
)
def test_another_prompt_than_the_rendered_one_blocks(reported: tuple[int, ...], place: int) -> None:
    found = only(prompt_ids_reported=reported)
    assert (found.code, found.severity) == ("prompt_not_as_rendered", "blocking")
    assert found.data == {"sent": 7, "reported": len(reported), "place": place}


def test_another_count_of_the_prompts_tokens_is_reported() -> None:
    assert seen(prompt_tokens_counted=7) == []
    found = only(prompt_tokens_counted=9, prompt_ids_reported=())
    assert (found.code, found.severity) == ("prompt_count_differs", "warning")
    assert found.message == "The engine counted 9 tokens in its prompt; 7 were rendered."


def test_an_engine_that_does_not_report_the_prompt_raises_nothing() -> None:
    assert seen(prompt_ids_reported=()) == []
    assert seen(prompt_ids_sent=[1, 2], prompt_ids_reported=(1, 2)) == []


def test_replaced_characters_are_reported_with_their_places() -> None:
    text = "<think>\na\ufffd\ufffdb\n</think>\n\nFour.\ufffd"
    found = only(**answering(text), replaced=True)
    assert (found.code, found.severity) == ("nul_replaced", "warning")
    assert [(one["part"], one["end"] - one["start"]) for one in found.data["places"]] == [
        ("thinking", 2),
        ("summary", 1),
    ]
    assert seen(**answering(text)) == []
    assert only(replaced=True).data == {}


# All of them ------------------------------------------------------------------------------------


def test_blocking_is_any_blocking_finding() -> None:
    assert not blocks(check(replace(WELL, fidelity="split_lossy")))
    assert blocks(check(replace(WELL, finish_reason="length")))


@given(st.text() | st.text(st.sampled_from("<>/think[]\u202e\ud800 ")), st.sampled_from(ThinkForm))
@settings(deadline=None)
def test_findings_hold_for_any_text_and_can_be_logged(raw: str, form: ThinkForm) -> None:
    found = check(replace(WELL, split=split(raw, form), form=form))
    for observation in found:
        assert observation.severity in ("info", "warning", "blocking")
        assert observation.message
        assert json.loads(encode({"data": dict(observation.data)})) == {
            "data": dict(observation.data)
        }


def test_every_sentence_is_marked_for_translation_and_fits_its_column() -> None:
    modules = (engine_findings, shape_findings, text_findings)
    marked = [
        ast.literal_eval(call.args[0])
        for module in modules
        for call in ast.walk(ast.parse(inspect.getsource(module)))
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name) and call.func.id == "_"
    ]
    assert len(marked) >= 28
    assert all(sentence.endswith(".") and len(sentence) <= 400 for sentence in marked)
