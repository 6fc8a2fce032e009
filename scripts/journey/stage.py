"""Sets the stage on a TEST installation: staff, a verified organisation with seal, an agent with a wallet."""

from __future__ import annotations

import itertools
import json
import secrets
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from scripts.installation import Installation
from scripts.journey.client import ApiClient
from scripts.journey.people import Connect, Login, Person, Town, first_login, log_in
from signing.accounts import Account

USCC_ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
DRAFT, SEND, SIGN = 1, 2, 4
PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de0000000c4944415408d763f8ffff3f0005fe02fedccc59e70000"
    "000049454e44ae426082"
)
"""A one-pixel picture that stands for a scanned document."""


def synthetic_uscc(serial: int) -> str:
    """A code with valid check characters (GB 32100-2015) and a body that says it is a test: `TEST` plus four digits."""
    values = {c: i for i, c in enumerate(USCC_ALPHABET)}
    body = f"MA{secrets.choice('0123456789')}TE{serial % 1000:03d}"
    weights = (3, 7, 9, 10, 5, 8, 4, 2)
    full = {c: i for i, c in enumerate("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ")}
    rest = 11 - sum(full[c] * w for c, w in zip(body, weights, strict=True)) % 11
    text = "91500107" + body + {10: "X", 11: "0"}.get(rest, str(rest))
    total = sum(values[c] * pow(3, i, 31) for i, c in enumerate(text))
    return text + USCC_ALPHABET[(31 - total % 31) % 31]


@dataclass
class Employer:
    """An organisation ready to send contracts."""

    org_id: str
    name: str
    representative: ApiClient
    agent: ApiClient
    agent_wallet: str
    agent_key: bytes | None
    wallet_passphrase: str
    seal_passphrase: str
    logins: dict[str, Login] = field(default_factory=dict)


