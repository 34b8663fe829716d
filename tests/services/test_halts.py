"""The stop switch."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from reasoning.core.errors import Conflict, InvalidInput, NotFound, Refused
from reasoning.models import (
    Action,
    AuditEvent,
    Ending,
    Entry,
    Halt,
    Membership,
    Place,
    RunState,
    RunStatus,
    Workspace,
)
from reasoning.services import clock, halts, leases, scheduling, traces
from reasoning.services.traces import Arrived, Outcome


@pytest.fixture
def stop(people):
    def act(**about):
        return halts.stop(user=people["admin"], place=Place.PAGE, **about)

    return act


@pytest.fixture
def resume(people):
    def act(halt, reason="All is well."):
        halts.resume(user=people["admin"], halt=halt, reason=reason, place=Place.PAGE)

    return act


def scopes(submitted):
    run = submitted.run
    return {
        "everything": {},
        "workspace": {"workspace": submitted.question.workspace},
        "deployment": {"deployment": run.deployment},
    }


@pytest.mark.parametrize("scope", ["everything", "workspace", "deployment"])
def test_nothing_is_taken_until_it_is_resumed(stop, resume, submitted, scope):
    halt = stop(**scopes(submitted)[scope])
    assert halt.scope == scope
    assert scheduling.take_next(worker="test:1") is None
    resume(halt)
    assert scheduling.take_next(worker="test:1").run == submitted.run


def test_the_others_go_on(stop, submitted):
    stop(workspace=Workspace.objects.get(slug="legal"))
    assert scheduling.take_next(worker="test:1").run == submitted.run


@pytest.mark.parametrize("scope", ["everything", "workspace", "deployment"])
def test_work_in_flight_is_told_with_the_next_beat(stop, submitted, scope):
    mine = leases.claim(run_id=submitted.run.pk, worker="test:1")
    (before,) = leases.renew({(mine.run.pk, 1): (mine.attempt, None)})
    stop(**scopes(submitted)[scope])
    (after,) = leases.renew({(mine.run.pk, 1): (mine.attempt, None)})
    assert (before.halt, after.halt, after.cancel) == (False, True, False)


def test_what_was_in_flight_is_a_labelled_trace_and_goes_on_later(stop, resume, submitted):
    mine = leases.claim(run_id=submitted.run.pk, worker="test:1")
    halt = stop()
    stored = traces.store(Outcome(mine, Ending.HALTED, None, None), Arrived("<think>So", ()))
    assert (stored.trace.ending, stored.trace.raw_text) == (Ending.HALTED, "<think>So")
    assert stored.trace.findings.filter(severity="blocking").exists()
    state = RunState.objects.get(pk=submitted.run.pk)
    assert (state.status, state.troubles) == (RunStatus.QUEUED, 0)
    resume(halt)
    assert scheduling.take_next(worker="test:1").attempt.number == 2


def test_both_are_evidence_with_who_and_why(stop, resume, people, submitted):
    halt = stop(workspace=submitted.question.workspace, reason="It answers nonsense.")
    resume(halt, "A new engine.")
    events = AuditEvent.objects.filter(action__in=[Action.STOPPED, Action.RESUMED]).order_by("id")
    assert [(e.action, e.code, e.workspace_id, e.actor_id, e.place, e.detail) for e in events] == [
        (
            action,
            "workspace",
            submitted.question.workspace_id,
            people["admin"].pk,
            Place.PAGE,
            reason,
        )
        for action, reason in (
            (Action.STOPPED, "It answers nonsense."),
            (Action.RESUMED, "A new engine."),
        )
    ]
    assert Entry.objects.filter(subject_id__in=[event.pk for event in events]).count() == 2


def test_resuming_needs_a_reason(stop, resume, submitted):
    halt = stop()
    for reason in ("", "  "):
        with pytest.raises(InvalidInput) as caught:
            resume(halt, reason)
        assert [problem.field for problem in caught.value.fields] == ["reason"]
    assert Halt.objects.exists()


@pytest.mark.parametrize("name", ["analyst", "reviewer", "auditor"])
def test_both_are_for_administrators(stop, people, submitted, name):
    about = {"user": people[name], "place": Place.API}
    with pytest.raises(Refused):
        halts.stop(**about)
    halt = stop()
    with pytest.raises(Refused):
        halts.resume(halt=halt, reason="Because.", **about)
    assert Halt.objects.count() == 1


def test_a_workspace_is_for_its_own_administrators(people, submitted):
    Membership.objects.filter(user=people["admin"], workspace__slug="finance").delete()
    with pytest.raises(Refused):
        halts.stop(user=people["admin"], place=Place.API, workspace=submitted.question.workspace)


def test_twice_is_once(stop, resume, submitted):
    halt = stop()
    with pytest.raises(Conflict):
        stop()
    assert stop(deployment=submitted.run.deployment)
    resume(halt)
    with pytest.raises(NotFound):
        resume(halt)


def test_the_time_that_work_stood_still_does_not_count(stop, resume, submitted):
    before = RunState.objects.get().deadline
    halt = stop(workspace=submitted.question.workspace)
    halt.since = clock.now() - timedelta(hours=3)
    resume(halt)
    assert RunState.objects.get().deadline == before + timedelta(hours=3)


# Who is told ------------------------------------------------------------------------------------


def test_people_are_told_of_what_concerns_them(stop, submitted):
    finance, legal = (Workspace.objects.get(slug=slug) for slug in ("finance", "legal"))
    here = stop(workspace=finance)
    engine = stop(deployment=submitted.run.deployment)
    legal.allowed_deployments.clear()
    assert halts.concerning([finance]) == [engine, here]
    assert halts.concerning([legal]) == halts.concerning([]) == []
    assert halts.overseen([legal]) == [engine]
    everything = stop()
    assert halts.concerning([finance]) == [everything, engine, here]
    assert halts.concerning([legal]) == [everything]


def test_the_history_is_of_what_one_oversees(stop, resume, submitted):
    finance, legal = (Workspace.objects.get(slug=slug) for slug in ("finance", "legal"))
    resume(stop(workspace=finance, reason="First."), "Second.")
    stop(deployment=submitted.run.deployment)
    told = [(event.action, event.detail, event.deployment) for event in halts.history([finance])]
    assert told == [
        (Action.STOPPED, "", submitted.run.deployment),
        (Action.RESUMED, "Second.", None),
        (Action.STOPPED, "First.", None),
    ]
    assert len(halts.history([legal])) == 1


# Operators --------------------------------------------------------------------------------------


def manage(*arguments):
    out = StringIO()
    call_command(*arguments, stdout=out)
    return out.getvalue()


@pytest.mark.parametrize("scope", ["everything", "workspace", "deployment"])
def test_operators_stop_and_resume_on_the_command_line(submitted, scope, monkeypatch):
    woken = []
    monkeypatch.setattr("reasoning.tasks.wake", lambda: woken.append(1))
    run = submitted.run
    about = {
        "everything": (),
        "workspace": ("--workspace", "finance"),
        "deployment": ("--deployment", run.deployment.label),
    }[scope]
    assert "Stopped: " in manage("halt", *about, "--reason", "Smoke.")
    assert (Halt.objects.get().by, Halt.objects.get().scope) == (None, scope)
    with pytest.raises(CommandError, match="stopped already"):
        manage("halt", *about)
    assert "Resumed: " in manage("resume", *about, "--reason", "No fire.")
    assert woken
    assert not Halt.objects.exists()
    events = AuditEvent.objects.filter(action__in=[Action.STOPPED, Action.RESUMED]).order_by("id")
    assert [(e.actor_kind, e.actor_id, e.place, e.code, e.detail) for e in events] == [
        ("system", None, Place.SYSTEM, scope, reason) for reason in ("Smoke.", "No fire.")
    ]


def test_commands_say_what_is_wrong(db):
    with pytest.raises(CommandError, match="no such workspace"):
        manage("halt", "--workspace", "nowhere")
    with pytest.raises(CommandError, match="no such deployment"):
        manage("halt", "--deployment", "nothing@9")
    with pytest.raises(CommandError, match="Nothing is"):
        manage("resume", "--reason", "Why not.")
    manage("halt", "--workspace", "finance")
    with pytest.raises(CommandError, match="Stopped: workspace finance"):
        manage("resume", "--reason", "Why not.")
    with pytest.raises(CommandError, match="reason"):
        manage("resume", "--workspace", "finance", "--reason", " ")
