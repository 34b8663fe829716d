"""One tree of errors with stable codes.

An error carries a code (for programs), an HTTP status (for the one renderer in
``reasoning.api.problems``) and a sentence (for people). Sentences are ``%``-templates marked for
gettext and filled in with ``data`` only when shown, so that they can be translated.
"""

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar


def gettext_noop(sentence: str) -> str:
    """Mark a sentence for translation; the renderer translates it."""
    return sentence


_ = gettext_noop


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of the input: its name, a stable code and a sentence."""

    field: str
    code: str
    sentence: str
    data: dict[str, Any] = dataclasses.field(default_factory=dict)

    @property
    def message(self) -> str:
        """The sentence in English, filled in."""
        return self.sentence % self.data if self.data else self.sentence


class AuditError(Exception):
    """Root of every error this project raises on purpose."""

    code: ClassVar[str] = "error"
    status: ClassVar[int] = 500
    title: ClassVar[str] = _("Something went wrong")
    sentence: str = _("Something went wrong.")

    def __init__(
        self, sentence: str | None = None, /, *, fields: Sequence[FieldError] = (), **data: Any
    ) -> None:
        self.sentence = sentence if sentence is not None else type(self).sentence
        self.fields = tuple(fields)
        self.data = data
        super().__init__(self.detail)

    @property
    def detail(self) -> str:
        """The sentence in English, filled in."""
        return self.sentence % self.data if self.data else self.sentence


# Input ------------------------------------------------------------------------------------------


class InvalidInput(AuditError):
    """One or more fields of the input are wrong; nothing was stored."""

    code = "invalid_input"
    status = 400
    title = _("The input is not valid")
    sentence = _("Some fields need another value. Nothing was stored.")

    @classmethod
    def of(cls, name: str, code: str, sentence: str, **data: Any) -> "InvalidInput":
        """An error about one field."""
        return cls(fields=[FieldError(name, code, sentence, data)])


class IdempotencyConflict(AuditError):
    """The idempotency key was used with another body (draft-ietf-httpapi-idempotency-key)."""

    code = "idempotency_conflict"
    status = 422
    title = _("The idempotency key was used before")
    sentence = _(
        "This Idempotency-Key was used before with another body. Use a new key for a new question."
    )


# Refusals ---------------------------------------------------------------------------------------


class NotFound(AuditError):
    """There is no such thing, or the asker may not know of it."""

    code = "not_found"
    status = 404
    title = _("Not found")
    sentence = _("There is nothing here, or it is not yours to see.")


class Refused(AuditError):
    """A rule forbids the act."""

    code = "refused"
    status = 403
    title = _("Refused")
    sentence = _("You may not do this.")


class SubmitterCannotDecide(Refused):
    """Four eyes: who asked does not decide."""

    code = "submitter_cannot_decide"
    sentence = _("You submitted this question; an independent reviewer must decide.")


class Recused(Refused):
    """Who has a conflict of interest does not decide."""

    code = "recused"
    sentence = _("You said that you have a conflict of interest here; others decide.")


class TrainingMissing(Refused):
    """The workspace's policy asks for a training record, and there is none in force."""

    code = "training_missing"
    sentence = _(
        "This workspace asks for a current training record of whoever decides, and there is none "
        "of yours. An administrator can record it."
    )


class AlreadySigned(Refused):
    """Approvals are by different people."""

    code = "already_signed"
    sentence = _("You have signed this; another reviewer must sign too.")


class AnswerWithheld(Refused):
    """A reviewer says what they think before they see the answer."""

    code = "preliminary_view_first"
    sentence = _(
        "This workspace asks for your own view first: write it down at the desk, then the answer "
        "is shown."
    )


class CannotBeApproved(Refused):
    """The trace is truncated, missing or malformed; it can be rejected or sent back."""

    code = "cannot_be_approved"
    sentence = _("This trace cannot be approved: %(reason)s It can be rejected or sent back.")


class WrongCredentials(Refused):
    """Signing needs fresh credentials, and these were wrong."""

    code = "wrong_credentials"
    sentence = _("The password is wrong. Nothing was signed.")


class AccountLocked(Refused):
    """Too many wrong credentials; an administrator unlocks the account."""

    code = "account_locked"
    sentence = _(
        "This account is locked after too many wrong passwords. An administrator can unlock it."
    )


class SecondFactorMissing(Refused):
    """A one-time code is demanded of a person who has no app that makes them."""

    code = "second_factor_missing"
    sentence = _(
        "This workspace asks for a one-time code. Set up an app for codes on your security page, "
        "or sign with a passkey."
    )


class TooManyRequests(AuditError):
    """More than the rate allows. ``data``: ``seconds`` until it is worth trying again."""

    code = "too_many_requests"
    status = 429
    title = _("Too many requests")
    sentence = _("Too many requests. Try again in %(seconds)s seconds.")


