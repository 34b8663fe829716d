"""The README inside a bundle, for the person who receives it."""

from collections.abc import Iterable

from reasoning.core.keys import VerifierKey
from reasoning.services.exports import CAPTION

_TEXT = """\
# Evidence from Magistral Audit

This archive holds what was recorded about one or more questions that people put to a reasoning
model: the question, what exactly was sent to the model, everything it answered, what automatic
checks and people noted on it, and the decision that a reviewer signed. It was taken from an
append-only log, and everything in it can be checked with this archive and one key, without the
service it came from.

Where a model's thinking is shown:

> {caption}

## Read it

Begin with `records/`: one file for each question, in the order in which things happened. Its
members `facts` and `texts` are what was recorded; `entry` is the number under which the log has it.

| File | What it is |
| --- | --- |
| `records/<question>.json` | everything about one question, for reading |
| `entries/<n>.json` | what the log keeps of entry n: exactly the bytes that were hashed |
| `texts/<n>.json`, `texts/<n>.<name>.bin` | the texts that entry n commits to, each with its salt |
| `proofs/<n>.tlog-proof` | the proof that the log has entry n at place n (c2sp.org/tlog-proof) |
| `log/checkpoint` | the log's signed state: name, number of entries ({size}), root hash |
| `log/vkey` | the log's verifier key, one for each line |
| `log/policy` | if there: which witnesses had to sign as well |
| `log/timestamps/` | if there: when an independent authority saw the checkpoint (RFC 3161) |
| `manifest.json` | what was asked for, how much there is of it, and every file's SHA-256 |
| `issue.json` | who asked for this archive, and when; nothing else differs between two of them |

A text that was lawfully erased is gone, with its salt. What remains says which entry records the
erasure, and on what grounds.

## Check it with the tool

Install Magistral Audit's verifier (Python 3.11 or later), and get the log's key from somebody you
trust, not from this archive: from the organisation's `/log/vkey`, from a letter, from a witness.

    magistral-verify BUNDLE.zip --vkey KEY

It prints numbered steps, with what was checked and what could not be, and exits with 0 (verified),
1 (tampered), 3 (verified, with texts lawfully erased), 4 (incomplete), 5 (could not be verified) or
6 (not verified: you gave no key, and anybody could have made such an archive with a key of their
own). A checkpoint of {size} entries that you got from elsewhere tells even more: add
`--checkpoint FILE`.

The key in this archive is the following. Compare it; alone it proves nothing:

{keys}

## Check it by hand

With `n` the number of an entry, and common tools:

1. The list is whole: `sha256sum` of each file is the `sha256` in `manifest.json`, and there is no
   file that is not listed (but `manifest.json` itself and `issue.json`).
2. A text is the one that was recorded: `commitments` in `entries/n.json` has, for each name, the
   HMAC-SHA256 with the salt as key. For a text in the file `t`, without a final line feed, and its
   salt in hexadecimal: `openssl dgst -sha256 -mac HMAC -macopt hexkey:SALT t`.
3. The entry is in the log: `(printf '\\000'; cat entries/n.json) | sha256sum` is the leaf. Combine
   it with the hashes of `proofs/n.tlog-proof` as RFC 9162, 2.1.3.2 says, where two nodes become
   `SHA-256(0x01, left, right)`: the result is the third line of `log/checkpoint`.
4. The log said so: the Ed25519 signature at the end of `log/checkpoint` (c2sp.org/signed-note) is
   over its first three lines, and verifies with the key.
5. A decision belongs to its trace: `trace_document_sha256` in the decision's facts is the SHA-256
   of the trace's `entries/n.json`. Its facts also say what was answered to the checklist, how many
   approvals the policy asked for and, of a withdrawal, which decision counts no more.
6. A passkey signed a decision: take the decision's entry without `kind`, `recorded_at` and
   `facts.assertion`, with the schema `magistral-audit/decision-to-sign/v1`. The SHA-256 of that as
   canonical JSON (RFC 8785) is the `challenge` in the assertion's `client_data`. The signature is
   over `authenticator_data` and the SHA-256 of `client_data`, by the `public_key` (COSE) of the
   entry that `passkey_id` names (WebAuthn level 2, 7.2).

## What this shows, and what it does not

It shows that these entries stand in the log as they are here, and that each text is the one that
was recorded. It shows that nothing is missing from what the exporter says was asked for; whether
that is everything you need is for you to judge (`scope` in `manifest.json`). It does not show that
what a person or a model wrote is true, nor that a model's written thinking is why it answered as it
did.
"""


def text(keys: Iterable[VerifierKey], size: int) -> str:
    """The README of a bundle under a checkpoint of this size, signed with these keys."""
    written = "\n".join(f"    {key}" for key in keys)
    return _TEXT.format(caption=CAPTION, size=size, keys=written)
