"""Queries of the ORM that are put together once: they answer as the ORM does."""

from uuid import UUID, uuid4

import pytest
from django.core.exceptions import ObjectDoesNotExist

from reasoning.models import Deployment, Finding, Run, Workspace
from reasoning.services.prepared import Query

pytestmark = pytest.mark.django_db

RUN = Query(
    lambda pk: Run.objects.filter(pk=pk).select_related(
        "question__workspace", "sampling_profile", "follows_trace"
    ),
    UUID,
)
NAMED = Query(
    lambda name, number: Deployment.objects.filter(name=name, number=number, window__gt=1),
    str,
    int,
)


def test_a_row_is_the_instance_that_the_orm_makes(trace):
    found = RUN.get(trace.run_id)
    assert vars(found) | {"_state": None} == vars(Run.objects.get(pk=found.pk)) | {"_state": None}
    assert not found._state.adding


def test_what_is_selected_along_with_it_is_there(trace, django_assert_num_queries):
    found = RUN.get(trace.run_id)
    with django_assert_num_queries(0):
        assert found.question.workspace.slug
        assert found.sampling_profile.temperature
        assert found.follows_trace is None
    assert found.question.workspace == Workspace.objects.get(pk=found.question.workspace_id)


def test_columns_are_read_as_the_orm_reads_them(trace):
    finding = trace.findings.first()
    assert isinstance(finding.data, dict)
    found = Query(lambda pk: Finding.objects.filter(pk=pk).select_related("trace"), UUID).get(
        finding.pk
    )
    for ours, its in ((found, finding), (found.trace, trace)):
        stored = type(its).objects.get(pk=its.pk)
        for field in stored._meta.concrete_fields:
            assert getattr(ours, field.attname) == getattr(stored, field.attname), field.attname


def test_each_call_has_values_of_its_own(trace):
    deployment = trace.run.deployment
    assert NAMED.first(deployment.name, deployment.number) == deployment
    assert NAMED.first(deployment.name, deployment.number + 1) is None
    assert NAMED.exists(deployment.name, deployment.number)
    assert not NAMED.exists(f"{deployment.name}-other", deployment.number)


def test_a_row_that_must_be_there_is_missed():
    with pytest.raises(ObjectDoesNotExist):
        RUN.get(uuid4())
