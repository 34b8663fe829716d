"""What is sent to engines that render the prompt themselves, and what is known of it."""

import json

import pytest

from reasoning.core.errors import InvalidInput
from reasoning.services.deployments import require_sound
from reasoning.services.engines import prepare
from tests.conftest import deployment_columns

CHATS = pytest.mark.parametrize("engine", ["ollama", "lm_studio", "openai"])


@CHATS
def test_messages_are_sent_as_they_are_and_no_token_ids_are_claimed(submitted, engine):
    run = submitted.run
    run.deployment.engine, run.deployment.renderer = engine, "engine"
    prepared = prepare(run, request_id="r")
    assert prepared.prompt_token_ids == ()
    system, user = json.loads(prepared.rendered)
    assert system == {"role": "system", "content": run.prompt_version.text}
    assert user == {"role": "user", "content": run.question.text}
    assert [message.text for message in prepared.request.messages] == [
        system["content"],
        user["content"],
    ]
    assert prepared.request.window == run.deployment.window


def test_the_engines_count_of_its_own_prompt_is_recorded(answered):
    assert answered(prompt_tokens=26).prompt_tokens == 26


@CHATS
def test_a_grammar_for_an_engine_that_takes_none_is_refused_at_once(engine):
    with pytest.raises(InvalidInput) as caught:
        require_sound(deployment_columns(engine=engine, renderer="engine", grammar="root ::= [a]"))
    assert [(field.field, field.code) for field in caught.value.fields] == [
        ("grammar", "unsupported")
    ]


@CHATS
def test_they_are_described_like_any_other(engine):
    require_sound(deployment_columns(engine=engine, renderer="engine"))
