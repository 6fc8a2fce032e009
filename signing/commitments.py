"""The salted commitment that both parties sign (DESIGN §3 "What is signed").

It hides its content and binds it: clause tree, base PDF, template, renderer, version and predecessor.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from signing import jcs
from signing.errors import InputRefused
from signing.jcs import JSON

VERSION: Final = 1
_HEX32 = re.compile(r"[0-9a-f]{64}")
_BYTES = ("contract_id", "prev", "clause_root", "base_pdf_sha256", "template_sha256", "salt")


@dataclass(frozen=True)
class Commitment:
    """The opened commitment. `prev` is the last concluded commitment of the contract, or 32 zero bytes."""

    log_origin: str
    contract_id: bytes
    version: int
    prev: bytes
    clause_root: bytes
    base_pdf_sha256: bytes
    template_sha256: bytes
    renderer_id: str
    salt: bytes

    def __post_init__(self) -> None:
        for name in _BYTES:
            value = getattr(self, name)
            if not isinstance(value, bytes) or len(value) != 32:
                raise InputRefused("commitment.field_refused", field=name)
        if isinstance(self.version, bool) or not 1 <= self.version < 2**32:
            raise InputRefused("commitment.field_refused", field="version")
        for name in ("log_origin", "renderer_id"):
            text = getattr(self, name)
            if not isinstance(text, str) or not 1 <= len(text) <= 200 or not text.isascii():
                raise InputRefused("commitment.field_refused", field=name)

    def opening(self) -> dict[str, JSON]:
        """Return the JSON whose digest is the commitment."""
        return {
            "v": VERSION,
            "log_origin": self.log_origin,
            "contract_id": self.contract_id.hex(),
            "version": self.version,
            "prev": self.prev.hex(),
            "clause_root": self.clause_root.hex(),
            "base_pdf_sha256": self.base_pdf_sha256.hex(),
            "template_sha256": self.template_sha256.hex(),
            "renderer_id": self.renderer_id,
            "salt": self.salt.hex(),
        }

    def digest(self) -> bytes:
        """Return the commitment: SHA-256 of the canonical opening."""
        return jcs.digest(self.opening())

    @classmethod
    def from_opening(cls, opening: Mapping[str, JSON]) -> Commitment:
        """Read an opening; raises InputRefused for missing, superfluous or malformed fields."""
        names = {"v", "log_origin", "version", "renderer_id", *_BYTES}
        if set(opening) != names or opening["v"] != VERSION or isinstance(opening["v"], bool):
            raise InputRefused(
                "commitment.field_refused", field=", ".join(sorted(set(opening) ^ names)) or "v"
            )
        version = opening["version"]
        if not isinstance(version, int):
            raise InputRefused("commitment.field_refused", field="version")
        return cls(
            log_origin=_text(opening, "log_origin"),
            contract_id=_bytes32(opening, "contract_id"),
            version=version,
            prev=_bytes32(opening, "prev"),
            clause_root=_bytes32(opening, "clause_root"),
            base_pdf_sha256=_bytes32(opening, "base_pdf_sha256"),
            template_sha256=_bytes32(opening, "template_sha256"),
            renderer_id=_text(opening, "renderer_id"),
            salt=_bytes32(opening, "salt"),
        )


def _text(opening: Mapping[str, JSON], field: str) -> str:
    value = opening[field]
    if not isinstance(value, str):
        raise InputRefused("commitment.field_refused", field=field)
    return value


def _bytes32(opening: Mapping[str, JSON], field: str) -> bytes:
    value = opening[field]
    if not isinstance(value, str) or not _HEX32.fullmatch(value):
        raise InputRefused("commitment.field_refused", field=field)
    return bytes.fromhex(value)
