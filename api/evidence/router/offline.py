"""The second verifier to take away: one HTML file that works unplugged, and its SHA-256 to compare."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter, Response

from api.kernel.errors import unavailable
from chain.verifier.second import PAGE

pages = APIRouter()

PATH = "/verify/offline.html"
NAME = "concord-verifier.html"
BUILD = ".venv/bin/python -m scripts.build_verifier"
"""What set-up runs to make the file, and what an operator runs where it is missing."""


@dataclass(frozen=True)
class OfflineVerifier:
    """The file's bytes, and what people compare."""

    data: bytes
    sha256: str

    @property
    def kilobytes(self) -> int:
        """Size, rounded up."""
        return -(-len(self.data) // 1000)


def offline_verifier() -> OfflineVerifier | None:
    """The file that set-up built, None where nobody has built it yet."""
    return _read() if PAGE.is_file() else None


@cache
def _read() -> OfflineVerifier:
    """Read once: the file only changes with the program."""
    data = PAGE.read_bytes()
    return OfflineVerifier(data, hashlib.sha256(data).hexdigest())


@pages.get(PATH)
def offline_page() -> Response:
    """A download, never shown inside our origin: its own policy forbids every connection, ours would forbid it.

    Raises unavailable (503) with the command that builds it where it is missing.
    """
    found = offline_verifier()
    if found is None:
        raise unavailable("evidence.offline_page_missing", command=BUILD)
    headers = {
        "Content-Disposition": f'attachment; filename="{NAME}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
        "X-Content-SHA256": found.sha256,
        "Access-Control-Allow-Origin": "*",
    }
    return Response(found.data, media_type="text/html; charset=utf-8", headers=headers)
