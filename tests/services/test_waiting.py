"""What queued runs say that they wait for."""

import uuid

import pytest

from reasoning.core.errors import EngineBusy, EngineUnavailable
from reasoning.models import Place, RunState, Wait, Workspace
from reasoning.services import gates, halts
from reasoning.services.waiting import waits


@pytest.fixture
def waiting(submitted):
    return lambda: waits([submitted.run.pk]).get(submitted.run.pk)


def test_its_turn(waiting):
    assert waiting() == Wait.TURN


def test_the_engine_while_every_address_of_it_is_shut(waiting, submitted):
    address = submitted.run.deployment.base_url
    gates.shut(base_url=address, error=EngineUnavailable(), probe=False)
    assert waiting() == Wait.ENGINE
    gates.open_again(address)
    assert waiting() == Wait.TURN


def test_an_engine_with_room_for_one_is_not_shut(waiting, submitted):
    address = submitted.run.deployment.base_url
    gates.shut(base_url=address, error=EngineBusy(), probe=False)
    assert waiting() == Wait.ENGINE
    gates.accepted(address)
    assert waiting() == Wait.TURN


def test_the_stop_switch_before_all_else(waiting, submitted, people):
    gates.shut(base_url=submitted.run.deployment.base_url, error=EngineBusy(), probe=False)
    elsewhere = Workspace.objects.get(slug="legal")
    halts.stop(user=people["admin"], place=Place.PAGE, workspace=elsewhere)
    assert waiting() == Wait.ENGINE
    halts.stop(user=people["admin"], place=Place.PAGE, workspace=submitted.question.workspace)
    assert waiting() == Wait.STOPPED


@pytest.mark.parametrize("status", ["running", "finished", "failed", "cancelled"])
def test_what_is_not_queued_waits_for_nothing(waiting, status):
    RunState.objects.update(status=status)
    assert waiting() is None


def test_nothing_and_nobody(db):
    assert waits([]) == {}
    assert waits([uuid.UUID(int=1)]) == {}
