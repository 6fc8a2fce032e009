"""Decisions about risk warnings in tests: an installation that has their registry, its officers' keys, and short words."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from api.anchoring.model import Holder, WarningState, WarningStepState
from api.infra.auth import Principal
from chain.calls import Contracts
from chain.warning_rules import StepKind
from signing import eip712, wallets
from signing.warning_statements import AppointOfficer, DismissOfficer, WarningStep
from tests.support.anchoring_store import ORIGIN, Slice, hex32
from tests.support.relay_world import CHAIN_ID
from tests.support.slice_application import person

_ADDRESSES = [f"0x{str(i) * 40}" for i in (1, 2, 3, 4)]
CONTRACTS = Contracts(*_ADDRESSES)
DOMAIN = eip712.Domain("Concord TEST", CHAIN_ID, CONTRACTS.warnings or "", ORIGIN)
REGISTRAR, OFFICER, REVIEWER, STRANGER, RULE_RUN = (bytes([n] * 32) for n in (13, 31, 32, 33, 17))
TOWN = 500107001


def address(key: bytes) -> str:
    """Address of a secp256k1 key."""
    return wallets.address_of(key)


def holder(key: bytes, role: str = "risk_analyst") -> Principal:
    """Whose a wallet is in these tests: a login named after it."""
    return person(role, account_id=f"account-{address(key)[2:10].lower()}")


DIRECTOR = person("risk_director")


@dataclass(frozen=True)
class Decided:
    """A decision as a slice hands it over."""

    warning: str
    kind: str
    grade: int
    automatic: bool = False
    town_code: int = TOWN
    input_hash: str = hex32("input snapshot")
    rule_set_hash: str = hex32("rule set")


def step(
    kind: StepKind | int, grade: int, sequence: int, prev: bytes = bytes(32), **changes: Any
) -> WarningStep:
    """A statement about the warning `salted`."""
    values: dict[str, Any] = {
        "warning_id": bytes.fromhex(hex32("salted")),
        "sequence": sequence,
        "kind": int(kind),
        "grade": grade,
        "town_code": TOWN,
        "input_hash": bytes.fromhex(hex32("input snapshot")),
        "rule_set_hash": bytes.fromhex(hex32("rule set")),
        "prev": prev,
        "time": 1_795_000_000,
    }
    return WarningStep(**(values | changes))


def statement_of(typed: dict[str, Any]) -> bytes:
    """What a wallet signs of typed data: computed by eth-account, apart from our own code."""
    from eth_account.messages import encode_typed_data
    from eth_utils.crypto import keccak

    message = encode_typed_data(full_message=typed)
    return keccak(b"\x19" + message.version + message.header + message.body)


class Desk:
    """An anchoring slice whose registrar, officers and rule run have keys."""

    def __init__(self, slice_: Slice, domain: eip712.Domain = DOMAIN) -> None:
        self.slice = slice_
        self.domain = domain

    def appoint(self, *keys: bytes) -> None:
        officers = self.slice.service.warnings.officers
        for key in keys:
            signed = wallets.sign_digest(REGISTRAR, eip712.digest(self.domain, AppointOfficer(address(key))))
            account = holder(key).account_id or ""
            self.slice.staff.known.append(Holder(account, account, f"签名人员 {account[-4:]}"))
            with self.slice.service.uow() as session:
                officers.appoint(session, DIRECTOR, address(key), account, signed)

    def dismiss(self, key: bytes) -> None:
        signed = wallets.sign_digest(REGISTRAR, eip712.digest(self.domain, DismissOfficer(address(key))))
        with self.slice.service.uow() as session:
            self.slice.service.warnings.officers.dismiss(session, DIRECTOR, address(key), signed)

    def take(self, *decided: Decided) -> list[WarningStepState]:
        with self.slice.service.uow() as session:
            return [self.slice.service.warnings.take(session, one) for one in decided]

    def sign(self, warning: str, sequence: int, *keys: bytes) -> WarningStepState | None:
        """Sign with each key, as its wallet would: over the typed data that the service shows."""
        done = None
        for key in keys:
            with self.slice.service.uow() as session:
                typed = self.slice.service.warnings.typed_data(session, warning, sequence)
                signature = wallets.sign_digest(key, statement_of(typed))
                done = self.slice.service.warnings.sign(session, holder(key), warning, sequence, signature)
        return done

    def state(self, warning: str) -> WarningState:
        with self.slice.service.uow.read() as session:
            return self.slice.service.warnings.state(session, warning)

    def states(self, warning: str) -> list[str]:
        return [one.state for one in self.state(warning).steps]

    def calls(self, states: Sequence[str]) -> list[str]:
        with self.slice.service.uow.read() as session:
            return [call.method for call in self.slice.service.operator.calls(session, tuple(states))]


def digest32(text: str) -> bytes:
    """SHA-256 of a word."""
    return hashlib.sha256(text.encode()).digest()
