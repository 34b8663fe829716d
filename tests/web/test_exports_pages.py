"""Bundles in the portal: asked for, waited for, taken away."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from reasoning.models import AuditEvent, ExportJob, ExportStatus, Place, Trace, User
from reasoning.services import export_requests

Browse = Callable[[str], Client]
PAGE = "/exports/"


@pytest.fixture(autouse=True)
def directory(settings: Any, tmp_path: Any) -> None:
    settings.EXPORT_DIR = tmp_path


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Ids of exports that the broker was told about, instead of a broker."""
    ids: list[str] = []
    monkeypatch.setattr("reasoning.tasks.build_export.delay", ids.append)
    return ids


@pytest.fixture
def job(browse: Browse, trace: Trace, told: list[str]) -> ExportJob:
    """An export of one question that the auditor has asked for."""
    browse("auditor").post(f"/questions/{trace.question_id}/bundle/")
    return ExportJob.objects.get()


def settle(job: ExportJob, status: ExportStatus, **columns: Any) -> None:
    ExportJob.objects.filter(pk=job.pk).update(status=status, **columns)


@pytest.mark.parametrize("page", ["/questions/{}/", "/traces/{}/"])
def test_a_record_offers_its_bundle(browse: Browse, trace: Trace, page: str) -> None:
    identifier = trace.question_id if "questions" in page else trace.pk
    shown = browse("auditor").get(page.format(identifier)).content.decode()
    assert f'action="/questions/{trace.question_id}/bundle/"' in shown


def test_one_question_becomes_a_bundle(
    browse: Browse,
    trace: Trace,
    told: list[str],
    django_capture_on_commit_callbacks: Any,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer = browse("auditor").post(f"/questions/{trace.question_id}/bundle/")
    made = ExportJob.objects.get()
    assert answer["Location"] == f"{PAGE}{made.pk}/"
    assert made.request.question_ids == [trace.question_id]
    assert told == [str(made.pk)]


def test_the_form_narrows_by_whole_days(browse: Browse, trace: Trace, told: list[str]) -> None:
    day = trace.recorded_at.date().isoformat()
    wish = {"workspace": "finance", "asked_from": day, "asked_until": day}
    assert browse("auditor").post(PAGE, wish).status_code == 302
    request = ExportJob.objects.get().request
    assert request.asked_from.isoformat() == f"{day}T00:00:00+00:00"
    assert (request.asked_before - request.asked_from).days == 1
    assert not request.decided


@pytest.mark.parametrize(
    ("wish", "says"),
    [
        ({"asked_from": "2001-01-01", "asked_until": "2001-01-02"}, "There is no question"),
        ({"decided": "on"}, "There is no question"),
        ({"asked_from": "yesterday"}, "Enter a valid date."),
        ({"workspace": "elsewhere"}, "Select a valid choice."),
    ],
)
def test_a_wish_that_finds_nothing_is_refused(
    browse: Browse, trace: Trace, wish: dict[str, str], says: str
) -> None:
    answer = browse("auditor").post(PAGE, wish)
    assert answer.status_code == 400
    assert says in answer.content.decode()
    assert not ExportJob.objects.exists()


def test_the_page_waits_then_hands_the_file_out(browse: Browse, job: ExportJob) -> None:
    auditor = browse("auditor")
    assert "It is being put together." in auditor.get(f"{PAGE}{job.pk}/").content.decode()

    export_requests.file_of(job).write_bytes(b"PK the bundle")
    settle(job, ExportStatus.READY, size=13, sha256="ab" * 32, entries=12)
    page = auditor.get(f"{PAGE}{job.pk}/").content.decode()
    assert "ab" * 32 in page
    assert "/log/vkey" in page
    assert "reasoning.offline" in page
    assert f'href="{PAGE}{job.pk}/"' in auditor.get(PAGE).content.decode()
    assert AuditEvent.objects.filter(action="downloaded", place=Place.PAGE).count() == 0


def test_taking_it_is_recorded(browse: Browse, job: ExportJob, people: dict[str, User]) -> None:
    export_requests.file_of(job).write_bytes(b"PK the bundle")
    settle(job, ExportStatus.READY, size=13, sha256="ab" * 32, entries=12)
    answer = browse("auditor").get(f"{PAGE}{job.pk}/download/")
    assert answer["Content-Disposition"] == f'attachment; filename="evidence-{job.pk}.zip"'
    taken = AuditEvent.objects.get(action="downloaded", place=Place.PAGE)
    assert taken.subject_id == job.pk


def test_a_failure_says_why(browse: Browse, job: ExportJob) -> None:
    settle(job, ExportStatus.FAILED, failure_code="export_failed",
           failure_sentence="The bundle could not be put together.")  # fmt: skip
    page = browse("auditor").get(f"{PAGE}{job.pk}/").content.decode()
    assert "There is no bundle" in page
    assert "The bundle could not be put together." in page


def test_it_is_for_who_asked_alone(browse: Browse, job: ExportJob, outsider: Client) -> None:
    for other in (browse("reviewer"), outsider):
        assert other.get(f"{PAGE}{job.pk}/").status_code == 404
        assert other.get(f"{PAGE}{job.pk}/download/").status_code == 404
