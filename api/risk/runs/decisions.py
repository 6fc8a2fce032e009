"""Decisions of a run as one Parquet file that is written whole or not at all and read only if its digest is right."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Collection, Iterable
from io import BytesIO
from pathlib import Path

import polars as pl

from api.kernel.errors import integrity
from api.kernel.ids import is_id

COLUMNS = (
    "enterprise",
    "month",
    "tiers_a",
    "tiers_b",
    "missing",
    "score",
    "coverage_bp",
    "raw_grade",
    "out_of_range",
    "size",
)


def encoded(frame: pl.DataFrame) -> bytes:
    """The file's bytes: the same numbers give the same bytes."""
    buffer = BytesIO()
    frame.select(COLUMNS).sort("month", "enterprise").write_parquet(
        buffer, compression="zstd", compression_level=3, statistics=False
    )
    return buffer.getvalue()


class DecisionFiles:
    """Files `<run>.parquet` of one folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def write(self, run_id: str, frame: pl.DataFrame) -> tuple[str, str]:
        """Name and SHA-256 (hex) of the written file; it is on the disk when this returns."""
        return self._put(run_id, encoded(frame))

    def keep(self, key: str, frame: pl.DataFrame) -> tuple[str, str]:
        """The same for any other frame."""
        buffer = BytesIO()
        frame.write_parquet(buffer, compression="zstd", compression_level=3, statistics=False)
        return self._put(key, buffer.getvalue())

    def _put(self, key: str, content: bytes) -> tuple[str, str]:
        self._folder.mkdir(parents=True, exist_ok=True)
        name = f"{key}.parquet"
        part = self._folder / f"{name}.part"
        with part.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(self._folder / name)
        descriptor = os.open(self._folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        return name, hashlib.sha256(content).hexdigest()

    def read(self, name: str, sha256: str) -> pl.DataFrame:
        """The decisions, sorted by month and enterprise. Raises integrity `risk.decisions_damaged`."""
        path = self._folder / name
        content = path.read_bytes() if path.is_file() else b""
        if hashlib.sha256(content).hexdigest() != sha256:
            raise integrity("risk.decisions_damaged", file=name)
        return pl.read_parquet(BytesIO(content))

    def drop(self, names: Iterable[str]) -> None:
        """Remove files that nothing names any more."""
        for name in names:
            (self._folder / name).unlink(missing_ok=True)

    def sweep(self, named: Collection[str]) -> int:
        """Remove files that no run names: left by a run that died between file and commit. Returns how many."""
        if not self._folder.is_dir():
            return 0
        orphans = [
            path
            for path in self._folder.iterdir()
            if is_id(path.name.partition(".")[0]) and path.name not in named
        ]
        for path in orphans:
            path.unlink(missing_ok=True)
        return len(orphans)
