"""Officers of the risk demonstration: their wallets, appointed on chain, sign what people decided about the warnings.

An officer's key lies in the installation's `demo` folder (TEST keys, 0600), as a person's would lie in his wallet; the
platform gets signatures only.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from scripts.installation import Installation
from scripts.journey.client import ApiClient
from signing.accounts import Account

PAUSE = 0.5


def signature(key: bytes, typed_data: dict[str, Any]) -> str:
    """EIP-712 signature over a statement, `0x` and 65 bytes r‖s‖v."""
    return "0x" + bytes(Account.sign_typed_data(key, full_message=typed_data).signature).hex()


@dataclass(frozen=True)
class Officer:
    """A person of staff and his wallet."""

    account: str
    client: ApiClient
    key: bytes

    @property
    def wallet(self) -> str:
        """The address, with the check sum of EIP-55."""
        return str(Account.from_key(self.key).address)


def officer(installation: Installation, name: str, account: str, client: ApiClient) -> Officer:
    """The person with his wallet; its key is made on first use."""
    path = installation.root / "demo" / f"officer-{name}.key"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(0o600)
        path.write_text(secrets.token_hex(32) + "\n", encoding="ascii")
    return Officer(account, client, bytes.fromhex(path.read_text("ascii").strip()))


def appoint(installation: Installation, director: ApiClient, officers: Collection[Officer]) -> None:
    """The director hands in the registrar's signature under each appointment; who is appointed stays so."""
    known = {one["wallet"].lower() for one in director.get("/anchoring/warning-officers")}
    for one in officers:
        if one.wallet.lower() not in known:
            path = f"/anchoring/warning-officers/{one.wallet}/appointment"
            statement = director.get(path)
            signed = signature(installation.key("registrar"), statement)
            director.post(path, {"account": one.account, "signature": signed})


def sign_all(first: Officer, second: Officer, warnings: Collection[str], until: float) -> int:
    """Both officers sign what waits for wallets until each warning is whole in log and registry; how many are.

    `until` ends it on the monotonic clock. The second signs only what needs two: a closure.
    """
    open_ = set(warnings)
    while open_ and time.monotonic() < until:
        for one in (first, second):
            _sign(one, open_, alone=one is first)
        open_ = {warning for warning in open_ if not _whole(first.client, warning)}
        if open_:
            time.sleep(PAUSE)
    return len(warnings) - len(open_)


def _sign(one: Officer, warnings: Collection[str], *, alone: bool) -> None:
    for waiting in one.client.get("/anchoring/warning-statements", limit=200):
        mine = waiting["warning"] in warnings and not waiting["signed"]
        if mine and (alone or waiting["kind"] == "close"):
            path = f"/anchoring/warnings/{waiting['warning']}/steps/{waiting['sequence']}/statement"
            one.client.post(path, {"signature": signature(one.key, one.client.get(path))})


def _whole(client: ApiClient, warning: str) -> bool:
    found = client.get(f"/anchoring/warnings/{warning}")
    steps = found["steps"]
    return found["state"] == "anchored" and bool(steps) and all(step["on_chain"] for step in steps)
