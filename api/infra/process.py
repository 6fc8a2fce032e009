"""Which process holds something, and whether it still lives: for claims that a kill -9 leaves behind.

And how a long-running process keeps house: what it loaded at its start is not searched for garbage again and again.
"""

from __future__ import annotations

import ctypes
import gc
import os
import socket
from functools import cache
from pathlib import Path


def _started(pid: int) -> str | None:
    """Start time of a process in clock ticks since boot (proc(5), field 22); None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except OSError:
        return None
    return stat.rpartition(")")[2].split()[19]


@cache
def _of(pid: int) -> str:
    return f"{socket.gethostname()[:60]}/{pid}/{_started(pid)}"


def this_process() -> str:
    """A name of this process that no other process on this host ever has again."""
    return _of(os.getpid())


def is_gone(name: str) -> bool:
    """Whether the process of that name ran on this host and has ended; False where that can't be known."""
    host, _, rest = name.partition("/")
    pid, _, started = rest.partition("/")
    if host != socket.gethostname()[:60] or not pid.isdigit():
        return False
    return _started(int(pid)) != started


def settle() -> None:
    """To be called once everything is loaded: code and tables live as long as the process and need no collecting.

    Reading a PDF makes some hundred thousand objects in cycles, most of which die young: the first threshold is higher
    than Python's own. What start-up used and gave back goes back to the system, where the C library can do that.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 5, 2)
    trim()


def trim() -> None:
    """Give memory that is free inside this process back to the system; nothing where the C library can't."""
    give_back = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if give_back is not None:
        give_back(0)
