"""Replacing a file durably: whenever the machine stops, a reader finds the old file or the whole new one."""

from __future__ import annotations

import os
from pathlib import Path


def replace_file(path: Path, data: bytes, mode: int = 0o644) -> None:
    """Put `data` in the place of `path` with these permission bits, synced together with its folder.

    A key written with mode 0600 is never readable by others, not even under its temporary name (`<name>.part`).
    Raises OSError; the old file then still stands.
    """
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)  # one left behind may have other permissions
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
    with os.fdopen(descriptor, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    part.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