class Conflict(AuditError):
    """The thing is not in a state in which the act makes sense."""

    code = "conflict"
    status = 409
    title = _("Not possible now")
    sentence = _("This is not possible in the present state.")


class NotYet(AuditError):
    """What was asked for will be there: nothing was refused."""

    code = "not_yet"
    status = 409
    title = _("Not ready yet")
    sentence = _("This is not ready yet. Try again in a few seconds.")


class IntegrityMismatch(AuditError):
    """What is stored is not what was recorded: row against document, or document against log."""

    code = "integrity_mismatch"
    status = 409
    title = _("The record does not match the log")
    sentence = _("This record does not match what was logged. It is shown, but cannot be used.")


# Malformed documents of the log -----------------------------------------------------------------


class Malformed(AuditError):
    """Bytes that claim to be one of the log's formats and are not."""

    code = "malformed"
    status = 400
    title = _("Malformed document")
    sentence = _("The bytes are not in the format they claim.")


class VerificationFailed(AuditError):
    """Well-formed bytes that do not verify: a proof, a signature, a commitment."""

    code = "verification_failed"
    status = 409
    title = _("Verification failed")
    sentence = _("The proof or signature does not verify.")


class NotIncluded(VerificationFailed):
    """An inclusion proof does not lead from the leaf to the root. ``data``: ``index``, ``size``."""

    code = "not_included"
    sentence = _("The entry is not at this place of this tree.")


class Inconsistent(VerificationFailed):
    """Two tree heads of one log of which the later does not extend the earlier.

    ``data`` is the evidence: sizes ``old`` and ``new``, and where they were compared the roots
    ``old_root`` and ``new_root`` (hex) and the ``proof`` that was offered (list of hex).
    """

    code = "inconsistent"
    title = _("The log was rewritten")
    sentence = _("The log with %(new)s entries does not extend the one with %(old)s.")


class SignatureInvalid(VerificationFailed):
    """A signature by a known key does not verify."""

    code = "signature_invalid"
    sentence = _("The signature does not verify.")


class NotSigned(SignatureInvalid):
    """No known key signed this: it may be another's, or the known keys are not the right ones."""

    code = "not_signed"
    sentence = _("No known key signed this.")


class QuorumNotReached(VerificationFailed):
    """Fewer witnesses signed than the policy asks for. ``data``: ``cosigned`` (list of names)."""

    code = "quorum_not_reached"
    sentence = _("Not enough witnesses signed this checkpoint.")


class UnknownLog(VerificationFailed):
    """A witness was asked about a log it knows no key of. ``data``: ``origin``."""

    code = "unknown_log"
    status = 404
    sentence = _("No key of this log is known.")


class WitnessedSizeDiffers(VerificationFailed):
    """A witness has recorded another size than the log believes. ``data``: ``size``."""

    code = "witnessed_size_differs"
    sentence = _("The witness last recorded a log of %(size)s entries.")


class FileDamaged(VerificationFailed):
    """A bundle's file has not the bytes it was listed with. ``data``: ``path``."""

    code = "file_damaged"
    sentence = _("The file %(path)s was changed.")


class MissingFile(VerificationFailed):
    """A bundle lacks a file. ``data``: ``path``."""

    code = "missing_file"
    sentence = _("The file %(path)s is missing.")


# The database -----------------------------------------------------------------------------------


class DatabaseUnavailable(AuditError):
    """The database is away, restarts, or takes no more connections.

    It may have gone in the middle of a commit, so that nobody knows whether it was one.
    """

    code = "database_unavailable"
    status = 503
    title = _("The database does not answer")
    sentence = _(
        "The database does not answer, so what you sent may not have been stored. Try again in a "
        "moment."
    )


class DatabaseFull(DatabaseUnavailable):
    """There is no room left on the database's disk: what is stored can still be read."""

    code = "database_full"
    status = 507
    title = _("The database's disk is full")
    sentence = _(
        "The database's disk is full. Nothing was stored. An administrator has to free some space."
    )


# The log's writer --------------------------------------------------------------------------------


class LogStopped(AuditError):
    """The log takes nothing more until an administrator has acted; evidence waits, and is safe."""

    code = "log_stopped"
    status = 503
    title = _("The log has stopped")
    sentence = _("The log takes no more entries until an administrator has acted.")


class HeadRefused(LogStopped):
    """The database's log does not extend the one signed last: rolled back, cut or rewritten.

    ``data``: ``origin``, ``size`` and ``root`` (hex) of the database's log, ``signed_size`` and
    ``signed_root`` of the signer's record.
    """

    code = "head_refused"
    sentence = _(
        "The log %(origin)s in the database has %(size)s entries and the root %(root)s. It does "
        "not extend the log that was signed last, of %(signed_size)s entries and the root "
        "%(signed_root)s: the database was restored, cut or changed. Nothing is signed."
    )


