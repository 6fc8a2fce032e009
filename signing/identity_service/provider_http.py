"""HTTP adapter of a three-element identity check.

POST {url}/v1/three-elements with a bearer token: ``{name, id_kind, id_number, phone, trace}`` →
``{result: match|mismatch|no_record, trace_no, provider, test}``. A production adapter refuses generated persons before
anything leaves the machine, and refuses an answer that calls itself a test.
"""

from __future__ import annotations

from typing import Any

import httpx

from signing.identity_service.errors import IdentityRefused, ProviderUnavailable
from signing.identity_service.persons import Claim
from signing.identity_service.ports import ProviderResult

RESULTS = frozenset({"match", "mismatch", "no_record"})


class HttpIdentityProvider:
    """Speaks to a provider, or to the TEST provider, over HTTP."""

    def __init__(self, url: str, token: str, *, production: bool, http: httpx.Client) -> None:
        self._url = url.rstrip("/")
        self._headers = {"authorization": f"Bearer {token}"}
        self._production = production
        self._http = http

    def confirm(self, claim: Claim, trace: str) -> ProviderResult:
        """Ask once; any transport error, foreign status or malformed answer is ProviderUnavailable."""
        if self._production and claim.demo:
            raise IdentityRefused("identity.demo_person_refused")
        body = {
            "name": claim.name,
            "id_kind": claim.id_kind,
            "id_number": claim.id_number,
            "phone": claim.phone,
            "trace": trace,
        }
        try:
            answer = self._http.post(f"{self._url}/v1/three-elements", json=body, headers=self._headers)
            answer.raise_for_status()
            return self._read(answer.json())
        except (httpx.HTTPError, ValueError, KeyError, TypeError) as exc:
            raise ProviderUnavailable(type(exc).__name__) from exc

    def _read(self, data: Any) -> ProviderResult:
        if not isinstance(data, dict):
            raise ValueError("not an object")
        result = ProviderResult(
            provider=str(data.get("provider", "provider"))[:80],
            trace_no=str(data["trace_no"])[:120],
            result=str(data["result"]),
            test=data.get("test") is True,
        )
        if result.result not in RESULTS:
            raise ValueError("unknown result")
        if self._production and result.test:
            raise ValueError("a test answer in production")
        return result
