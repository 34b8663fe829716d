"""A check of the log that was asked for on a page, on a real log."""

import pytest

from reasoning.core.reports import Verdict
from reasoning.models import Place, User
from reasoning.services import checkpoints, log_checks, log_health
from tests.log.ledger import APPLICATION, connected
from tests.log.populated import TODAY


@pytest.fixture
def ledger(copies):
    return copies(TODAY)


def test_the_application_checks_the_log_and_keeps_the_report(ledger):
    with connected(ledger.url(APPLICATION)):
        asked = log_checks.ask(user=User.objects.get(username="auditor"), place=Place.PAGE)
        assert log_checks.carry_out(asked.pk) in {Verdict.VERIFIED, Verdict.LAWFULLY_ERASED}
        check = log_checks.latest()
        assert check.verdict.is_good
        steps = {step["number"]: step for step in check.report["steps"]}
        assert steps[5]["status"] == steps[7]["status"] == steps[11]["status"] == "checked"
        assert steps[5]["checked"] > 0
        health = log_health.health()
        assert health.checkpoint == checkpoints.newest()
        assert health.signed_note.splitlines()[1] == str(health.checkpoint.size)
        assert health.database_size > 0
