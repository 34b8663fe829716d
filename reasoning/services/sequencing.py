"""The sequencer's two verbs: give entries their places in the log, and sign where it stands.

``sequence`` is one transaction: leaves, completed tiles, head. The head's row lock puts sequencers
in line, and should that ever fail, the keys of the tables do (a place is given once, an entry is
placed once). ``sign`` is a second one, over a head that is on disk for good; ``services.signing``
says why. A head that the signer would refuse is not built upon.
"""

from collections.abc import Callable, Iterable, Sequence

from django.db import transaction

from reasoning.core.errors import OriginDiffers
from reasoning.core.tiles import Tile as Place
from reasoning.models import Checkpoint, Leaf, LogHead, Tile
from reasoning.services import log_keys, pending, tree
from reasoning.services.inserting import copy
from reasoning.services.signing import Signer
from reasoning.services.tree import Tree

BATCH = 20_000

Step = Callable[[str], None]
"""Is told what was just done; tests fail there."""


def no_step(_name: str) -> None:
    """Nothing happens between the steps."""


class Sequencer:
    """Takes entries into the log and signs it. Its connection is the sequencer role's.

    Steps: begun, locked, leaves, tiles, head, sequenced; signing, recorded, published.
    """

    def __init__(
        self, signer: Callable[[], Signer], *, batch: int = BATCH, step: Step = no_step
    ) -> None:
        self._signer = signer
        self.batch = batch
        self._step = step

    def begin(self) -> None:
        """Bring log and signer together; the first time, name the log and sign the empty one.

        Raises LogStopped when they do not belong together.
        """
        signer = self._signer()
        with transaction.atomic():
            head = _locked_head()
            if not head.origin:
                head.origin = signer.origin
                head.save(update_fields=["origin"])
            if head.origin == signer.origin and _is_new(head):
                signer.begin()
        self._step("begun")
        self.check()
        self.sign()

    def check(self) -> None:
        """Raise LogStopped when the log is not the one that was signed last, or longer."""
        signer = self._signer()
        with transaction.atomic():
            _require_extended(LogHead.objects.get(), signer)

    def advance(self) -> int:
        """Take in what waits, at most one batch, and sign it. How many entries it went through."""
        count = self.sequence() if pending.waiting() else 0
        self.sign()
        return count

    def sequence(self) -> int:
        """Give places to the next entries, at most one batch. How many it went through."""
        signer = self._signer()
        with transaction.atomic():
            head = _locked_head()
            self._step("locked")
            stands = _require_extended(head, signer)
            batch = pending.read(head, self.batch)
            self._place(head, stands, batch.leaves)
            head.save()
            self._step("head")
        self._step("sequenced")
        return batch.seen

    def sign(self) -> bool:
        """Sign the log as it stands and publish the checkpoint. Whether there was need to."""
        if _is_signed():
            return False
        signer = self._signer()
        with transaction.atomic():
            head = Tree(_locked_head())
            checkpoint = head.checkpoint()
            if checkpoint.origin != signer.origin:
                raise OriginDiffers(origin=signer.origin, found=checkpoint.origin)
            self._step("signing")
            note = signer.sign(checkpoint, head.read)
            self._step("recorded")
            log_keys.enlist(signer.key.verifier, checkpoint.size)
            Checkpoint.objects.get_or_create(
                size=checkpoint.size, defaults={"root": checkpoint.root, "note": note}
            )
        self._step("published")
        return True

    def _place(self, head: LogHead, stands: Tree, leaves: Sequence[tuple[int, bytes]]) -> None:
        edge = stands.edge()
        first = edge.size
        places = ((first + n, entry, leaf) for n, (entry, leaf) in enumerate(leaves))
        copy(Leaf, ["index", "entry_id", "leaf_hash"], ["int8", "int8", "bytea"], places)
        self._step("leaves")
        completed = edge.append(leaf for _entry, leaf in leaves)
        _store_tiles(completed)
        self._step("tiles")
        tree.store_edge(head, edge)


def _locked_head() -> LogHead:
    """The head, locked by a statement of its own: the next one sees all that was before it."""
    return LogHead.objects.select_for_update().get()


def _require_extended(head: LogHead, signer: Signer) -> Tree:
    if head.origin != signer.origin:
        raise OriginDiffers(origin=signer.origin, found=head.origin)
    stands = Tree(head)
    signer.require_extended(stands.checkpoint(), stands.read)
    return stands


def _is_new(head: LogHead) -> bool:
    return head.size == 0 and not Checkpoint.objects.exists()


def _is_signed() -> bool:
    return Checkpoint.objects.filter(size__in=LogHead.objects.values("size")).exists()


def _store_tiles(completed: Iterable[tuple[Place, bytes]]) -> None:
    rows = ((tile.level, tile.index, data) for tile, data in completed)
    copy(Tile, ["level", "index", "hashes"], ["int2", "int8", "bytea"], rows)
