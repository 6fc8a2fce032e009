"""All services of one running identity service, built from its settings and its two outside adapters."""

from __future__ import annotations

import time
from typing import Any

from signing.eip712 import Domain
from signing.identity_service.checks import Checks, Desk, audit_to_store
from signing.identity_service.codes import Codes, Locks, PhoneSeal
from signing.identity_service.desk import DeskChecks
from signing.identity_service.errors import IdentityRefused
from signing.identity_service.forgetting import forget
from signing.identity_service.intents import Intents
from signing.identity_service.issuer import Clock, Issuer, issuer_key
from signing.identity_service.notices import Notices
from signing.identity_service.passkeys import Passkeys
from signing.identity_service.persons import Pseudonyms, masked_phone
from signing.identity_service.phones import Phones
from signing.identity_service.ports import IdentityProvider, SmsGateway
from signing.identity_service.settings import ServiceSettings, secret_file
from signing.identity_service.store import Store


class IdentityDesk:
    """All services of one running program."""

    def __init__(
        self, settings: ServiceSettings, provider: IdentityProvider, sms: SmsGateway, clock: Clock = time.time
    ) -> None:
        self.settings = settings
        folder = settings.data_dir
        domain = Domain(
            settings.domain_name, settings.chain_id, settings.verifying_contract, settings.log_origin
        )
        self.store = Store(folder / "identity.db")
        names = Pseudonyms(bytes.fromhex(secret_file(folder / "pseudonym.key")))
        seal = PhoneSeal(bytes.fromhex(secret_file(folder / "phone.key")))
        self.notices = Notices(self.store, seal, sms, clock)
        self.desk = Desk(
            store=self.store,
            names=names,
            seal=seal,
            codes=Codes(self.store, names, sms, clock, settings.limits),
            locks=Locks(clock),
            phones=Phones(self.notices, clock, settings.limits),
            provider=provider,
            issuer=Issuer(issuer_key(folder), domain),
            clock=clock,
            limits=settings.limits,
            production=settings.production,
            audit=audit_to_store(clock),
        )
        self.checks = Checks(self.desk)
        self.passkeys = Passkeys(
            self.desk,
            self.checks,
            rp_id=settings.rp_id,
            rp_name="Concord 和谐劳动关系公共服务平台" + ("" if settings.production else "（TEST）"),
            origin=settings.public_origin,
        )
        self.intents = Intents(self.desk, self.checks, self.passkeys)
        self.desk_checks = DeskChecks(self.desk, settings.officers)

    def info(self) -> dict[str, Any]:
        """What the platform may compare with its own configuration."""
        issuer = self.desk.issuer
        return {
            "issuer": issuer.address,
            "test": not self.settings.production,
            "log_origin": self.settings.log_origin,
            "domain": issuer.domain.typed(),
            "officers": sorted(self.desk_checks.officers),
            "rp_id": self.settings.rp_id,
            "origin": self.settings.public_origin,
        }

    def person(self, ref: str) -> dict[str, Any]:
        """State of one person's record."""
        with self.store.transaction() as tx:
            row = tx.one("SELECT * FROM person WHERE ref=?", ref)
            if row is None:
                raise IdentityRefused("identity.person_unknown")
            change = self.desk.phones.pending(tx, ref)
        return {
            "phone_masked": masked_phone(self.desk.seal.open(row["phone_sealed"])),
            "level": row["level"],
            "last_confirmed_at": row["confirmed_at"],
            "phone_change": None
            if change is None
            else {"change_id": change["id"], "usable_from": change["usable_from"]},
        }

    def forget(self, ref: str) -> None:
        """Destroy everything about a person whose retention is over (PIPL art. 47); an unknown one is no error.

        Raises IdentityRefused `identity.store_busy` while the deleted rows can't leave the disk: ask again.
        """
        with self.store.transaction() as tx:
            forget(tx, ref)
            self.desk.audit(tx, "person.forgotten", "erased")
        if not self.store.rewrite():
            raise IdentityRefused("identity.store_busy")

    def object_change(self, change_id: str) -> None:
        """Objection to a change of number."""
        with self.store.transaction() as tx:
            self.desk.phones.object(tx, change_id)
            self.desk.audit(tx, "phone_change.objected", change_id)
