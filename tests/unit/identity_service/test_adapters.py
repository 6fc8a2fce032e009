"""HTTP adapters: what they send, what they refuse, and that production refuses everything that calls itself a test."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from signing.identity_service.errors import GatewayUnavailable, IdentityRefused, ProviderUnavailable
from signing.identity_service.persons import Claim
from signing.identity_service.provider_http import HttpIdentityProvider
from signing.identity_service.sms_http import HttpSmsGateway

REAL = Claim("示安", "resident_id", "11010519491231002X", "13800000000")
DEMO = Claim("示安", "resident_id", "500199198212109713", "13800000000")
DEMO_PHONE = Claim("示安", "resident_id", "11010519491231002X", "14000000000")


def provider(
    answer: Any, *, production: bool = False, status: int = 200
) -> tuple[HttpIdentityProvider, list[Any]]:
    seen: list[Any] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append((request.headers["authorization"], json.loads(request.content)))
        return httpx.Response(status, json=answer)

    http = httpx.Client(transport=httpx.MockTransport(handle))
    return HttpIdentityProvider("http://provider.invalid", "t", production=production, http=http), seen


def test_the_question_holds_exactly_the_three_elements_and_the_trace() -> None:
    adapter, seen = provider({"result": "match", "trace_no": "n1", "provider": "p"})
    assert adapter.confirm(REAL, "t1").matches
    assert seen == [
        (
            "Bearer t",
            {
                "name": "示安",
                "id_kind": "resident_id",
                "id_number": "11010519491231002X",
                "phone": "13800000000",
                "trace": "t1",
            },
        )
    ]


@pytest.mark.parametrize("claim", [DEMO, DEMO_PHONE])
def test_production_refuses_generated_persons_before_anything_leaves(claim: Claim) -> None:
    adapter, seen = provider({"result": "match", "trace_no": "n1"}, production=True)
    with pytest.raises(IdentityRefused) as caught:
        adapter.confirm(claim, "t1")
    assert caught.value.code == "identity.demo_person_refused"
    assert seen == []


def test_production_refuses_an_answer_that_calls_itself_a_test() -> None:
    adapter, _ = provider({"result": "match", "trace_no": "n1", "test": True}, production=True)
    with pytest.raises(ProviderUnavailable):
        adapter.confirm(REAL, "t1")


@pytest.mark.parametrize("answer", [{}, {"result": "yes", "trace_no": "n"}, [], "match", {"result": "match"}])
def test_a_malformed_answer_is_no_answer(answer: Any) -> None:
    with pytest.raises(ProviderUnavailable):
        provider(answer)[0].confirm(REAL, "t1")


def test_a_foreign_status_is_no_answer() -> None:
    with pytest.raises(ProviderUnavailable):
        provider({"result": "match", "trace_no": "n"}, status=500)[0].confirm(REAL, "t1")


def gateway(answer: Any, status: int = 200) -> tuple[HttpSmsGateway, list[Any]]:
    seen: list[Any] = []

    def handle(request: httpx.Request) -> httpx.Response:
        seen.append(json.loads(request.content) if request.content else request.url.path)
        return httpx.Response(status, json=answer)

    http = httpx.Client(transport=httpx.MockTransport(handle))
    return HttpSmsGateway("http://sms.invalid", "t", signature="和谐劳动", http=http), seen


def test_a_text_carries_signature_and_message_id() -> None:
    adapter, seen = gateway({"gateway_id": "g", "status": "accepted"})
    assert adapter.send("m1", "13800000000", "文字", "code").gateway_id == "g"
    assert seen == [{"id": "m1", "to": "13800000000", "text": "【和谐劳动】文字", "kind": "code"}]
    assert adapter.status("g").status == "accepted"


@pytest.mark.parametrize(
    ("answer", "status"), [({}, 200), ({"gateway_id": "g", "status": "?"}, 200), ({}, 503)]
)
def test_a_gateway_that_does_not_confirm_is_unavailable(answer: Any, status: int) -> None:
    adapter, _ = gateway(answer, status)
    with pytest.raises(GatewayUnavailable):
        adapter.send("m1", "13800000000", "文字", "code")
    with pytest.raises(GatewayUnavailable):
        adapter.status("g")