class Stage:
    """Staff clients of an installation; accounts are made once and kept in `demo/logins.json` (0600)."""

    def __init__(self, installation: Installation, connect: Connect) -> None:
        self.installation = installation
        self.connect = connect
        self.town = Town(installation.url("idp"), installation.url("sms"))
        self.password = "Aa1-" + secrets.token_urlsafe(12)
        self._file = installation.root / "demo" / "logins.json"
        self.logins: dict[str, Login] = {}
        if self._file.exists():
            kept = json.loads(self._file.read_text("utf-8"))
            self.logins = {name: Login(**value) for name, value in kept.items()}
        self._clients: dict[str, ApiClient] = {}

    def remember(self, **logins: Login) -> None:
        """Keep logins for people who try the pages and for later runs."""
        self.logins.update(logins)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        self._file.touch(0o600)
        kept = {name: asdict(login) for name, login in self.logins.items()}
        self._file.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")

    def staff(self, role: str) -> ApiClient:
        """The logged-in person of staff with `role`; account and login are made on first use."""
        if role not in self._clients:
            if role in self.logins:
                self._clients[role] = log_in(self.connect, self.logins[role])
            else:
                account = self._bootstrap() if role == "operator" else self._new_account(role)
                self._clients[role], login = first_login(self.connect, account, self.password)
                self.remember(**{role: login})
                if role == "review_officer":
                    self._give_registrar_wallet(self._clients[role], login.password)
        return self._clients[role]

    def _new_account(self, role: str) -> dict[str, str]:
        name = f"demo-{role.replace('_', '-')}"
        body = {"login": name, "display_name": f"演示 {role}", "roles": [role]}
        account: dict[str, str] = self.staff("operator").post("/identity/staff", body)
        return account

    def _bootstrap(self) -> dict[str, str]:
        settings = json.loads((self.installation.root / "settings.json").read_text("utf-8"))
        done = subprocess.run(
            [sys.executable, "-m", "api.cli", "operator", "demo-operator"],
            env=settings | {"PATH": "/usr/bin:/bin"},
            cwd=Path(__file__).resolve().parents[2],
            capture_output=True,
            text=True,
            check=True,
        )
        account: dict[str, str] = json.loads(done.stdout[done.stdout.index("{") :])
        return account

    def _give_registrar_wallet(self, officer: ApiClient, passphrase: str) -> None:
        keystore = Account.encrypt(self.installation.key("registrar"), passphrase)
        officer.post("/review/wallets", {"keystore": keystore})

    def newcomers(self, count: int) -> list[Person]:
        """`count` persons to whom no stage of this installation has given a part yet, whatever run it was in.

        A phone that already belongs to a representative or an agent would lower its owner's level as a worker.
        """
        return [self.town.person(self._take("persons")) for _ in range(count)]

    def _take(self, kind: str) -> int:
        """The first number not taken; a file of its own marks each, so a killed run leaves none half taken."""
        folder = self.installation.root / "demo" / kind
        folder.mkdir(parents=True, exist_ok=True)
        for number in itertools.count():
            with suppress(FileExistsError):
                (folder / f"{number:04d}").touch(exist_ok=False)
                break
        return number

    def employer(self, *, external_wallet: bool) -> Employer:
        """Register, review, seal, and authorise one agent for draft, send and sign; all of them newcomers."""
        representative_person, agent_person = self.newcomers(2)
        serial = self._take("employers") + 1
        name = f"演示{serial:04d}餐饮管理有限公司（TEST）"
        registered = self._register(representative_person, name, serial)
        org_id = registered["org_id"]
        representative, representative_login = first_login(self.connect, registered["account"], self.password)
        for kind in ("licence", "representative_identity", "authorisation_letter"):
            representative.upload(
                f"/employers/organisation/materials/{kind}", f"{kind}.png", PNG, "image/png"
            )
        passphrase = secrets.token_urlsafe(16)
        representative.post("/employers/wallets/keystore", {"passphrase": passphrase})
        self._verify(org_id)
        seal_passphrase = secrets.token_urlsafe(16)
        representative.post("/employers/seal", {"passphrase": seal_passphrase})
        self._submit(representative, "/employers/statements/seal-key", {}, passphrase)
        account = representative.post(
            "/employers/agents",
            {
                "name": agent_person.name,
                "phone": agent_person.phone,
                "id_number": agent_person.id_number,
                "login": f"demo-agent-{serial}",
            },
        )
        agent, agent_login = first_login(self.connect, account, self.password)
        wallet, key, wallet_passphrase = self._agent_wallet(agent, external_wallet)
        grant = {
            "account_id": account["account_id"],
            "wallet": wallet,
            "scope": DRAFT | SEND | SIGN,
            "valid_until": (datetime.now(UTC) + timedelta(days=365)).isoformat(),
        }
        self._submit(representative, "/employers/statements/grant", grant, passphrase)
        logins = {"representative": representative_login, "agent": agent_login}
        return Employer(
            org_id, name, representative, agent, wallet, key, wallet_passphrase, seal_passphrase, logins
        )

    def _register(self, person: Person, name: str, serial: int) -> dict[str, Any]:
        body = {
            "name": name,
            "uscc": synthetic_uscc(serial),
            "region_code": 500107001,
            "domicile": "演示区演示路 1 号",
            "legal_representative": person.name,
            "id_number": person.id_number,
            "phone": person.phone,
            "login": f"demo-representative-{serial}",
            "demo": True,
        }
        with self.connect() as anyone:
            registered: dict[str, Any] = anyone.post("/employers/registrations", body)
        return registered

    def _verify(self, org_id: str) -> None:
        officer = self.staff("review_officer")
        statement = officer.post(f"/review/organisations/{org_id}/verification", {})
        passphrase = self.logins["review_officer"].password
        officer.post(f"/review/statements/{statement['statement_id']}/submit", {"passphrase": passphrase})

    def _agent_wallet(self, agent: ApiClient, external: bool) -> tuple[str, bytes | None, str]:
        if not external:
            passphrase = secrets.token_urlsafe(16)
            return (
                agent.post("/employers/wallets/keystore", {"passphrase": passphrase})["address"],
                None,
                passphrase,
            )
        key = secrets.token_bytes(31).rjust(32, b"\x01")
        account = Account.from_key(key)
        challenge = agent.post("/employers/wallets/challenge", {"address": account.address})
        from eth_account.messages import encode_defunct  # noqa: TID251 (the door above has set the limit)

        signature = account.sign_message(encode_defunct(text=challenge["text"])).signature
        body = {"challenge_id": challenge["challenge_id"], "signature": "0x" + signature.hex()}
        agent.post("/employers/wallets/external", body)
        return str(account.address), key, ""

    @staticmethod
    def _submit(client: ApiClient, path: str, body: dict[str, Any], passphrase: str) -> None:
        statement = client.post(path, body)
        client.post(f"/employers/statements/{statement['statement_id']}/submit", {"passphrase": passphrase})


def wait_until(what: str, seconds: float, ready: Any) -> Any:
    """Poll `ready()` until it answers something true; raises TimeoutError naming `what`."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = ready()
        if found:
            return found
        time.sleep(0.2)
    raise TimeoutError(f"{what} did not happen within {seconds:.0f} s")
