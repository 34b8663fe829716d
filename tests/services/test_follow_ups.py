"""Follow-up questions: what they may go on from, what they carry, and that it is pinned."""

from types import SimpleNamespace
from uuid import uuid4

import pytest

from reasoning.core import canonical
from reasoning.core.errors import EngineRefused, InvalidInput
from reasoning.models import (
    Decision,
    Ending,
    Entry,
    Meaning,
    PromptVersion,
    Question,
    Verdict,
    Workspace,
)
from reasoning.services import (
    erasure,
    follow_ups,
    integrity,
    leases,
    questions,
    registry,
    seeding,
    traces,
)
from reasoning.services.engines import prepare, require_usable
from reasoning.services.evidence import record
from reasoning.services.follow_ups import carried_by
from reasoning.services.traces import Arrived, Outcome
from tests.conftest import whole

CASE = "AML-7"


@pytest.fixture
def ask(people, registered):
    """Ask in the case as the analyst; the submitted question."""

    def submit(text="Et trois et trois ?", **fields):
        asked = {"workspace": "finance", "text": text, "case_reference": CASE, **fields}
        return questions.submit(user=people["analyst"], asked=questions.Asked(**asked))

    return submit


@pytest.fixture
def prompts(people, registered):
    """An approved prompt version for each policy, allowed everywhere; its label by policy."""
    made = {}
    for policy in ("none", "summaries", "thinking"):
        version = registry.propose_prompt(
            author=None, name=policy, text="Be brief.", source="", earlier_turns=policy
        )
        seeding.allow(version)
        made[policy] = version.label
    return made


def finish(submitted, text):
    """Answer a queued run with a text; its trace."""
    claim = leases.claim(run_id=submitted.run.pk, worker="test:1")
    stored = traces.store(Outcome(claim, Ending.FINISHED, None, whole(text)), Arrived("", ()))
    return stored.trace


def problems(caught):
    return {problem.field: problem.code for problem in caught.value.fields}


# What is carried --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        ("none", ""),
        (
            "summaries",
            "[INST]Combien font deux et deux, et pourquoi ?[/INST]The answer is four.</s>"
            "[INST]Et trois et trois ?[/INST]Six.</s>",
        ),
        (
            "thinking",
            "[INST]Combien font deux et deux, et pourquoi ?[/INST]<think>\nTwo and two are four.\n"
            "</think>\n\nThe answer is four.</s>"
            "[INST]Et trois et trois ?[/INST]<think>Hm.</think>Six.</s>",
        ),
    ],
)
def test_the_prompt_carries_the_conversation_by_its_policy(trace, ask, prompts, policy, said):
    second = ask(follows=str(trace.question_id))
    finish(second, "<think>Hm.</think>Six.")
    third = ask("Pourquoi ?", follows=second.question.pk, prompt_version=prompts[policy])
    prepared = prepare(third.run, request_id="r", earlier=carried_by(third.run))
    assert prepared.rendered == (
        f"<s>[SYSTEM_PROMPT]Be brief.[/SYSTEM_PROMPT]{said}[INST]Pourquoi ?[/INST]"
    )
    spoken = [(message.role, message.text) for message in prepared.request.messages]
    assert spoken[0] == ("system", "Be brief.")
    assert spoken[-1] == ("user", "Pourquoi ?")
    assert len(spoken) == (2 if policy == "none" else 6)


def test_the_worker_carries_it_and_the_trace_says_so(trace, ask, monkeypatch):
    from reasoning.services import execution

    second = ask(follows=str(trace.question_id))
    seen = []

    def observe(run, **given):
        seen.append(given["earlier"])
        return prepare(run, **given)

    monkeypatch.setattr(execution, "prepare", observe)
    # The test's transaction needs the connection that a worker gives back here.
    monkeypatch.setattr(execution, "connection", SimpleNamespace(close=lambda: None))
    execution.answer(leases.claim(run_id=second.run.pk, worker="test:1"))
    assert [exchange.summary.strip() for exchange in seen[0]] == ["The answer is four."]
    [stored] = second.run.traces.all()
    assert "The answer is four." in stored.prompt_rendered


def test_a_deployment_that_is_no_longer_allowed_is_refused(submitted, workspace, registered):
    require_usable(submitted.run)
    workspace.allowed_deployments.clear()
    with pytest.raises(EngineRefused, match="not allowed in this workspace"):
        require_usable(submitted.run)


def test_the_predecessor_and_its_answer_are_evidence(trace, ask):
    second = ask(follows=str(trace.question_id))
    facts = {
        row.pk: canonical.decode(bytes(Entry.objects.get(subject_id=row.pk).document))["facts"]
        for row in (second.question, second.run)
    }
    assert facts[second.question.pk]["follows_id"] == str(trace.question_id)
    assert facts[second.run.pk]["follows_trace_id"] == str(trace.pk)
    assert integrity.mismatches([second.question, second.run]) == []
    assert follow_ups.followers([trace.question_id]) == {trace.question_id: [second.question.pk]}


def test_documents_from_before_there_were_follow_ups_still_verify(submitted, registered):
    """Whatever follows nothing has the document that it had before the columns were."""
    old = registry.propose_prompt(author=None, name="old", text="Think.", source="")
    for row in (submitted.question, submitted.run, PromptVersion.objects.get(pk=old.pk)):
        document = canonical.decode(bytes(Entry.objects.get(subject_id=row.pk).document))
        assert not {"follows_id", "follows_trace_id", "earlier_turns"} & set(document["facts"])
        assert integrity.mismatches([row]) == []
    old.earlier_turns = "thinking"
    assert integrity.difference(old, Entry.objects.get(subject_id=old.pk)) == "earlier_turns"


