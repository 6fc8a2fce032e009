"""Identity checks: three elements confirmed together, a code to the number, one signed IdentityCheck per contract.

The provider is asked before a code counts (指引 art. 7). Whoever starts a check sees the same answer whether the person
matched or not, and a failed confirmation never says which element was wrong.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from signing.eip712 import Factor, IdentityCheck, message
from signing.identity_service.codes import Codes, Issued, Locks, PhoneSeal
from signing.identity_service.errors import IdentityRefused, ProviderUnavailable
from signing.identity_service.issuer import Clock, Issuer
from signing.identity_service.persons import Claim, Pseudonyms, masked_phone
from signing.identity_service.phones import Phones
from signing.identity_service.ports import IdentityProvider, ProviderResult
from signing.identity_service.settings import Limits
from signing.identity_service.store import Row, Store, Transaction

CHECK_TEXT = "验证码{code}，5分钟内有效，用于核验您的身份。请勿告知他人，工作人员不会向您索要。"
SHARING_ROLES = frozenset({"agent", "representative", "worker"})


@dataclass(frozen=True)
class Claimed:
    """What the platform passes on when a person has filled in the first screen."""

    purpose: str
    session: str
    claim: Claim
    commitment: str | None = None
    contract_id: str | None = None
    shared_with: tuple[str, ...] = ()
    expected_match: bool = True
    """False when the platform already knows that this is not the contract's worker: then nobody else is asked."""


@dataclass
class Desk:
    """The services that belong together; built once in `app`."""

    store: Store
    names: Pseudonyms
    seal: PhoneSeal
    codes: Codes
    locks: Locks
    phones: Phones
    provider: IdentityProvider
    issuer: Issuer
    clock: Clock
    limits: Limits
    production: bool
    audit: Callable[..., None]


