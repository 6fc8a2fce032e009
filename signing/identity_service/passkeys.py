"""Passkeys of persons: enrolled here, on a confirmed check, and verified here. ES256 with user verification only.

A passkey carries the level of the check on which it was enrolled; it can never give more. It serves as intent factor
and for logging in to the worker's own pages, there for at most 180 days without a fresh identity check.
"""

from __future__ import annotations

import base64
import json
import secrets
from collections.abc import Mapping, Sequence
from typing import Any

from signing.errors import SigningError
from signing.identity_service.checks import Checks, Desk
from signing.identity_service.errors import IdentityRefused
from signing.identity_service.store import Row, Transaction
from signing.jcs import digest as jcs_digest
from signing.webauthn_check import (
    Assertion,
    Credential,
    assertion_options,
    registration_options,
    verify_assertion,
    verify_registration,
)

MOST_KEYS = 10


def b64url(data: bytes) -> str:
    """Base64url without padding, as WebAuthn's JSON has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def from_b64url(text: str) -> bytes:
    """Inverse of `b64url`; raises ValueError."""
    return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)


def stored(credential: Credential) -> str:
    """A credential as JSON text."""
    return json.dumps(
        {
            "id": b64url(credential.credential_id),
            "public_key": base64.b64encode(credential.public_key).decode(),
        }
    )


def credential_of(row: Row) -> Credential:
    """The credential of a stored row."""
    data = json.loads(row["credential"])
    return Credential(from_b64url(data["id"]), base64.b64decode(data["public_key"]), row["sign_count"])


class Passkeys:
    """Enrol, list, revoke; verify assertions for intents and logins."""

    def __init__(self, desk: Desk, checks: Checks, *, rp_id: str, rp_name: str, origin: str) -> None:
        self._d = desk
        self._checks = checks
        self.rp_id = rp_id
        self._rp_name = rp_name
        self._origin = origin

    # ---------------------------------------------------------------- enrolment

    def options(self, check_id: str, session: str, display_name: str) -> dict[str, Any]:
        """Creation options for the person of a confirmed check of this session."""
        d, registration, challenge = self._d, secrets.token_hex(16), secrets.token_bytes(32)
        with d.store.transaction() as tx:
            check = self._checks.valid(tx, check_id, session)
            keys = self.living(tx, check["person_ref"])
            if len(keys) >= MOST_KEYS:
                raise IdentityRefused("identity.passkey_refused", most=MOST_KEYS)
            tx.insert(
                "registration",
                id=registration,
                check_id=check_id,
                challenge=challenge,
                created_at=int(d.clock()),
            )
        options = registration_options(
            rp_id=self.rp_id,
            rp_name=self._rp_name,
            user_id=bytes.fromhex(check["person_ref"]),
            user_name=display_name,
            challenge=challenge,
            exclude=[from_b64url(row["credential_id"]) for row in keys],
        )
        return {"registration_id": registration, "options": options}

    def enrol(self, registration_id: str, session: str, response: Mapping[str, Any]) -> dict[str, Any]:
        """Verify and keep a new credential; the same registration again gives the same answer."""
        d = self._d
        with d.store.transaction() as tx:
            registration = tx.one("SELECT * FROM registration WHERE id=?", registration_id)
            if registration is None:
                raise IdentityRefused("identity.passkey_refused")
            check = self._checks.valid(tx, registration["check_id"], session)
            if registration["credential_id"]:
                return self.shown(self._row(tx, registration["credential_id"]))
            if d.clock() > registration["created_at"] + d.limits.passkey_seconds:
                raise IdentityRefused("identity.passkey_refused", reason="late")
            try:
                credential = verify_registration(
                    response, challenge=registration["challenge"], origin=self._origin, rp_id=self.rp_id
                )
            except SigningError as exc:
                raise IdentityRefused("identity.passkey_refused", reason=exc.code) from exc
            name = b64url(credential.credential_id)
            if tx.one("SELECT 1 FROM passkey WHERE credential_id=?", name):
                raise IdentityRefused("identity.passkey_refused", reason="known")
            tx.insert(
                "passkey",
                credential_id=name,
                person_ref=check["person_ref"],
                credential=stored(credential),
                sign_count=credential.sign_count,
                level=check["level"],
                check_id=check["id"],
                enrolled_at=int(d.clock()),
            )
            tx.update("registration", "id", registration_id, credential_id=name)
            d.audit(tx, "passkey.enrolled", registration["check_id"], level=check["level"])
            return self.shown(self._row(tx, name))

    def listed(self, person_ref: str) -> list[dict[str, Any]]:
        """A person's living credentials."""
        with self._d.store.transaction() as tx:
            return [self.shown(row) for row in self.living(tx, person_ref)]

    def revoke(self, person_ref: str, credential_id: str) -> None:
        """End a credential for good. Again: no effect."""
        with self._d.store.transaction() as tx:
            row = tx.one("SELECT * FROM passkey WHERE credential_id=?", credential_id)
            if row is None or row["person_ref"] != person_ref:
                raise IdentityRefused("identity.passkey_missing")
            if row["revoked_at"] is None:
                tx.update("passkey", "credential_id", credential_id, revoked_at=int(self._d.clock()))
                self._d.audit(tx, "passkey.revoked", row["check_id"])

    # --------------------------------------------------------------- assertions

    def living(self, tx: Transaction, person_ref: str) -> list[Row]:
        """A person's credentials that are not revoked, oldest first."""
        return tx.all(
            "SELECT * FROM passkey WHERE person_ref=? AND revoked_at IS NULL ORDER BY enrolled_at", person_ref
        )

    def verify(
        self, tx: Transaction, response: Mapping[str, Any], challenge: bytes, person_ref: str | None
    ) -> Row:
        """Check an assertion; returns the credential's row. A credential of another person is refused like a bad one."""
        row = tx.one("SELECT * FROM passkey WHERE credential_id=?", str(response.get("id", "")))
        if row is None or row["revoked_at"] is not None or (person_ref and row["person_ref"] != person_ref):
            raise IdentityRefused("identity.passkey_refused")
        try:
            checked: Assertion = verify_assertion(
                response, credential_of(row), challenge=challenge, origin=self._origin, rp_id=self.rp_id
            )
        except SigningError as exc:
            raise IdentityRefused("identity.passkey_refused", reason=exc.code) from exc
        tx.update(
            "passkey",
            "credential_id",
            row["credential_id"],
            sign_count=checked.sign_count,
            used_at=int(self._d.clock()),
        )
        return row

    def begin_login(self) -> dict[str, Any]:
        """Options for a login by discoverable credential."""
        login, challenge = secrets.token_hex(16), secrets.token_bytes(32)
        with self._d.store.transaction() as tx:
            tx.execute(
                "DELETE FROM login WHERE created_at<?",
                int(self._d.clock()) - 10 * self._d.limits.passkey_seconds,
            )
            tx.insert("login", id=login, challenge=challenge, created_at=int(self._d.clock()))
        none: Sequence[bytes] = ()
        return {
            "login_id": login,
            "options": assertion_options(rp_id=self.rp_id, challenge=challenge, credential_ids=none),
        }

    def finish_login(self, login_id: str, response: Mapping[str, Any]) -> dict[str, Any]:
        """Who logs in; raises identity.fresh_check_needed after 180 days of silence. A challenge serves once."""
        d, now = self._d, int(self._d.clock())
        with d.store.transaction() as tx:
            login = tx.one("SELECT * FROM login WHERE id=?", login_id)
            late = login is not None and now > login["created_at"] + d.limits.passkey_seconds
            if login is None or login["used_at"] is not None or late:
                raise IdentityRefused("identity.passkey_refused")
            row = self.verify(tx, response, login["challenge"], None)
            tx.update("login", "id", login_id, used_at=now)
            person = tx.one("SELECT * FROM person WHERE ref=?", row["person_ref"])
            if person is None or now > person["seen_at"] + d.limits.fresh_check_seconds:
                raise IdentityRefused("identity.fresh_check_needed")
            tx.update("person", "ref", row["person_ref"], seen_at=now)
            d.audit(tx, "passkey.logged_in", row["check_id"])
            return {
                "person_ref": row["person_ref"],
                "level": row["level"],
                "credential_id": row["credential_id"],
            }

    # ------------------------------------------------------------------ details

    def _row(self, tx: Transaction, credential_id: str) -> Row:
        row = tx.one("SELECT * FROM passkey WHERE credential_id=?", credential_id)
        if row is None:
            raise IdentityRefused("identity.passkey_missing")
        return row

    @staticmethod
    def shown(row: Row) -> dict[str, Any]:
        """A credential for the platform: id, key, level, and the digest that an identity event commits."""
        credential = credential_of(row)
        public_key = base64.b64encode(credential.public_key).decode()
        return {
            "credential_id": row["credential_id"],
            "public_key": public_key,
            "spki": base64.b64encode(credential.key.spki).decode(),
            "credential_digest": jcs_digest(
                {"credential_id": row["credential_id"], "public_key": public_key}
            ).hex(),
            "level": row["level"],
            "enrolled_at": row["enrolled_at"],
        }
