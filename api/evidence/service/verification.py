"""Public verification: a stranger's file goes to a child process with limits; what comes back is data."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

from api.kernel.errors import invalid, unavailable
from chain.package import MAX_BYTES
from chain.trust_root import TrustRoot
from chain.verifier.child import verify_in_child

AT_ONCE: Final = 2
"""Children at the same time: a crowd of uploads must not take the machine from those who sign."""
PATIENCE: Final = 20.0


class Verification:
    """Runs the verifier on uploaded bytes under this installation's trust root."""

    def __init__(self, trust_root: Callable[[], TrustRoot], fonts: Callable[[], tuple[Path, ...]]) -> None:
        self._trust_root, self._fonts = trust_root, fonts
        self._places = threading.BoundedSemaphore(AT_ONCE)

    def verify(self, data: bytes) -> dict[str, Any]:
        """Return `{verdict, steps}`. Raises invalid for an empty or too large file, unavailable when crowded."""
        if not data:
            raise invalid("evidence.file_missing")
        if len(data) > MAX_BYTES:
            raise invalid("evidence.file_too_large")
        root = self._trust_root().canonical()
        if not self._places.acquire(timeout=PATIENCE):
            raise unavailable("evidence.busy")
        try:
            return verify_in_child(data, root, fonts=self._fonts())
        finally:
            self._places.release()
