"""Verifying the log in the database, step by step (numbered as ``core.reports.STEPS``):

1. keys and origin are pinned: given by whoever verifies, not by the database (``trusting``);
2. each stored checkpoint is signed, and a quorum of witnesses cosigned (``heads``, ``trusting``);
3. the tree has the root of every stored checkpoint and of those kept outside (``heads``);
4. leaves are numbered from 0 without a gap (``tree``);
5. each document leads to its leaf, the leaves to the tiles, the tiles to the root (``tree``,
   ``stored_tiles``);
6. each text opens its commitment, or a logged erasure names it (``evidence_rows``);
7. every evidence row has its entry and says what that says, and every entry has its row
   (``evidence_rows``, ``correspondence``);
8. nothing waits for its place, or for its signature, longer than allowed (``correspondence``);
9. time stamps cover their checkpoints (``trusting``);
10. each decision names the digest of its trace's document (``evidence_rows``);
11. triggers, functions, owners and rights are as declared (``services.guards``);
12. each decision that a passkey signed bears its signature (``signatures``).

Steps 2 to 7, 10 and 12 are one pass in the order of the log, with bounded memory.
"""

from reasoning.services.verification.reading import Progress
from reasoning.services.verification.record import verify_record
from reasoning.services.verification.saved import Saved
from reasoning.services.verification.whole import Wanted, verify

__all__ = ["Progress", "Saved", "Wanted", "verify", "verify_record"]
