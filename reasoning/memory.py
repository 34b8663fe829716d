"""How a worker and the process beside it give memory out and back (mostly glibc's doing).

Left to itself glibc keeps sixteen heaps for hundreds of threads, and learns to take large blocks
from them too; each keeps what its fullest moment needed. Storing answers of some hundred kilobytes
made a worker with 512 streams grow by 180 MB so.
"""

import ctypes
import gc

HEAPS = 2
LARGE = 64 * 1024
"""Bytes from which on a block comes from the system, and goes back to it at once."""

_TRIM_THRESHOLD, _MMAP_THRESHOLD, _ARENA_MAX = -1, -3, -8


def spare() -> None:
    """Keep few heaps and give large blocks back. To be called before there are threads."""
    adjust = getattr(ctypes.CDLL(None), "mallopt", None)
    if adjust is not None:
        adjust(_ARENA_MAX, HEAPS)
        adjust(_MMAP_THRESHOLD, LARGE)
        adjust(_TRIM_THRESHOLD, 2 * LARGE)


def settle() -> None:
    """After loading: what is there now stays, so that collecting garbage need not look at it again
    and again; and what loading has left empty goes back."""
    gc.collect()
    gc.freeze()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
