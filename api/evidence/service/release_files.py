"""Released files on disk: one folder a release, named by its digest, complete or absent.

`<folder>/<kind>/<digest>/<path>`. They are copied there before their event is recorded, so that what was released stays
served whatever becomes of the source tree, and whoever is killed in between leaves at most a folder that nothing names.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from chain.releases import Release


class ReleaseFiles:
    """The folder of everything that was ever released on this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, release: Release) -> Path:
        """Where a release's files lie (or would)."""
        return self._folder / release.kind / release.digest

    def intact(self, release: Release) -> bool:
        """Whether exactly the released files are there, byte for byte."""
        place = self.place(release)
        found = {item.relative_to(place).as_posix() for item in place.rglob("*") if item.is_file()}
        return found == {path for path, _ in release.files} and all(
            _sha256(place / path) == digest for path, digest in release.files
        )

    def keep(self, release: Release, sources: Mapping[str, Path]) -> None:
        """Copy the files into their place, durably; files that are there already stay.

        Raises ValueError when a source is no longer what the release names.
        """
        place = self.place(release)
        if self.intact(release):
            return
        part = place.with_name(f"{place.name}.{os.getpid()}.part")
        shutil.rmtree(part, ignore_errors=True)
        for path, digest in release.files:
            target = part / path
            target.parent.mkdir(parents=True, exist_ok=True)
            data = sources[path].read_bytes()
            if hashlib.sha256(data).hexdigest() != digest:
                raise ValueError(f"{path} has changed since it was read")
            _write(target, data)
        for folder in (*(item for item in part.rglob("*") if item.is_dir()), part):
            _sync(folder)
        if place.exists():  # damaged: nothing that is served ever came from it
            shutil.rmtree(place)
        part.rename(place)
        _sync(place.parent)


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
