"""What an attempt has gathered so far: kept sealed after every step, so that a killed process goes on where it was."""

from __future__ import annotations

import base64
import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Self


@dataclass
class Work:
    """Fields of both signatories' attempts; those of the other side stay empty. Bytes are base64 in the stored form."""

    nonce: str = ""
    moment: str = ""
    # worker
    session_id: str = ""
    check_id: str = ""
    service_session: str = ""
    check_statement: dict[str, Any] = field(default_factory=dict)
    intent_otp: str = ""
    intent_passkey: str = ""
    passkey: dict[str, Any] = field(default_factory=dict)
    spki: bytes = b""
    request_info: bytes = b""
    request_signature: bytes = b""
    page_release: str = ""
    factor: str = ""
    attestation: dict[str, Any] = field(default_factory=dict)
    credential: dict[str, Any] = field(default_factory=dict)
    assertion: dict[str, Any] = field(default_factory=dict)
    # employer
    wallet: str = ""
    wallet_mode: str = ""
    seal_mode: str = ""
    authority: str = ""
    binding: bytes = b""
    binding_signature: bytes = b""
    # both
    certificate: bytes = b""
    chain: list[bytes] = field(default_factory=list)
    attributes: bytes = b""
    signature: bytes = b""
    """DER ECDSA value over the attributes."""
    consent_signature: bytes = b""
    crls: list[bytes] = field(default_factory=list)
    ocsps: list[bytes] = field(default_factory=list)
    token: bytes = b""
    token_tsa: str = ""
    token_certificates: list[bytes] = field(default_factory=list)
    answer: dict[str, Any] = field(default_factory=dict)

    def dump(self) -> str:
        """The stored form."""
        return json.dumps(_encode(asdict(self)), separators=(",", ":"))

    @classmethod
    def load(cls, text: str) -> Self:
        """Read the stored form."""
        raw = json.loads(text)
        return cls(**{item.name: _decode(raw[item.name]) for item in fields(cls) if item.name in raw})

    def forget_key(self) -> None:
        """Begin again with another key: whatever was made for the old one goes; a used intent must be asked anew."""
        if self.attestation:
            self.intent_otp = self.intent_passkey = ""
        self.spki = self.request_info = self.request_signature = b""
        self.attestation, self.credential, self.assertion = {}, {}, {}
        self.factor = self.page_release = ""
        self.certificate = self.attributes = b""
        self.chain = []


def _encode(value: Any) -> Any:
    if isinstance(value, bytes):
        return {"$b": base64.b64encode(value).decode()}
    if isinstance(value, dict):
        return {key: _encode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_encode(item) for item in value]
    return value


def _decode(value: Any) -> Any:
    if isinstance(value, dict):
        if set(value) == {"$b"}:
            return base64.b64decode(value["$b"])
        return {key: _decode(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_decode(item) for item in value]
    return value
