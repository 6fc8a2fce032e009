"""The slice's services behind one object: reading for everybody, and one service per capability."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from api.employers.model import Wallet
from api.employers.service.agents import Agents
from api.employers.service.directory import Directory
from api.employers.service.registration import Registration
from api.employers.service.review import Review
from api.employers.service.seals import Seals
from api.employers.service.statements import Statements
from api.employers.service.wallets import STAFF_ROLE, Wallets
from api.employers.service.wiring import Wiring
from api.infra.auth import Principal


class EmployersService(Directory):
    """`container.employers`."""

    def __init__(self, wiring: Wiring) -> None:
        super().__init__(wiring)
        self.registration = Registration(wiring)
        self.wallets = Wallets(wiring)
        self.agents = Agents(wiring)
        self.seals = Seals(wiring)
        self.statements = Statements(wiring)
        self.review = Review(wiring, self.statements)

    def staff_wallet_import(self, account_id: str, keystore: Mapping[str, Any]) -> Wallet:
        """Give a review officer the registrar keystore that the set-up made for him."""
        officer = Principal(kind="staff", account_id=account_id, roles=frozenset({STAFF_ROLE}))
        return self.wallets.import_keystore(officer, keystore)
