"""The second verifier to take away: one HTML file that works unplugged, and its SHA-256 to compare."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache

from fastapi import APIRouter, Response

from chain.verifier.second import PAGE

pages = APIRouter()

PATH = "/verify/offline.html"
NAME = "concord-verifier.html"


@dataclass(frozen=True)
class OfflineVerifier:
    """The file's bytes, and what people compare."""

    data: bytes
    sha256: str

    @property
    def kilobytes(self) -> int:
        """Size, rounded up."""
        return -(-len(self.data) // 1000)


@cache
def offline_verifier() -> OfflineVerifier:
    """The committed file; it only changes with the program."""
    data = PAGE.read_bytes()
    return OfflineVerifier(data, hashlib.sha256(data).hexdigest())


@pages.get(PATH)
def offline_page() -> Response:
    """A download, never shown inside our origin: its own policy forbids every connection, ours would forbid it."""
    found = offline_verifier()
    headers = {
        "Content-Disposition": f'attachment; filename="{NAME}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
        "X-Content-SHA256": found.sha256,
        "Access-Control-Allow-Origin": "*",
    }
    return Response(found.data, media_type="text/html; charset=utf-8", headers=headers)
