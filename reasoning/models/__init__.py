"""Columns, constraints and querysets; one file per noun, no workflow."""

from reasoning.models.annotation import AnnotatedPart, Annotation
from reasoning.models.api_token import ApiToken
from reasoning.models.approval import Approval, Verdict
from reasoning.models.audit_event import Action, AuditEvent, Place
from reasoning.models.change import Change
from reasoning.models.comparison import (
    ComparisonJob,
    ComparisonKind,
    ComparisonRequest,
    ComparisonStatus,
    Replay,
    Rescore,
)
from reasoning.models.decision import VERDICTS, Answer, Decision, Meaning
from reasoning.models.deployment import Deployment, Renderer
from reasoning.models.draft import Draft, Drafted
from reasoning.models.entry import Entry
from reasoning.models.erasure import Erasure
from reasoning.models.evidence import ActorKind, Evidence
from reasoning.models.export import ExportJob, ExportRequest, ExportStatus
from reasoning.models.finding import Finding, Severity
from reasoning.models.gate import Gate
from reasoning.models.halt import Halt, Scope
from reasoning.models.invitation import Invitation
from reasoning.models.log import (
    Checkpoint,
    Cosignature,
    Leaf,
    LogHead,
    LogKey,
    Tile,
    TimestampToken,
)
from reasoning.models.passkey import Passkey
from reasoning.models.policy_version import PolicyVersion
from reasoning.models.preference import Layout, Preference
from reasoning.models.preliminary_view import PreliminaryView
from reasoning.models.probe import Probe, ProbeOccasion
from reasoning.models.prompt_version import EARLIER_TURNS, PromptVersion
from reasoning.models.question import LanguageSource, Question, QuestionState, QuestionStatus
from reasoning.models.recusal import Recusal
from reasoning.models.registered import Registered
from reasoning.models.review_claim import ReviewClaim
from reasoning.models.run import Attempt, PartialOutput, Run, RunState, RunStatus, Wait
from reasoning.models.sampling_profile import SamplingProfile
from reasoning.models.saved_view import SavedView, ViewedPage
from reasoning.models.search_row import RecordKind, SearchPending, SearchRow
from reasoning.models.stream_limit import StreamLimit
from reasoning.models.tally import FindingTally, Pace, ReviewTally, Span
from reasoning.models.trace import Ending, Trace
from reasoning.models.training_record import TrainingRecord
from reasoning.models.user import User
from reasoning.models.workspace import READING_ROLES, Membership, Role, Workspace

EVIDENCE: tuple[type[Evidence], ...] = (
    PromptVersion,
    SamplingProfile,
    Deployment,
    Approval,
    Question,
    Run,
    Attempt,
    Trace,
    Finding,
    Annotation,
    Decision,
    AuditEvent,
    Erasure,
    ExportRequest,
    Change,
    PolicyVersion,
    ComparisonRequest,
    Replay,
    Rescore,
    Probe,
    Passkey,
    PreliminaryView,
    Recusal,
    TrainingRecord,
)

__all__ = [
    "EARLIER_TURNS",
    "EVIDENCE",
    "READING_ROLES",
    "VERDICTS",
    "Action",
    "ActorKind",
    "AnnotatedPart",
    "Annotation",
    "Answer",
    "ApiToken",
    "Approval",
    "Attempt",
    "AuditEvent",
    "Change",
    "Checkpoint",
    "ComparisonJob",
    "ComparisonKind",
    "ComparisonRequest",
    "ComparisonStatus",
    "Cosignature",
    "Decision",
    "Deployment",
    "Draft",
    "Drafted",
    "Ending",
    "Entry",
    "Erasure",
    "Evidence",
    "ExportJob",
    "ExportRequest",
    "ExportStatus",
    "Finding",
    "FindingTally",
    "Gate",
    "Halt",
    "Invitation",
    "LanguageSource",
    "Layout",
    "Leaf",
    "LogHead",
    "LogKey",
    "Meaning",
    "Membership",
    "Pace",
    "PartialOutput",
    "Passkey",
    "Place",
    "PolicyVersion",
    "Preference",
    "PreliminaryView",
    "Probe",
    "ProbeOccasion",
    "PromptVersion",
    "Question",
    "QuestionState",
    "QuestionStatus",
    "RecordKind",
    "Recusal",
    "Registered",
    "Renderer",
    "Replay",
    "Rescore",
    "ReviewClaim",
    "ReviewTally",
    "Role",
    "Run",
    "RunState",
    "RunStatus",
    "SamplingProfile",
    "SavedView",
    "Scope",
    "SearchPending",
    "SearchRow",
    "Severity",
    "Span",
    "StreamLimit",
    "Tile",
    "TimestampToken",
    "Trace",
    "TrainingRecord",
    "User",
    "Verdict",
    "ViewedPage",
    "Wait",
    "Workspace",
]
