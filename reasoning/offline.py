"""``magistral-verify``: check an export bundle, without the service and without a network.

Needs ``reasoning.core`` and ``cryptography``; with ``rfc3161-client`` it reads time stamps as well.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path

from cryptography.x509 import Certificate, load_pem_x509_certificates

from reasoning.core import policies
from reasoning.core.errors import Malformed
from reasoning.core.policies import Policy
from reasoning.core.reports import lines
from reasoning.core.verification import Trust, verify

EPILOG = """\
exit codes: 0 verified, 1 tampered, 2 wrong usage, 3 verified with texts that were lawfully erased,
4 incomplete, 5 could not be verified, 6 not verified for want of a key that you got elsewhere
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Verify the bundle named on the command line; returns the exit code."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        trust = Trust(
            policy=policy_of(options.vkey) if options.vkey else None,
            checkpoints=tuple(path.read_bytes() for path in options.checkpoint),
            authorities=tuple(one for path in options.tsa for one in _certificates(path)),
        )
        with options.bundle.open("rb") as source:
            report = verify(source, trust)
    except (OSError, Malformed) as error:
        parser.error(str(error))
    if options.json:
        print(json.dumps(report.as_dict(), ensure_ascii=False, indent=1))
    else:
        print("\n".join(lines(report)))
    return report.verdict.exit_code


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="magistral-verify",
        description="Verify an export bundle of Magistral Audit, offline.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("bundle", type=Path, help="the bundle, a ZIP file")
    parser.add_argument(
        "--vkey",
        metavar="KEY|FILE",
        help="the log's verifier key, got elsewhere; or a file of keys, or a policy of witnesses",
    )
    parser.add_argument(
        "--checkpoint",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="a signed checkpoint that you kept; may be repeated",
    )
    parser.add_argument(
        "--tsa",
        metavar="FILE",
        type=Path,
        action="append",
        default=[],
        help="the root certificate (PEM) of a time-stamp authority; may be repeated",
    )
    parser.add_argument("--json", action="store_true", help="print the report for programs")
    return parser


def policy_of(given: str) -> Policy:
    """The policy of a key, a file of keys, or a written policy. Raises Malformed, OSError."""
    try:
        return policies.of_key_lines(given)
    except Malformed:
        if not Path(given).is_file():
            raise
    text = Path(given).read_text(encoding="utf-8", errors="surrogateescape")
    is_policy = any(line.startswith("quorum") for line in text.split("\n"))
    return policies.parse(text) if is_policy else policies.of_key_lines(text)


def _certificates(path: Path) -> list[Certificate]:
    try:
        return load_pem_x509_certificates(path.read_bytes())
    except ValueError as error:
        raise Malformed("%(path)s holds no certificate in PEM form.", path=path) from error


if __name__ == "__main__":
    sys.exit(main())