# Which answer -----------------------------------------------------------------------------------


def approve(trace, people):
    """A decision as the ceremony stores it."""
    decision = Decision(
        trace=trace,
        question_id=trace.question_id,
        meaning=Meaning.APPROVED,
        rationale="Right.",
        statement="I approve.",
        signer_role="reviewer",
        authentication_method="password",
        trace_document_sha256="0" * 64,
        asked_anew="",
    )
    record(people["reviewer"].actor(), decision)


def test_the_latest_finished_answer_counts_until_one_is_approved(trace, ask, people):
    first = trace.run.question
    again = questions.ask_again(user=people["analyst"], question=first, pins={})
    later = finish(questions.Submitted(first, again, created=True), "<think>2</think>Quatre.")
    second = ask(follows=str(first.pk))
    assert second.run.follows_trace == later
    approve(trace, people)
    finish(second, "<think>3</think>Six.")
    rerun = questions.ask_again(user=people["analyst"], question=second.question, pins={})
    assert rerun.follows_trace == trace
    second.run.refresh_from_db()
    assert second.run.follows_trace == later


# Refusals ---------------------------------------------------------------------------------------


def test_without_a_finished_answer_nothing_follows(submitted, ask):
    with pytest.raises(InvalidInput) as caught:
        ask(follows=str(submitted.question.pk))
    assert problems(caught) == {"follows": "unanswered"}
    assert Question.objects.count() == 1


@pytest.mark.parametrize("named", ["", "x", 7, [], "0" * 32, "{" + "0a" * 16 + "}"])
def test_what_is_no_id_is_said_to_be_none(trace, ask, named):
    with pytest.raises(InvalidInput) as caught:
        ask(follows=named)
    assert problems(caught) == {"follows": "malformed"}


def test_another_case_another_room_and_strangers_questions(trace, ask, people):
    with pytest.raises(InvalidInput) as caught:
        ask(follows=str(trace.question_id), case_reference="AML-8", workspace="legal")
    assert problems(caught) == {"workspace": "other_workspace", "case_reference": "other_case"}
    with pytest.raises(InvalidInput) as caught:
        ask(follows=str(uuid4()))
    assert problems(caught) == {"follows": "unknown"}
    Workspace.objects.get(slug="finance").memberships.filter(user=people["analyst"]).delete()
    with pytest.raises(InvalidInput) as caught:
        ask(follows=str(trace.question_id), workspace="legal")
    assert problems(caught) == {"follows": "unknown"}
    assert Question.objects.count() == 1


@pytest.mark.parametrize(("text", "code"), [("<think>Only thoughts.</think> ", "no_summary")])
def test_an_answer_that_says_nothing_cannot_be_carried(answered, ask, prompts, text, code):
    trace = answered(text)
    with pytest.raises(InvalidInput) as caught:
        ask(follows=str(trace.question_id))
    assert problems(caught) == {"follows": code}
    assert ask(follows=str(trace.question_id), prompt_version=prompts["none"]).created


def test_an_erased_answer_cannot_be_carried(trace, ask):
    erasure.erase(
        user=None, subject=trace, fields=["summary"], legal_basis="Article 17", reason="Asked for."
    )
    with pytest.raises(InvalidInput) as caught:
        ask(follows=str(trace.question_id))
    assert problems(caught) == {"follows": "erased"}


def test_the_length_counts_all_of_it_and_the_error_says_how_much(answered, ask, prompts):
    trace = answered("<think>" + "mot " * 39_000 + "</think>Quatre.")
    follows = str(trace.question_id)
    assert ask(follows=follows, prompt_version=prompts["summaries"]).created
    with pytest.raises(InvalidInput) as caught:
        ask("mot " * 3_000, follows=follows, prompt_version=prompts["thinking"])
    [problem] = caught.value.fields
    assert (problem.field, problem.code) == ("text", "over_window")
    assert problem.data["tokens"] > 42_000 > 40_960 > problem.data["allowed"]
    assert str(problem.data["tokens"]) in problem.message
    assert str(problem.data["allowed"]) in problem.message


def test_a_key_from_before_there_were_follow_ups_still_finds_its_question():
    asked = questions.Asked(workspace="finance", text="Combien ?")
    assert asked.digest().hex() == DIGEST


DIGEST = "0cc17e457d5106311264c5cb8397f25770ac3af2612f95801d2bbc1fa0bfe3bc"


def test_names_of_thirty_two_digits_are_names(people, registered):
    name = "0123456789abcdef0123456789abcdef"
    version = registry.propose_prompt(author=None, name=name, text="Hm.", source="")
    registry.judge(
        judge=people["reviewer2"], subject=version, verdict=Verdict.APPROVED, reason="Tried."
    )
    assert registry.version(PromptVersion, name) == version
    assert registry.version(PromptVersion, f"{name}@1") == version
    assert registry.version(PromptVersion, str(version.pk)) == version
    with pytest.raises(InvalidInput, match="another value"):
        registry.propose_prompt(author=None, name=str(version.pk), text="Hm.", source="")
