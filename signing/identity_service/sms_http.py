"""HTTP adapter of an SMS gateway.

POST {url}/v1/messages with a bearer token: ``{id, to, text, kind}`` → ``{gateway_id, status}``, idempotent on ``id``;
GET {url}/v1/messages/{gateway_id} → ``{gateway_id, status}``. Gateways of operators differ in field names only: a
small forwarder maps them, or another adapter takes this one's place behind the port.
"""

from __future__ import annotations

import httpx

from signing.identity_service.errors import GatewayUnavailable
from signing.identity_service.ports import SmsReceipt

STATUSES = frozenset({"accepted", "delivered", "failed"})


class HttpSmsGateway:
    """Speaks to a gateway, or to the TEST gateway, over HTTP."""

    def __init__(self, url: str, token: str, *, signature: str, http: httpx.Client) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}
        self._signature = signature
        self._http = http

    def send(self, message_id: str, phone: str, text: str, kind: str) -> SmsReceipt:
        """Hand over one message with the registered signature in front; see `SmsGateway.send`."""
        body = {"id": message_id, "to": phone, "text": f"【{self._signature}】{text}", "kind": kind}
        try:
            return self._read(self._http.post(f"{self._url}/v1/messages", json=body, headers=self._headers))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as exc:
            raise GatewayUnavailable(type(exc).__name__) from exc

    def status(self, gateway_id: str) -> SmsReceipt:
        """Ask for the delivery status; see `SmsGateway.status`."""
        try:
            return self._read(self._http.get(f"{self._url}/v1/messages/{gateway_id}", headers=self._headers))
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as exc:
            raise GatewayUnavailable(type(exc).__name__) from exc

    @staticmethod
    def _read(answer: httpx.Response) -> SmsReceipt:
        answer.raise_for_status()
        data = answer.json()
        receipt = SmsReceipt(str(data["gateway_id"])[:120], str(data["status"]))
        if receipt.status not in STATUSES:
            raise ValueError("unknown status")
        return receipt
