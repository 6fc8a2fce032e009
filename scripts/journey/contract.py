"""One contract from draft to evidence package, as the agent and the worker play it through the JSON API."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path
from typing import Any

from api.kernel.clock import shanghai_day
from scripts.journey.client import ApiClient, Refused
from scripts.journey.people import CODE, LINK, Connect, Person, Town
from scripts.journey.stage import Employer, wait_until
from scripts.journey.worker_key import WorkerKey, byte_range_digest
from signing.accounts import Account
from signing.commitments import Commitment
from signing.eip712 import Consent, Domain, preimage
from signing.page_release import page_release

REPOSITORY = Path(__file__).resolve().parents[2]
Say = Callable[[str], None]


@dataclass
class Played:
    """What a played contract left behind."""

    contract: str
    contract_id: str
    round_id: str
    worker: ApiClient


def b64(data: bytes) -> str:
    """Standard base64."""
    return base64.b64encode(data).decode("ascii")


def draft_fields(worker: Person, start: date) -> dict[str, Any]:
    """A lawful fixed-term contract of three years with two months' probation."""
    return {
        "worker_name": worker.name,
        "worker_id_number": worker.id_number,
        "worker_address": "演示区演示路 2 号",
        "worker_phone": worker.phone,
        "worker_post_kind": "other",
        "start_date": start.isoformat(),
        "end_date": date(start.year + 3, start.month, 1).isoformat(),
        "probation_end": (start + timedelta(days=58)).isoformat(),
        "post": "餐厅服务员",
        "work_content": "接待顾客、点餐、上菜、收银，保持就餐区整洁。",
        "place": "演示区演示路 1 号",
        "place_region": "500107001",
        "monthly_pay": "6000",
        "probation_pay": "5200",
        "lowest_grade_pay": "5500",
        "hazards": "无",
    }


