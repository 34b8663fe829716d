"""Submitting: everything is stored, or nothing and a sentence about each field."""

from datetime import timedelta

import pytest

from reasoning.core.detectors import detectors
from reasoning.core.errors import Conflict, IdempotencyConflict, InvalidInput, Refused
from reasoning.models import (
    Approval,
    Entry,
    Question,
    QuestionState,
    QuestionStatus,
    Run,
    RunState,
    RunStatus,
    Verdict,
)
from reasoning.services import questions, registry
from reasoning.services.questions import Asked


def ask(people, user="analyst", key=None, **fields):
    asked = Asked(**{"workspace": "finance", "text": "Why is the sky blue?", **fields})
    return questions.submit(user=people[user], asked=asked, idempotency_key=key)


def refusal(people, **fields):
    with pytest.raises(InvalidInput) as caught:
        ask(people, **fields)
    assert not Question.objects.exists()
    assert not Run.objects.exists()
    assert not Entry.objects.filter(kind__startswith="question").exists()
    return {(problem.field, problem.code): problem.message for problem in caught.value.fields}


def test_a_question_and_its_run_are_stored_and_queued(people, registered):
    submitted = ask(people, case_reference=" AML-7 ", metadata={"desk": "4"}, priority=4)
    question = Question.objects.get(pk=submitted.question.pk)
    assert question.text == "Why is the sky blue?"
    assert question.case_reference == "AML-7"
    assert question.metadata == '{"desk":"4"}'
    assert question.actor_id == people["analyst"].pk
    assert QuestionState.objects.get(pk=question.pk).status == QuestionStatus.QUEUED
    run = question.runs.get()
    assert (run.number, run.prompt_version, run.sampling_profile, run.deployment) == (
        1,
        registered.prompt,
        registered.profile,
        registered.deployment,
    )
    assert RunState.objects.get(pk=run.pk).status == RunStatus.QUEUED
    assert 0 <= run.seed < 2**32


def test_the_language_is_detected(people, registered):
    question = ask(
        people, text="Quelles sont les obligations de déclaration de la banque ?"
    ).question
    assert (question.language, question.language_source) == ("fr", "detected")
    assert question.facts()["detected_probability"] == question.detected_probability == "0.99"
    assert question.facts()["language_detector"] == detectors()


def test_the_language_can_be_stated_and_the_detected_one_is_kept(people, registered):
    question = ask(
        people, text="Quelles sont les obligations de la banque ?", language="es"
    ).question
    assert (question.language, question.language_source) == ("es", "stated")
    assert question.detected_language == "fr"


@pytest.mark.parametrize("text", ["", "   \n\t", "\u2003"])
def test_blank_text(people, registered, text):
    assert ("text", "blank") in refusal(people, text=text)


def test_nul_and_lone_surrogates(people, registered):
    assert ("text", "nul") in refusal(people, text="a\x00b")
    assert ("text", "surrogate") in refusal(people, text="a\ud800b")
    assert ("case_reference", "nul") in refusal(people, case_reference="\x00")


def test_text_over_the_window_says_how_many_tokens(people, registered):
    found = refusal(people, text="word " * 45_000)
    assert "45001 tokens long; 39" in found[("text", "over_window")]


@pytest.mark.parametrize(
    ("fields", "problem"),
    [
        ({"workspace": "treasury"}, ("workspace", "unknown")),
        ({"workspace": 7}, ("workspace", "unknown")),
        ({"workspace": "a\x00"}, ("workspace", "unknown")),
        ({"text": 7}, ("text", "not_text")),
        ({"language": "tlh"}, ("language", "unknown")),
        ({"language": ["fr"]}, ("language", "unknown")),
        ({"priority": 10}, ("priority", "out_of_range")),
        ({"priority": True}, ("priority", "out_of_range")),
        ({"metadata": {"a": 1}}, ("metadata", "malformed")),
        ({"metadata": []}, ("metadata", "malformed")),
        ({"case_reference": "x" * 201}, ("case_reference", "too_long")),
        ({"prompt_version": "nothing"}, ("prompt_version", "unknown")),
        ({"prompt_version": "magistral-small-2506@9"}, ("prompt_version", "unknown")),
        ({"sampling_profile": "nothing@1"}, ("sampling_profile", "unknown")),
        ({"deployment": "nothing"}, ("deployment", "unknown")),
        ({"deployment": 3}, ("deployment", "not_text")),
    ],
)
def test_each_field_is_named(people, registered, fields, problem):
    assert problem in refusal(people, **fields)


