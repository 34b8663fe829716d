"""Addresses below ``/api/``."""

from django.urls import URLPattern, path, re_path

from reasoning.api import docs, problems, registry
from reasoning.api.comparisons import ReplayRun, RescoreTrace, TraceComparisons
from reasoning.api.events import RunEvents
from reasoning.api.exports import ExportDetail, ExportDownload, Exports
from reasoning.api.halts import Halts, ResumeHalt
from reasoning.api.log import TraceProof
from reasoning.api.notices import Notices
from reasoning.api.questions import QuestionBatch, QuestionDetail, QuestionEvidence, Questions
from reasoning.api.registry import RegistryView, judging
from reasoning.api.runs import CancelRun, QuestionRuns
from reasoning.api.search import Search
from reasoning.api.traces import Annotations, Decisions, TraceDetail, TraceDocument
from reasoning.api.workspaces import Workspaces
from reasoning.models import Verdict

app_name = "api"


def _registered(noun: str, versions: type[RegistryView]) -> list[URLPattern]:
    """Listing, proposing and judging one kind of registered version."""
    approve, retire = (judging(versions, verdict) for verdict in Verdict)
    return [
        path(f"v1/{noun}/", versions.as_view(), name=noun),
        path(f"v1/{noun}/<uuid:pk>/approve/", approve.as_view(), name=f"{noun}-approve"),
        path(f"v1/{noun}/<uuid:pk>/retire/", retire.as_view(), name=f"{noun}-retire"),
    ]


urlpatterns = [
    path("schema/", docs.Schema.as_view(), name="schema"),
    path("docs/", docs.docs, name="docs"),
    path("docs/errors/", docs.errors, name="errors"),
    path("v1/questions/", Questions.as_view(), name="questions"),
    path("v1/questions/batch/", QuestionBatch.as_view(), name="question-batch"),
    path("v1/questions/<uuid:pk>/", QuestionDetail.as_view(), name="question"),
    path("v1/questions/<uuid:pk>/evidence/", QuestionEvidence.as_view(), name="question-evidence"),
    path("v1/questions/<uuid:pk>/runs/", QuestionRuns.as_view(), name="question-runs"),
    path("v1/runs/<uuid:pk>/cancel/", CancelRun.as_view(), name="run-cancel"),
    path("v1/runs/<uuid:pk>/replay/", ReplayRun.as_view(), name="run-replay"),
    path("v1/runs/<uuid:pk>/events/", RunEvents.as_view(), name="run-events"),
    path("v1/traces/<uuid:pk>/", TraceDetail.as_view(), name="trace"),
    path("v1/traces/<uuid:pk>/document/", TraceDocument.as_view(), name="trace-document"),
    path("v1/traces/<uuid:pk>/proof/", TraceProof.as_view(), name="trace-proof"),
    path("v1/traces/<uuid:pk>/annotations/", Annotations.as_view(), name="trace-annotations"),
    path("v1/traces/<uuid:pk>/decisions/", Decisions.as_view(), name="trace-decisions"),
    path("v1/traces/<uuid:pk>/rescore/", RescoreTrace.as_view(), name="trace-rescore"),
    path("v1/traces/<uuid:pk>/comparisons/", TraceComparisons.as_view(), name="trace-comparisons"),
    path("v1/exports/", Exports.as_view(), name="exports"),
    path("v1/exports/<uuid:pk>/", ExportDetail.as_view(), name="export"),
    path("v1/exports/<uuid:pk>/download/", ExportDownload.as_view(), name="export-download"),
    path("v1/search/", Search.as_view(), name="search"),
    path("v1/notices/", Notices.as_view(), name="notices"),
    path("v1/halts/", Halts.as_view(), name="halts"),
    path("v1/halts/<uuid:pk>/resume/", ResumeHalt.as_view(), name="halt-resume"),
    path("v1/workspaces/", Workspaces.as_view(), name="workspaces"),
    *_registered("prompts", registry.Prompts),
    *_registered("sampling-profiles", registry.SamplingProfiles),
    *_registered("deployments", registry.Deployments),
    path(
        "v1/deployments/<uuid:pk>/streams/",
        registry.DeploymentStreams.as_view(),
        name="deployments-streams",
    ),
    re_path(r"", problems.nothing_here),
]