class ContractPlay:
    """Plays contracts between an employer and workers. Every method is one step a person takes."""

    def __init__(
        self, connect: Connect, town: Town, employer: Employer, say: Say = lambda _text: None
    ) -> None:
        self._connect = connect
        self._town = town
        self._employer = employer
        self._say = say

    @cached_property
    def _page_release(self) -> str:
        """The signing page in force, as a browser would be sent to it; the source's where nothing is released."""
        try:
            return str(self._connect().get("//releases/page")["digest"])
        except Refused as error:
            if error.status != 404:
                raise
            return page_release(REPOSITORY / "node_modules").digest

    def play(self, worker: Person) -> Played:
        """All steps up to EFFECTIVE."""
        sent, seen = self.send(worker)
        client, code = self.open_link(worker, seen)
        self.identify(client, code, worker)
        round_id = self.read_and_consent(client, code)
        self.sign(client, round_id, worker)
        self.countersign(round_id)
        return Played(sent["id"], sent["contract_id"], round_id, client)

    def send(self, worker: Person) -> tuple[dict[str, Any], int]:
        """Draft, check, send; returns the answer and how many messages the worker had before."""
        today = shanghai_day(datetime.now(UTC))
        start = (today + timedelta(days=10)).replace(day=1)
        if start <= today:
            start = (start + timedelta(days=40)).replace(day=1)
        body = {"template_id": "concord-labour-fixed", "fields": draft_fields(worker, start)}
        saved = self._employer.agent.post("/contracts", body)
        blocking = [f for f in saved["check"]["findings"] if f["severity"] == "BLOCK"]
        if blocking or saved["check"].get("errors"):
            raise RuntimeError(
                f"the demonstration's draft does not pass its check: {blocking or saved['check']}"
            )
        self._say(f"起草并通过条款校验（{len(saved['check']['findings'])} 条提示）")
        seen = len(self._town.messages(worker.phone))
        draft = saved["draft"]
        sent = self._employer.agent.post(f"/contracts/{draft['id']}/send", {"revision": draft["revision"]})
        self._say("已发送，链接只到劳动者手机")
        return sent, seen

    def open_link(self, worker: Person, seen: int) -> tuple[ApiClient, str]:
        """Wait for the SMS and open its link in a browser of the worker's own."""
        code = self._town.wait(worker.phone, LINK, seen)
        client = self._connect()
        landing = client.get(f"/sign/{code}")
        if landing["step"] != "identity":
            raise RuntimeError(f"unexpected step {landing['step']}")
        return client, code

    def identify(self, client: ApiClient, code: str, worker: Person) -> None:
        """Screen one: privacy notice, name, number, one-time password."""
        version = client.get("/identity/privacy-notice")["version"]
        acknowledged = client.post(f"/sign/{code}/privacy", {"version": version})
        seen = len(self._town.messages(worker.phone))
        body = {
            "acknowledgement_id": acknowledged["acknowledgement_id"],
            "name": worker.name,
            "id_number": worker.id_number,
            "phone": worker.phone,
        }
        check = client.post(f"/sign/{code}/identity", body)
        otp = self._town.wait(worker.phone, CODE, seen)
        confirmed = client.post(f"/sign/{code}/identity/confirm", {"check_id": check["check_id"], "otp": otp})
        client.csrf = confirmed["csrf_token"]
        self._say("劳动者通过身份核验（姓名、证件、手机号一致 + 短信验证码）")

    def read_and_consent(self, client: ApiClient, code: str) -> str:
        """Screen two: notice and text, both boxes."""
        reading = client.get(f"/sign/{code}/document")
        client.download(f"/sign/{code}/document.pdf")
        client.post(f"/sign/{code}/reading", {"seconds": 95, "pages": [1, 2], "finished": True})
        body = {"notice": True, "electronic": True, "notice_version": reading["notice_version"]}
        step = client.post(f"/sign/{code}/consent", body)
        self._say("劳动者阅读全文，同意以电子形式订立")
        return str(step["round_id"])

    def sign(self, client: ApiClient, round_id: str, worker: Person) -> None:
        """Screen three: a key for this contract, three signatures, nothing kept."""
        path = f"/signing/{round_id}"
        entered = client.post(f"{path}/enter", {})
        attempt = {"attempt_id": entered["attempt_id"]}
        prepared = client.download("/" + entered["prepared_url"])
        base = prepared[: entered["base_length"]]
        opened = Commitment.from_opening(entered["commitment_opening"])
        if (
            opened.digest().hex() != entered["commitment"]
            or opened.base_pdf_sha256 != hashlib.sha256(base).digest()
        ):
            raise RuntimeError("the file shown is not the one committed to")
        seen = len(self._town.messages(worker.phone))
        client.post(f"{path}/intent", attempt)
        otp = self._town.wait(worker.phone, CODE, seen)
        key = WorkerKey()
        asked = client.post(f"{path}/key", {**attempt, "spki": b64(key.spki)})
        body = {
            **attempt,
            "request_signature": b64(key.sign_request(base64.b64decode(asked["request_info"]))),
            "otp": otp,
            "page_release": self._page_release,
        }
        certified = client.post(f"{path}/certificate", body)
        attributes = base64.b64decode(certified["attributes"])
        consent = preimage(self._domain(entered, opened), self._consent(entered, opened, key.key_hash))
        body = {
            **attempt,
            "attributes_signature": b64(key.sign_attributes(attributes, byte_range_digest(prepared))),
            "consent_signature": b64(key.sign_preimage(consent)),
        }
        client.post(f"{path}/finish", body)
        self._say("劳动者在自己的设备上生成一次性密钥并签名，加盖可信时间戳")

    @staticmethod
    def _domain(entered: dict[str, Any], opened: Commitment) -> Domain:
        domain = entered["domain"]
        return Domain(domain["name"], domain["chainId"], domain["verifyingContract"], opened.log_origin)

    @staticmethod
    def _consent(entered: dict[str, Any], opened: Commitment, key_hash: bytes) -> Consent:
        return Consent(
            commitment=opened.digest(),
            contract_id=opened.contract_id,
            version=opened.version,
            prev=opened.prev,
            role=2,
            signer_key_hash=key_hash,
            expiry=int(entered["consent"]["expiry"]),
        )

    def countersign(self, round_id: str) -> dict[str, Any]:
        """The employer's wallet and seal."""
        employer = self._employer
        path = f"/signing/{round_id}/employer"
        prepared = employer.agent.post(f"{path}/prepare", {"wallet": employer.agent_wallet})
        body: dict[str, Any] = {
            "attempt_id": prepared["attempt_id"],
            "seal_passphrase": employer.seal_passphrase,
        }
        if employer.agent_key is not None:
            signed = Account.sign_typed_data(employer.agent_key, full_message=prepared["typed_data"])
            body["wallet_signature"] = "0x" + signed.signature.hex()
        else:
            body["wallet_passphrase"] = employer.wallet_passphrase
        done: dict[str, Any] = employer.agent.post(f"{path}/finish", body)
        self._say("用人单位以钱包和电子印章签署，文件加盖第二家机构的时间戳")
        return done

    def effective(self, played: Played, seconds: float = 60) -> dict[str, Any]:
        """Wait until the contract is effective and every event so far is anchored."""

        def ready() -> dict[str, Any] | None:
            detail: dict[str, Any] = self._employer.agent.get(f"/contracts/{played.contract}")
            done = detail["contract"]["state"] == "EFFECTIVE" and detail["anchor"]["state"] == "anchored"
            return detail if done else None

        found: dict[str, Any] = wait_until("anchoring of the contract", seconds, ready)
        return found

    def package(self, played: Played, seconds: float = 60) -> bytes:
        """The worker's evidence package, once its entries stand in a time-stamped checkpoint."""

        def ready() -> bytes | None:
            try:
                return played.worker.download(f"/contracts/{played.contract}/evidence")
            except Refused as exc:
                if exc.status == 503:
                    return None
                raise

        found: bytes = wait_until("the evidence package", seconds, ready)
        return found
