"""Whatever is sent, within the schema or outside it: an answer that the schema promises."""

import hypothesis
import pytest
import schemathesis
from django.core.signals import request_finished, request_started
from django.core.wsgi import get_wsgi_application
from django.db import close_old_connections
from drf_spectacular.generators import SchemaGenerator
from hypothesis import HealthCheck, Phase
from schemathesis.specs.openapi import checks

from reasoning.models import Membership, Place, Role
from reasoning.services import api_tokens, export_requests, halts, live
from reasoning.services.export_requests import Scope

CHECKS = [
    schemathesis.checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
    checks.negative_data_rejection,
    checks.unsupported_method,
]
REFUSALS = [207, 400, 403, 404, 409, 415, 422]
"""What data outside the schema gets; 207 is a batch in which something was refused."""

CONFIG = {
    "generation": {"mode": "all", "deterministic": True},
    "checks": {"negative_data_rejection": {"expected-statuses": REFUSALS}},
}


def contract():
    """The schema, and the service without a network between."""
    document = SchemaGenerator().get_schema(request=None, public=True)
    loaded = schemathesis.openapi.from_dict(document, config=schemathesis.Config.from_dict(CONFIG))
    loaded.app = get_wsgi_application()
    return loaded.include(path_regex="^/api/v1/")


schema = contract()


@pytest.fixture
def known(people, trace, workspace, monkeypatch):
    """Somebody who may do everything, and something of each kind to do it to."""
    for role in Role:
        Membership.objects.get_or_create(user=people["analyst"], workspace=workspace, role=role)
    token = api_tokens.issue(user=people["analyst"], name="contract")
    monkeypatch.setattr(live, "BLOCK_MILLISECONDS", 20)
    return {
        "headers": {"Authorization": f"Bearer {token}"},
        "questions": trace.question_id,
        "runs": trace.run_id,
        "traces": trace.pk,
        "prompts": trace.run.prompt_version_id,
        "sampling-profiles": trace.run.sampling_profile_id,
        "deployments": trace.run.deployment_id,
        "halts": halts.stop(user=None, place=Place.SYSTEM).pk,
        "exports": export_requests.ask(user=people["analyst"], scope=Scope()).pk,
    }


@pytest.fixture
def one_transaction():
    """Requests leave the test's connection open, as those of Django's own test client do."""
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


@schema.parametrize()
@hypothesis.settings(
    max_examples=6,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
    database=None,
)
@pytest.mark.filterwarnings("ignore:StreamingHttpResponse must consume asynchronous iterators")
def test_the_schema_is_kept(case, known, one_transaction):
    noun = case.path.split("/")[3]
    if "id" in case.path_parameters and case.meta.generation.mode.is_positive:
        case.path_parameters["id"] = str(known[noun])
    case.call_and_validate(headers=known["headers"], checks=CHECKS)
