"""Everything one running identity service needs to know, as data. Nothing here reads the environment."""

from __future__ import annotations

import os
import secrets
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Limits:
    """Time and number limits. Seconds unless the name says otherwise."""

    code_seconds: int = 300
    """One code's validity: a message that comes three minutes late still works."""
    code_tries: int = 5
    resend_seconds: int = 30
    codes_per_owner: int = 5
    """Codes per check or intent; earlier ones stay valid for their five minutes."""
    codes_per_phone_hour: int = 10
    codes_per_phone_day: int = 30
    failures_to_lock: int = 5
    lock_seconds: int = 24 * 3600
    login_lock_seconds: int = 1800
    person_failures_per_day: int = 20
    """Failures for one document over all contracts and sessions."""
    check_open_seconds: int = 1800
    check_valid_seconds: int = 3600
    """A confirmed check serves one signing session of 60 minutes."""
    intent_seconds: int = 900
    passkey_seconds: int = 300
    phone_change_seconds: int = 72 * 3600
    fresh_check_seconds: int = 180 * 86400
    desk_check_seconds: int = 30 * 86400


@dataclass(frozen=True)
class ServiceSettings:
    """One identity service: its data folder, its EIP-712 domain, its limits."""

    data_dir: Path
    log_origin: str
    domain_name: str
    chain_id: int
    verifying_contract: str
    public_origin: str
    production: bool = False
    officers: tuple[str, ...] = ()
    limits: Limits = field(default_factory=Limits)

    def __post_init__(self) -> None:
        if self.production == (self.domain_name == "Concord TEST"):
            raise ValueError("domain 'Concord TEST' belongs to TEST installations, 'Concord' to production")

    @property
    def rp_id(self) -> str:
        """WebAuthn relying party: host of the public origin."""
        return urlsplit(self.public_origin).hostname or "localhost"


def secret_file(path: Path, size: int = 32) -> str:
    """Text of a secret file; a missing one is made (random hex, owner only, whole or not at all)."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        try:
            with os.fdopen(handle, "w", encoding="ascii") as file:
                file.write(secrets.token_hex(size) + "\n")
                file.flush()
                os.fsync(file.fileno())
            os.link(temporary, path)  # fails if another process was first: then its secret counts
        except FileExistsError:
            pass
        finally:
            os.unlink(temporary)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    return path.read_text(encoding="ascii").strip()
