"""Which process holds something, and whether it still lives: for claims that a kill -9 leaves behind."""

from __future__ import annotations

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
