"""Step 12: decisions that a passkey signed, from the documents that were logged alone."""

from collections.abc import Iterable
from typing import Any

from reasoning.core import canonical, passkeys
from reasoning.core.errors import Malformed, VerificationFailed
from reasoning.core.errors import gettext_noop as _
from reasoning.core.reports import Step
from reasoning.models import Decision, Passkey
from reasoning.services.verification.reading import DOCUMENT, SUBJECT, name_of, rows

_KEYS = "SELECT document FROM reasoning_entry WHERE subject_id::text = ANY(%s) AND kind = %s"


class Signatures:
    """Takes the entries of decisions in the order of the log."""

    def __init__(self, step: Step) -> None:
        self._step = step
        self._counters: dict[Any, int] = {}

    def check(self, entries: Iterable[Any]) -> None:
        """Check the assertions of those that have one."""
        signed = []
        for entry in entries:
            try:
                document = canonical.decode(bytes(entry[DOCUMENT]))
            except Malformed:
                continue  # step 5 says so
            facts = document.get("facts")
            if isinstance(facts, dict) and passkeys.claims(facts):
                signed.append((name_of(Decision.KIND, entry[SUBJECT]), document, facts))
        keys = self._keys(str(facts.get("passkey_id")) for _name, _document, facts in signed)
        for name, document, facts in signed:
            self._step.checked += 1
            self._check_one(name, document, keys.get(facts.get("passkey_id")))

    def _keys(self, identifiers: Iterable[str]) -> dict[Any, dict[str, Any]]:
        wanted = list(identifiers)
        found = rows(_KEYS, wanted, Passkey.KIND) if wanted else []
        documents = [canonical.decode(bytes(document)) for (document,) in found]
        return {document.get("id"): document for document in documents}

    def _check_one(self, name: str, document: dict[str, Any], key: dict[str, Any] | None) -> None:
        if key is None:
            self._step.tampered(name, _("The passkey that signed it was never registered."))
            return
        try:
            counter = passkeys.verify_decision(document, key)
            passkeys.require_counted(counter, self._counters.get(key["id"], 0))
            self._counters[key["id"]] = counter
        except (Malformed, VerificationFailed) as error:
            self._step.refuse(name, error)
