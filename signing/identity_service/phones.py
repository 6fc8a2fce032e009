"""Whose number is it: shared numbers, changes of number, long silence (recycled phone numbers).

A number shared with an agent, a representative or another worker needs a factor of another kind, else assurance L1.
A change of number needs a fresh identity check, a notice to the old number and 72 hours; the old number's holder may
object meanwhile. After 180 days without a login, identity again.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from signing.identity_service.errors import IdentityRefused
from signing.identity_service.issuer import Clock
from signing.identity_service.notices import Notices
from signing.identity_service.settings import Limits
from signing.identity_service.store import Row, Transaction

CHANGE_NOTICE = (
    "有人通过实名核验，申请把您在劳动合同平台的手机号更换为尾号{tail}。72小时后生效。"
    "如非本人操作，请登录平台点击“不是我本人操作”或拨打服务热线。"
)


@dataclass(frozen=True)
class Standing:
    """What a number is worth for a person: usable as a contact factor, or only from a moment on."""

    usable: bool
    usable_from: int | None = None


class Phones:
    """Binding of numbers to persons."""

    def __init__(self, notices: Notices, clock: Clock, limits: Limits) -> None:
        self._notices = notices
        self._clock = clock
        self._limits = limits

    def shared(self, tx: Transaction, person_ref: str, phone_hash: str) -> bool:
        """Whether another person is bound to the number and was seen with it within 180 days.

        An older binding is taken as recycled: the operator has given the number to somebody else since.
        """
        since = int(self._clock()) - self._limits.fresh_check_seconds
        return bool(
            tx.number(
                "SELECT COUNT(*) FROM person WHERE phone_hash=? AND ref<>? AND confirmed_at>?",
                phone_hash,
                person_ref,
                since,
            )
        )

    def settle(self, tx: Transaction, check: Row, *, at_desk: bool, tail: str) -> Standing:
        """Say what the check's number is worth, opening or completing a change of number where it differs."""
        person = tx.one("SELECT * FROM person WHERE ref=?", check["person_ref"])
        if person is None or person["phone_hash"] == check["phone_hash"]:
            return Standing(True)
        now = int(self._clock())
        change = tx.one(
            "SELECT * FROM phone_change WHERE person_ref=? AND state='pending'", check["person_ref"]
        )
        if change and change["new_hash"] != check["phone_hash"]:
            tx.update("phone_change", "id", change["id"], state="replaced")
            change = None
        if at_desk or (change and now >= change["usable_from"]):
            if change:
                tx.update("phone_change", "id", change["id"], state="done")
            else:
                self._notify(tx, person, tail)
            tx.update(
                "person",
                "ref",
                check["person_ref"],
                phone_hash=check["phone_hash"],
                phone_sealed=check["phone_sealed"],
            )
            return Standing(True)
        if change is None:
            usable_from = now + self._limits.phone_change_seconds
            tx.insert(
                "phone_change",
                id=secrets.token_hex(16),
                person_ref=check["person_ref"],
                old_hash=person["phone_hash"],
                new_hash=check["phone_hash"],
                usable_from=usable_from,
                state="pending",
            )
            self._notify(tx, person, tail)
            return Standing(False, usable_from)
        return Standing(False, change["usable_from"])

    def _notify(self, tx: Transaction, person: Row, tail: str) -> None:
        self._notices.queue(tx, person["phone_sealed"], CHANGE_NOTICE.format(tail=tail), "phone_change")

    def pending(self, tx: Transaction, person_ref: str) -> Row | None:
        """The open change of a person's number."""
        return tx.one("SELECT * FROM phone_change WHERE person_ref=? AND state='pending'", person_ref)

    def object(self, tx: Transaction, change_id: str) -> None:
        """The holder of the old number objects: the new number is dropped. Again: no effect."""
        change = tx.one("SELECT * FROM phone_change WHERE id=?", change_id)
        if change is None or change["state"] not in {"pending", "objected"}:
            raise IdentityRefused("identity.change_unknown")
        tx.update("phone_change", "id", change_id, state="objected")

    def blocked(self, tx: Transaction, person_ref: str, phone_hash: str) -> bool:
        """Whether an objection stands against this number for this person: only a desk check lifts it."""
        return bool(
            tx.number(
                "SELECT COUNT(*) FROM phone_change WHERE person_ref=? AND new_hash=? AND state='objected'",
                person_ref,
                phone_hash,
            )
        )
