"""One-time codes: made, hashed, sent, checked and limited here, and nowhere else.

Six digits, valid for five minutes from the moment of sending. A new code does not end the earlier ones, so a text that
comes late still works. Raw codes are in memory only until the gateway has taken the text.
"""

from __future__ import annotations

import hmac
import re
import secrets
from dataclasses import dataclass

from nacl.exceptions import CryptoError
from nacl.secret import SecretBox

from signing.identity_service.errors import GatewayUnavailable, IdentityRefused
from signing.identity_service.issuer import Clock
from signing.identity_service.persons import Pseudonyms
from signing.identity_service.ports import SmsGateway
from signing.identity_service.settings import Limits
from signing.identity_service.store import Store, Transaction

_CODE = re.compile(r"\d{6}", re.ASCII)


class PhoneSeal:
    """Seals phone numbers at rest: the store needs them again for texts, nobody else does."""

    def __init__(self, key: bytes) -> None:
        self._box = SecretBox(key)

    def seal(self, phone: str) -> bytes:
        """Encrypt a number."""
        return bytes(self._box.encrypt(phone.encode()))

    def open(self, sealed: bytes) -> str:
        """Decrypt a number; raises RuntimeError when store and key do not belong together."""
        try:
            return self._box.decrypt(sealed).decode()
        except CryptoError as exc:
            raise RuntimeError("a sealed phone number does not open with this service's key") from exc


@dataclass(frozen=True)
class Issued:
    """A code that is stored (hashed) and still has to be sent."""

    code_id: str
    code: str
    expires_at: int
    resend_after: int


class Codes:
    """Issue, send and compare one-time codes for an *owner*: a check or an intent."""

    def __init__(
        self, store: Store, names: Pseudonyms, gateway: SmsGateway, clock: Clock, limits: Limits
    ) -> None:
        self._store = store
        self._names = names
        self._gateway = gateway
        self._clock = clock
        self._limits = limits

    def guard(self, tx: Transaction, phone_hash: str) -> None:
        """Raise identity.rate_limited when this number has had its share of texts."""
        now = int(self._clock())
        for seconds, most in (
            (3600, self._limits.codes_per_phone_hour),
            (86400, self._limits.codes_per_phone_day),
        ):
            sent = tx.all(
                "SELECT at FROM sending WHERE phone_hash=? AND at>? ORDER BY at", phone_hash, now - seconds
            )
            if len(sent) >= most:
                wait = sent[len(sent) - most]["at"] + seconds - now
                raise IdentityRefused("identity.rate_limited", retry_after=max(1, wait))

    def issue(self, tx: Transaction, owner: str, phone_hash: str) -> Issued:
        """Store a fresh code in the caller's transaction; raises identity.rate_limited."""
        now = int(self._clock())
        self.guard(tx, phone_hash)
        earlier = tx.all("SELECT sent_at, state FROM code WHERE owner=? ORDER BY sent_at", owner)
        taken = [row for row in earlier if row["state"] != "failed"]
        if taken and now < taken[-1]["sent_at"] + self._limits.resend_seconds:
            wait = taken[-1]["sent_at"] + self._limits.resend_seconds - now
            raise IdentityRefused("identity.rate_limited", retry_after=wait)
        if len(taken) >= self._limits.codes_per_owner:
            raise IdentityRefused("identity.rate_limited", retry_after=self._limits.code_seconds)
        code_id, code = secrets.token_hex(16), f"{secrets.randbelow(1_000_000):06d}"
        expires = now + self._limits.code_seconds
        # "queued" counts against the limits at once: a process killed before the text left has used one attempt, never
        # opened a way to more texts than allowed.
        tx.insert(
            "code",
            id=code_id,
            owner=owner,
            hash=self._names.code(owner, code),
            sent_at=now,
            expires_at=expires,
            state="queued",
        )
        tx.insert("sending", phone_hash=phone_hash, at=now)
        return Issued(code_id, code, expires, self._limits.resend_seconds)

    def deliver(self, issued: Issued, phone: str, text: str) -> None:
        """Send the text, outside any transaction; raises identity.sms_unavailable (a new code may be asked at once)."""
        try:
            receipt = self._gateway.send(issued.code_id, phone, text.format(code=issued.code), "code")
        except GatewayUnavailable as exc:
            with self._store.transaction() as tx:
                tx.update("code", "id", issued.code_id, state="failed")
            raise IdentityRefused("identity.sms_unavailable") from exc
        with self._store.transaction() as tx:
            tx.update("code", "id", issued.code_id, state="sent", gateway_id=receipt.gateway_id)

    def matches(self, tx: Transaction, owner: str, code: str) -> bool:
        """Whether `code` is one of the owner's living codes. Every living code is compared, in constant time each.

        A code whose sending was reported as failed counts too: the text may have left before the answer was lost.
        """
        given = self._names.code(owner, code if _CODE.fullmatch(code) else "")
        living = tx.all("SELECT hash FROM code WHERE owner=? AND expires_at>?", owner, int(self._clock()))
        hits = [hmac.compare_digest(given, row["hash"]) for row in living]
        return any(hits)

    def spent(self, tx: Transaction, owner: str) -> None:
        """End all codes of an owner."""
        tx.execute("DELETE FROM code WHERE owner=?", owner)


class Locks:
    """Counts failures under a name and says when it is locked."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def failures(self, tx: Transaction, key: str, seconds: int) -> int:
        """Failures within the window."""
        now = int(self._clock())
        return tx.number("SELECT COUNT(*) FROM failure WHERE lock_key=? AND at>?", key, now - seconds)

    def guard(self, tx: Transaction, key: str, most: int, seconds: int) -> None:
        """Raise identity.locked with the time it ends and the way out."""
        now = int(self._clock())
        rows = tx.all(
            "SELECT at FROM failure WHERE lock_key=? AND at>? ORDER BY at DESC LIMIT ?",
            key,
            now - seconds,
            most,
        )
        if len(rows) >= most:
            until = rows[-1]["at"] + seconds
            raise IdentityRefused("identity.locked", until=until, way_out=["hotline", "desk"])

    def fail(self, tx: Transaction, key: str) -> None:
        """Count one failure."""
        tx.insert("failure", lock_key=key, at=int(self._clock()))

    def clear(self, tx: Transaction, key: str) -> None:
        """Forget the failures under a name."""
        tx.execute("DELETE FROM failure WHERE lock_key=?", key)


def tidy(tx: Transaction, now: int) -> int:
    """Drop what only limits needed: dead codes, counters older than their windows; number of rows."""
    gone = tx.execute("DELETE FROM code WHERE expires_at<?", now - 86400).rowcount
    gone += tx.execute("DELETE FROM sending WHERE at<?", now - 2 * 86400).rowcount
    gone += tx.execute("DELETE FROM failure WHERE at<?", now - 2 * 86400).rowcount
    gone += tx.execute(
        "DELETE FROM registration WHERE created_at<? AND credential_id IS NULL", now - 86400
    ).rowcount
    return gone