class Checks:
    """Start, resend, confirm, dispute."""

    def __init__(self, desk: Desk) -> None:
        self._d = desk

    # ------------------------------------------------------------------ start

    def start(self, claimed: Claimed) -> dict[str, Any]:
        """Ask the provider, store the check, send a code.

        Raises identity.locked, rate_limited, provider_unavailable, sms_unavailable, demo_person_refused.
        """
        d, claim = self._d, claimed.claim
        if d.production and claim.demo:
            raise IdentityRefused("identity.demo_person_refused")
        person, phone_hash = d.names.person(claim), d.names.phone(claim.phone)
        lock, person_lock = self._locks(claimed, person, phone_hash)
        check_id = secrets.token_hex(16)
        with d.store.transaction() as tx:
            self._guard(tx, claimed.purpose, lock, person_lock)
            d.codes.guard(tx, phone_hash)
            factors = self._known_factors(tx, claimed, person, phone_hash)
        result = self._ask(claimed, check_id, factors)
        if result is not None and result.matches:
            factors |= Factor.PROVIDER
        with d.store.transaction() as tx:
            self._guard(tx, claimed.purpose, lock, person_lock)
            if result is not None:
                self._keep(tx, check_id, person, result)
            tx.insert(
                "checking",
                id=check_id,
                purpose=claimed.purpose,
                session_hash=d.names.session(claimed.session),
                commitment=claimed.commitment,
                contract_id=claimed.contract_id,
                person_ref=person,
                name_hash=d.names.name(claim),
                phone_hash=phone_hash,
                phone_sealed=d.seal.seal(claim.phone),
                phone_masked=masked_phone(claim.phone),
                factors=int(factors),
                matched=int(claimed.expected_match and bool(factors)),
                shared=int(bool(SHARING_ROLES.intersection(claimed.shared_with))),
                trace=None if result is None else check_id,
                lock_key=lock,
                person_lock=person_lock,
                state="open",
                tries=0,
                created_at=int(d.clock()),
            )
            issued = d.codes.issue(tx, check_id, phone_hash)
            d.audit(tx, "check.started", check_id, purpose=claimed.purpose)
        d.codes.deliver(issued, claim.phone, CHECK_TEXT)
        return self._started(check_id, issued)

    def resend(self, check_id: str, session: str) -> dict[str, Any]:
        """Another code for an open check; raises as `start`."""
        d = self._d
        with d.store.transaction() as tx:
            check = self._open_check(tx, check_id, session)
            self._guard(tx, check["purpose"], check["lock_key"], check["person_lock"])
            issued = d.codes.issue(tx, check_id, check["phone_hash"])
        d.codes.deliver(issued, d.seal.open(check["phone_sealed"]), CHECK_TEXT)
        return self._started(check_id, issued)

    def _locks(self, claimed: Claimed, person: str, phone_hash: str) -> tuple[str, str]:
        names = self._d.names
        if claimed.purpose == "contract" and claimed.contract_id:
            return names.lock("contract", claimed.contract_id), names.lock("person", person)
        # Not the document alone: whoever knows a number could lock its holder out of the portal.
        return names.lock("login", person + phone_hash), names.lock("person", person)

    def _guard(self, tx: Transaction, purpose: str, lock: str, person_lock: str) -> None:
        limits = self._d.limits
        self._d.locks.guard(tx, lock, limits.failures_to_lock, self._window(purpose))
        self._d.locks.guard(tx, person_lock, limits.person_failures_per_day, 86400)

    def _window(self, purpose: str) -> int:
        limits = self._d.limits
        return limits.lock_seconds if purpose == "contract" else limits.login_lock_seconds

    def _known_factors(self, tx: Transaction, claimed: Claimed, person: str, phone_hash: str) -> Factor:
        """Factors that this service already has on record for exactly these three elements."""
        d = self._d
        if not claimed.expected_match:
            return Factor(0)
        now, name_hash = int(d.clock()), d.names.name(claimed.claim)
        factors = Factor(0)
        if tx.number(
            "SELECT COUNT(*) FROM desk_check WHERE person_ref=? AND name_hash=? AND phone_hash=? AND valid_until>?",
            person,
            name_hash,
            phone_hash,
            now,
        ):
            factors |= Factor.DESK
        if claimed.purpose == "login":
            since = now - d.limits.fresh_check_seconds
            row = tx.one("SELECT * FROM person WHERE ref=?", person)
            if (
                row
                and (row["name_hash"], row["phone_hash"]) == (name_hash, phone_hash)
                and min(row["confirmed_at"], row["seen_at"]) > since
                and row["level"] >= 2
            ):
                factors |= Factor.PROVIDER
        return factors

    def _ask(self, claimed: Claimed, trace: str, known: Factor) -> ProviderResult | None:
        if not claimed.expected_match or known & Factor.PROVIDER:
            return None
        try:
            return self._d.provider.confirm(claimed.claim, trace)
        except ProviderUnavailable as exc:
            if known & Factor.DESK:
                return (
                    None  # an officer has seen person and document: the check can go on without the provider
                )
            raise IdentityRefused("identity.provider_unavailable") from exc

    def _keep(self, tx: Transaction, check_id: str, person: str, result: ProviderResult) -> None:
        tx.insert(
            "provider_record",
            trace=check_id,
            check_id=check_id,
            person_ref=person,
            provider=result.provider,
            trace_no=result.trace_no,
            result=result.result,
            test=int(result.test),
            at=int(self._d.clock()),
        )

    def _started(self, check_id: str, issued: Issued) -> dict[str, Any]:
        with self._d.store.transaction() as tx:
            check = tx.one("SELECT * FROM checking WHERE id=?", check_id)
            if check is None:
                raise IdentityRefused("identity.check_unknown")
            left = self._left(tx, check)
        return {
            "check_id": check_id,
            "phone_masked": check["phone_masked"],
            "resend_after": issued.resend_after,
            "otp_expires_at": issued.expires_at,
            "attempts_left": left,
        }

    def _left(self, tx: Transaction, check: Row) -> int:
        failures = self._d.locks.failures(tx, check["lock_key"], self._window(check["purpose"]))
        return max(0, self._d.limits.failures_to_lock - failures)

    # ---------------------------------------------------------------- confirm

    def confirm(self, check_id: str, session: str, otp: str) -> dict[str, Any]:
        """Compare the code; with it the check is confirmed and, for a contract, signed.

        Confirming again with the same code gives the same answer. Raises identity.not_confirmed for *any* wrong element.
        """
        d = self._d
        refusal: IdentityRefused | None = None
        with d.store.transaction() as tx:
            check = self._own_check(tx, check_id, session)
            if check["state"] == "confirmed":
                if check["confirmed_code"] != d.names.code(check_id, otp):
                    raise IdentityRefused("identity.not_confirmed", attempts_left=self._left(tx, check))
                return self._confirmed(tx, check)
            check = self._open_check(tx, check_id, session)
            self._guard(tx, check["purpose"], check["lock_key"], check["person_lock"])
            right = d.codes.matches(tx, check_id, otp)
            if right and check["matched"] and check["tries"] < d.limits.code_tries:
                self._settle(tx, check, otp)
                return self._confirmed(tx, self._own_check(tx, check_id, session))
            # Committed with this block and raised after it: a refusal must not undo its own count.
            refusal = self._refuse(tx, check, counted=not right and bool(check["matched"]))
        raise refusal

    def _refuse(self, tx: Transaction, check: Row, *, counted: bool) -> IdentityRefused:
        d = self._d
        tx.update("checking", "id", check["id"], tries=check["tries"] + 1)
        d.locks.fail(tx, check["lock_key"])
        if counted:
            d.locks.fail(tx, check["person_lock"])
        left = self._left(tx, check)
        d.audit(tx, "check.refused", check["id"], attempts_left=left)
        if left == 0:
            until = int(d.clock()) + self._window(check["purpose"])
            return IdentityRefused("identity.locked", until=until, way_out=["hotline", "desk"])
        return IdentityRefused("identity.not_confirmed", attempts_left=left)

    def _settle(self, tx: Transaction, check: Row, otp: str) -> None:
        d, now = self._d, int(self._d.clock())
        at_desk = bool(check["factors"] & Factor.DESK)
        phone = d.seal.open(check["phone_sealed"])
        objected = d.phones.blocked(tx, check["person_ref"], check["phone_hash"])
        standing = d.phones.settle(tx, check, at_desk=at_desk, tail=phone[-4:])
        shared = bool(check["shared"]) or d.phones.shared(tx, check["person_ref"], check["phone_hash"])
        if shared and check["purpose"] == "login" and self._bound(tx, check):
            shared = False
        factors = Factor(check["factors"]) | Factor.OTP
        level = 1
        if at_desk:
            level = 3
        elif factors & Factor.PROVIDER and standing.usable and not shared and not objected:
            level = 2
        self._bind(tx, check, level, now)
        columns: dict[str, Any] = {
            "state": "confirmed",
            "confirmed_at": now,
            "confirmed_code": d.names.code(check["id"], otp),
            "factors": int(factors),
            "shared": int(shared),
            "level": level,
            "phone_usable_from": standing.usable_from,
        }
        if check["contract_id"] and check["commitment"]:
            subject = d.names.subject(check["person_ref"], check["contract_id"])
            signed = d.issuer.sign(self._statement(check["commitment"], subject, int(factors), level, now))
            columns |= {"subject": subject, "digest": signed.digest.hex(), "signature": signed.signature}
        tx.update("checking", "id", check["id"], **columns)
        d.codes.spent(tx, check["id"])
        d.locks.clear(tx, check["lock_key"])
        d.audit(tx, "check.confirmed", check["id"], level=level, factors=int(factors))

    @staticmethod
    def _bound(tx: Transaction, check: Row) -> bool:
        """Whether this very number was bound to the person at L2 or above: he must reach his own contracts for good.

        Only for logging in: signing asks for a factor of another kind each time the number is shared.
        """
        person = tx.one("SELECT * FROM person WHERE ref=?", check["person_ref"])
        return person is not None and person["phone_hash"] == check["phone_hash"] and person["level"] >= 2

    def _bind(self, tx: Transaction, check: Row, level: int, now: int) -> None:
        """Remember the person. A level below 2 neither moves a number nor refreshes the 180 days."""
        person = tx.one("SELECT * FROM person WHERE ref=?", check["person_ref"])
        if person is None:
            tx.insert(
                "person",
                ref=check["person_ref"],
                created_at=now,
                name_hash=check["name_hash"],
                phone_hash=check["phone_hash"],
                phone_sealed=check["phone_sealed"],
                level=level,
                confirmed_at=now,
                seen_at=now,
            )
        elif level >= 2:
            asked = check["trace"] is not None or check["factors"] & Factor.DESK
            tx.update(
                "person",
                "ref",
                check["person_ref"],
                name_hash=check["name_hash"],
                level=max(level, person["level"] if not asked else level),
                confirmed_at=now if asked else person["confirmed_at"],
                seen_at=now,
            )

    @staticmethod
    def _statement(commitment: str, subject: str, factors: int, level: int, time: int) -> IdentityCheck:
        return IdentityCheck(bytes.fromhex(commitment), bytes.fromhex(subject), factors, level, time)

    def _confirmed(self, tx: Transaction, check: Row) -> dict[str, Any]:
        d = self._d
        record = tx.one("SELECT * FROM provider_record WHERE check_id=?", check["id"])
        statement = None
        if check["signature"] is not None:
            made = self._statement(
                check["commitment"], check["subject"], check["factors"], check["level"], check["confirmed_at"]
            )
            statement = {
                "message": message(made),
                "digest": check["digest"],
                "signature": base64.b64encode(check["signature"]).decode(),
                "issuer": d.issuer.address,
            }
        keys = tx.all(
            "SELECT credential_id FROM passkey WHERE person_ref=? AND revoked_at IS NULL", check["person_ref"]
        )
        return {
            "check_id": check["id"],
            "person_ref": check["person_ref"],
            "subject": check["subject"],
            "level": check["level"],
            "factors": check["factors"],
            "shared_phone": bool(check["shared"]),
            "phone_usable_from": check["phone_usable_from"],
            "valid_until": check["confirmed_at"] + d.limits.check_valid_seconds,
            "provider": None
            if record is None
            else {
                "name": record["provider"],
                "trace_no": record["trace_no"],
                "result": record["result"],
                "test": bool(record["test"]),
            },
            "statement": statement,
            "credentials": [row["credential_id"] for row in keys],
        }

    # ------------------------------------------------------- shared with others

    def dispute(self, check_id: str, reason: str) -> None:
        """'This was not me': nothing is attested on this check any more."""
        with self._d.store.transaction() as tx:
            if tx.update("checking", "id", check_id, state="disputed") == 0:
                raise IdentityRefused("identity.check_unknown")
            self._d.audit(tx, "check.disputed", check_id, reason=reason)

    def _own_check(self, tx: Transaction, check_id: str, session: str) -> Row:
        check = tx.one("SELECT * FROM checking WHERE id=?", check_id)
        if check is None:
            raise IdentityRefused("identity.check_unknown")
        if check["session_hash"] != self._d.names.session(session):
            raise IdentityRefused("identity.session_mismatch")
        if check["state"] == "disputed":
            raise IdentityRefused("identity.disputed")
        return check

    def _open_check(self, tx: Transaction, check_id: str, session: str) -> Row:
        check = self._own_check(tx, check_id, session)
        age = int(self._d.clock()) - check["created_at"]
        if check["state"] != "open" or age > self._d.limits.check_open_seconds:
            raise IdentityRefused("identity.check_expired")
        return check

    def valid(self, tx: Transaction, check_id: str, session: str) -> Row:
        """A confirmed check of this session within its hour; raises otherwise."""
        check = self._own_check(tx, check_id, session)
        until = (check["confirmed_at"] or 0) + self._d.limits.check_valid_seconds
        if check["state"] != "confirmed" or self._d.clock() > until:
            raise IdentityRefused("identity.check_expired")
        return check


def audit_to_store(clock: Clock) -> Callable[..., None]:
    """An audit function: rows without personal data, in the transaction of what they describe."""

    def audit(tx: Transaction, action: str, object_id: str, **facts: Any) -> None:
        tx.insert("audit", at=int(clock()), action=action, object=object_id, facts=json.dumps(facts))

    return audit
