"""SMS over HTTP: the protocol that the platform's gateway and TEST gateway speak.

`POST /v1/messages {id, to, text, kind}` (idempotent on id) → `{gateway_id, status}`; `GET
/v1/messages/{gateway_id}` → `{status: accepted | delivered | failed}`. Neither number nor text is logged.
"""

from __future__ import annotations

from types import TracebackType

import httpx

from api.notification.ports import Outcome, Receipt

_DEMO_PREFIX = "1400"
_STATES = {"accepted": Outcome.ACCEPTED, "delivered": Outcome.DELIVERED, "failed": Outcome.REFUSED}


class HttpSmsGateway:
    """One gateway. A production installation refuses numbers of generated demo persons."""

    def __init__(
        self,
        url: str,
        token: str,
        *,
        test: bool,
        timeout: float = 10.0,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        self._test = test
        self._http = httpx.Client(
            base_url=url,
            headers={"Authorization": f"Bearer {token}"},
            timeout=timeout,
            transport=transport,
            trust_env=False,
            follow_redirects=False,
        )

    def __enter__(self) -> HttpSmsGateway:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Release connections."""
        self._http.close()

    def send(self, message_id: str, phone: str, text: str, kind: str) -> Receipt:
        """Hand over one message; the same id is never sent twice by the gateway."""
        if not self._test and phone.startswith(_DEMO_PREFIX):
            return Receipt(Outcome.REFUSED, reason="number of a generated person")
        payload = {"id": message_id, "to": phone, "text": text, "kind": kind}
        return self._ask("POST", "/v1/messages", payload)

    def status(self, gateway_id: str) -> Receipt:
        """Ask for the receipt."""
        return self._ask("GET", f"/v1/messages/{gateway_id}", None)

    def _ask(self, method: str, path: str, payload: dict[str, str] | None) -> Receipt:
        try:
            response = self._http.request(method, path, json=payload)
        except httpx.HTTPError as error:
            return Receipt(Outcome.UNAVAILABLE, reason=type(error).__name__)
        if response.status_code >= 500 or response.status_code in (408, 429, 401, 403):
            return Receipt(Outcome.UNAVAILABLE, reason=f"HTTP {response.status_code}")
        if response.status_code >= 400:
            return Receipt(Outcome.REFUSED, reason=f"HTTP {response.status_code}")
        try:
            answer = response.json()
            outcome = _STATES[answer["status"]]
            gateway_id = str(answer.get("gateway_id") or "")
        except (ValueError, KeyError, TypeError, AttributeError):
            return Receipt(Outcome.UNAVAILABLE, reason="malformed answer")
        if method == "POST" and outcome is Outcome.ACCEPTED and not gateway_id:
            return Receipt(Outcome.UNAVAILABLE, reason="malformed answer")
        reason = "undeliverable" if outcome is Outcome.REFUSED else ""
        return Receipt(outcome, gateway_id, reason)