def test_every_wrong_field_is_named_at_once(people, registered):
    found = refusal(people, text="", language="tlh", priority=-1, workspace="treasury")
    assert {name for name, _code in found} == {"text", "language", "priority", "workspace"}


def test_an_unapproved_prompt_is_refused(people, registered):
    registry.propose_prompt(author=people["admin"], name="fresh", text="Be brief.", source="me")
    assert ("prompt_version", "not_approved") in refusal(people, prompt_version="fresh@1")


def test_a_retired_deployment_is_refused(people, registered):
    registry.judge(
        judge=people["reviewer2"],
        subject=registered.deployment,
        verdict=Verdict.RETIRED,
        reason="The engine was replaced.",
    )
    assert Approval.objects.filter(subject_id=registered.deployment.pk).count() == 2
    assert ("deployment", "not_approved") in refusal(people)


def test_an_approved_profile_that_is_not_allowed_here_is_refused(people, registered):
    profile = registry.propose_profile(
        author=people["admin"], name="cold", temperature="0.1", top_p="1", max_tokens=100
    )
    registry.judge(
        judge=people["reviewer2"], subject=profile, verdict=Verdict.APPROVED, reason="Tried."
    )
    assert ("sampling_profile", "not_allowed") in refusal(people, sampling_profile="cold")


def test_reviewers_and_auditors_do_not_ask(people, registered):
    for user in ("reviewer", "auditor", "admin"):
        with pytest.raises(Refused):
            ask(people, user=user)
    assert not Question.objects.exists()


def test_the_same_key_and_body_give_the_same_question(people, registered):
    first, second = ask(people, key="k1"), ask(people, key="k1")
    assert (first.created, second.created) == (True, False)
    assert first.question.pk == second.question.pk
    assert Question.objects.count() == Run.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(people, registered):
    ask(people, key="k1")
    with pytest.raises(IdempotencyConflict):
        ask(people, key="k1", text="Something else?")
    assert Question.objects.count() == 1


def test_keys_are_each_users_own(people, registered):
    assert ask(people, key="k1").created
    assert ask(people, user="analyst2", key="k1").created


@pytest.mark.parametrize("key", ["", "x" * 256, "a\nb"])
def test_malformed_keys(people, registered, key):
    assert ("Idempotency-Key", "malformed") in refusal(people, key=key)


def test_asking_again_makes_run_two(people, registered, trace, submitted):
    run = questions.ask_again(user=people["analyst"], question=submitted.question, pins={})
    assert run.number == 2
    assert QuestionState.objects.get(pk=submitted.question.pk).status == QuestionStatus.QUEUED


def test_asking_again_while_it_is_being_answered_is_refused(people, submitted):
    with pytest.raises(Conflict):
        questions.ask_again(user=people["analyst"], question=submitted.question, pins={})


def test_a_delayed_question_waits_for_the_reaper(people, registered):
    asked = Asked(workspace="finance", text="Later, please?")
    run = questions.submit(user=people["analyst"], asked=asked, delay=timedelta(minutes=1)).run
    state = RunState.objects.get(pk=run.pk)
    assert state.not_before == run.recorded_at + timedelta(minutes=1)
    assert (state.queued_at, state.status) == (state.not_before, RunStatus.QUEUED)
