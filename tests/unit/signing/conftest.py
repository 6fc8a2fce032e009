"""Shared pieces of the signing tests: a base PDF, stamps, authorities."""

from __future__ import annotations

from tests.support.signing_pieces import authority, base, stamp, stampers

__all__ = ["authority", "base", "stamp", "stampers"]