class SignerRecordMissing(LogStopped):
    """The signer has no record of what it signed, and the log is not new. ``data``: ``origin``."""

    code = "signer_record_missing"
    sentence = _(
        "The signer's record for %(origin)s is missing, so nothing is signed. If it was lost, "
        "resume from the newest checkpoint that was kept elsewhere: manage.py log_key --resume."
    )


class RecordDamaged(LogStopped):
    """The file in which a signer keeps what it signed last is not a checkpoint. ``data``: path."""

    code = "record_damaged"
    sentence = _("The record %(path)s is damaged, so nothing is signed.")


class LogKeyMissing(LogStopped):
    """The log was signed with a key that is not here. ``data``: ``origin``."""

    code = "log_key_missing"
    sentence = _("The key that signs the log %(origin)s is missing.")


class OriginDiffers(LogStopped):
    """The settings name another log than the database holds. ``data``: ``origin``, ``found``."""

    code = "origin_differs"
    sentence = _(
        "LOG_ORIGIN or the key names the log %(origin)s; the database holds the log %(found)s."
    )


class NotInLogYet(NotYet):
    """The entry is committed, but no signed checkpoint covers it so far: ask again."""

    code = "not_in_log_yet"
    sentence = _("This entry is not under a signed checkpoint yet. Try again in a few seconds.")


# Exports -----------------------------------------------------------------------------------------


class ExportNotReady(NotYet):
    """The bundle is still being put together."""

    code = "export_not_ready"
    sentence = _("This export is not ready yet. Try again in a few seconds.")


class ExportFailed(AuditError):
    """The bundle could not be written: the reason is not in the evidence."""

    code = "export_failed"
    title = _("The export failed")
    sentence = _("The bundle could not be put together. An administrator can read why in the log.")


# The engine -------------------------------------------------------------------------------------


class EngineError(AuditError):
    """The engine did not deliver. ``retryable`` says whether another attempt may help.

    ``partial`` is the ``reasoning.inference.requests.Generation`` of what had arrived, or None
    when nothing had (typed loosely because this layer knows nothing of the engine's client).
    ``data`` may hold what the engine said under ``message``. That can quote the person's text, so
    no sentence here fills it in: an error's ``str`` is safe to log, its ``data`` is not.
    """

    code = "engine_error"
    status = 502
    title = _("The engine did not answer")
    sentence = _("The engine reported an error.")
    retryable: ClassVar[bool] = False

    def __init__(self, sentence: str | None = None, /, *, partial: Any = None, **data: Any) -> None:
        super().__init__(sentence, **data)
        self.partial = partial


class EngineUnavailable(EngineError):
    """Nobody answers at the engine's address, or what answers there says that it cannot reach the
    engine (``data``: status, message)."""

    code = "engine_unavailable"
    status = 503
    title = _("The engine cannot be reached")
    sentence = _("The engine cannot be reached. The question will be tried again.")
    retryable = True


class EngineBusy(EngineError):
    """The engine's queue is full (503 or 429). ``data``: status, retry_after (seconds or None)."""

    code = "engine_busy"
    status = 503
    title = _("The engine is busy")
    sentence = _("The engine has no room for more work now. The question will be tried again.")
    retryable = True


class EngineRefused(EngineError):
    """The engine will never take this request (any other 4xx). ``data``: status, param, message."""

    code = "engine_refused"
    title = _("The engine refused the request")
    sentence = _("The engine refused the request.")

    @property
    def param(self) -> str | None:
        """The name of the parameter at fault, where the engine says it."""
        param = self.data.get("param")
        return param if isinstance(param, str) else None


class EngineNotApproved(EngineRefused):
    """Another engine answers than was approved; it is not given the question.

    ``data``: ``name`` of the deployment, ``differing`` (names), and ``approved`` and ``observed``
    by name.
    """

    code = "engine_not_as_approved"
    title = _("The engine is not the approved one")
    sentence = _(
        "The engine of %(name)s is not as approved (%(differing)s), so it was not given the "
        "question."
    )


class EngineFailed(EngineError):
    """The engine broke off: a 5xx, an error in mid-stream, or bytes that make no sense."""

    code = "engine_failed"
    title = _("The engine failed")
    sentence = _("The engine failed while it was answering.")
    retryable = True


class EngineDisconnected(EngineError):
    """The answer ended without saying how it ended; what arrived is in ``partial``."""

    code = "engine_disconnected"
    title = _("The engine broke off")
    sentence = _("The connection to the engine ended before the answer did.")
    retryable = True


class EngineTimeout(EngineError):
    """The engine sent nothing for too long, or did not finish in time."""

    code = "engine_timeout"
    status = 504
    title = _("The engine took too long")
    sentence = _("The engine sent nothing for too long.")
    retryable = True
