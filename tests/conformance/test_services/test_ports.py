"""One suite for every adapter of the identity service's two ports: in memory, and over HTTP against the TEST services."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest

from signing.identity_service.errors import GatewayUnavailable, IdentityRefused, ProviderUnavailable
from signing.identity_service.persons import Claim
from signing.identity_service.ports import IdentityProvider, SmsGateway
from signing.identity_service.provider_http import HttpIdentityProvider
from signing.identity_service.sms_http import HttpSmsGateway
from tests.support.programs import Authorities, program
from tests.unit.identity_service.conftest import Gateway, Provider


@dataclass
class Case:
    """An adapter, somebody it knows, and how to take its other side down."""

    adapter: Any
    known: Claim
    down: Any
    up: Any


@pytest.fixture(params=["memory", "http"])
def provider(request: pytest.FixtureRequest, authorities: Authorities) -> Iterator[Case]:
    """Both adapters of IdentityProvider."""
    person = authorities.persons()[5]
    known = Claim.normalised(person["name"], "resident_id", person["id_number"], person["phone"])
    if request.param == "memory":
        memory = Provider({known.id_number: known})
        yield Case(
            memory, known, lambda: setattr(memory, "down", True), lambda: setattr(memory, "down", False)
        )
        return
    with httpx.Client(timeout=5, trust_env=False) as http:
        wire = HttpIdentityProvider(authorities.idp.url, authorities.token, production=False, http=http)
        yield Case(wire, known, lambda: authorities.idp.fault("down"), lambda: authorities.idp.fault("none"))
    authorities.idp.fault("none")


def test_the_three_elements_are_confirmed_together_or_not_at_all(provider: Case) -> None:
    port: IdentityProvider = provider.adapter
    assert port.confirm(provider.known, "t1").matches
    for change in ({"name": "示别人"}, {"phone": "14009999999"}):
        assert port.confirm(replace(provider.known, **change), "t2").result == "mismatch"
    assert port.confirm(replace(provider.known, id_number="11010519491231002X"), "t3").result == "no_record"


def test_a_result_carries_a_trace_number_and_says_test(provider: Case) -> None:
    first, again = (provider.adapter.confirm(provider.known, "trace-7") for _ in range(2))
    assert first.trace_no == again.trace_no
    assert first.test


def test_no_answer_is_provider_unavailable_and_later_answers_count(provider: Case) -> None:
    provider.down()
    with pytest.raises(ProviderUnavailable):
        provider.adapter.confirm(provider.known, "t1")
    provider.up()
    assert provider.adapter.confirm(provider.known, "t1").matches


def test_the_production_adapter_refuses_the_test_provider(authorities: Authorities) -> None:
    with httpx.Client(timeout=5, trust_env=False) as http:
        port = HttpIdentityProvider(authorities.idp.url, authorities.token, production=True, http=http)
        with pytest.raises(ProviderUnavailable):
            port.confirm(Claim("示安", "resident_id", "11010519491231002X", "13800000000"), "t")
        person = authorities.persons()[0]
        with pytest.raises(IdentityRefused):
            port.confirm(
                Claim.normalised(person["name"], "resident_id", person["id_number"], person["phone"]), "t"
            )


@pytest.fixture(params=["memory", "http"])
def gateway(request: pytest.FixtureRequest, authorities: Authorities) -> Iterator[tuple[SmsGateway, Any]]:
    """(adapter, texts delivered to a number) of both adapters of SmsGateway."""
    if request.param == "memory":
        memory = Gateway()
        yield memory, lambda phone: [t[2] for t in memory.texts if t[1] == phone]
        return
    with httpx.Client(timeout=5, trust_env=False) as http:
        wire = HttpSmsGateway(authorities.sms.url, authorities.token, signature="和谐劳动 TEST", http=http)
        yield wire, authorities.texts


def test_the_same_message_id_is_one_message(
    gateway: tuple[SmsGateway, Any], request: pytest.FixtureRequest
) -> None:
    port, texts = gateway
    key, phone = f"conformance-{time.time_ns()}", f"1400{time.time_ns() % 10_000_000:07d}"
    first, again = port.send(key, phone, "内容", "notice"), port.send(key, phone, "内容", "notice")
    assert first.gateway_id == again.gateway_id
    assert len(texts(phone)) == 1
    assert "内容" in texts(phone)[0]
    assert port.status(first.gateway_id).status == "delivered"


def test_delay_loss_failure_and_outage_of_the_test_gateway(authorities: Authorities) -> None:
    with httpx.Client(timeout=5, trust_env=False) as http:
        port = HttpSmsGateway(authorities.sms.url, authorities.token, signature="TEST", http=http)
        try:
            authorities.sms.fault("none", delay_ms=600)
            late = port.send(f"late-{time.time_ns()}", "14007770001", "晚到", "notice")
            assert (late.status, authorities.texts("14007770001")) == ("accepted", [])
            time.sleep(0.7)
            assert port.status(late.gateway_id).status == "delivered"
            assert len(authorities.texts("14007770001")) == 1
            authorities.sms.fault("lost")
            lost = port.send(f"lost-{time.time_ns()}", "14007770002", "丢失", "notice")
            assert port.status(lost.gateway_id).status == "accepted"
            assert authorities.texts("14007770002") == []
            authorities.sms.fault("undeliverable")
            failed = port.send(f"failed-{time.time_ns()}", "14007770003", "失败", "notice")
            assert port.status(failed.gateway_id).status == "failed"
            authorities.sms.fault("down")
            with pytest.raises(GatewayUnavailable):
                port.send("x", "14007770004", "停机", "notice")
        finally:
            authorities.sms.fault("none")


def test_the_test_gateway_reports_delivery_by_callback(tmp_path: Path) -> None:
    heard: list[dict[str, Any]] = []

    class Receiver(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            heard.append(json.loads(self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    token = tmp_path / "token"
    url = f"http://127.0.0.1:{server.server_port}/"
    sms = program(
        "sms", "signing.testing.sms", "--data", tmp_path / "sms", "--token-file", token, "--receipt-url", url
    )
    sms.start()
    try:
        headers = {"authorization": f"Bearer {token.read_text().strip()}"}
        body = {"id": "m1", "to": "14000000001", "text": "x", "kind": "notice"}
        sent = httpx.post(f"{sms.url}/v1/messages", json=body, headers=headers, trust_env=False).json()
        deadline = time.monotonic() + 10
        while not heard and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.8)
        assert [(r["id"], r["gateway_id"], r["status"]) for r in heard] == [
            ("m1", sent["gateway_id"], "delivered")
        ]
    finally:
        sms.stop()
        server.shutdown()
        server.server_close()
