"""The whole signing against the identity service, CA, two TSAs and SMS gateway as programs of their own, and outside tools."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from api.kernel.clock import SystemClock
from api.kernel.errors import DomainError
from api.signing_round.model import Opener, RoundState, WorkerSession
from signing.ca_client import CaClient
from signing.identity_service.client import StartCheck
from signing.pades import Anchors, validate
from signing.rendering import Renderer
from signing.timestamps import TimestampClient, Tsa
from signing.x509 import Subject, TrustAnchors, assemble_csr, csr_info
from tests.support import signing_rounds
from tests.support.programs import DOMAIN, Authorities
from tests.support.signing_rounds import PERSON, Bench, Browser


@pytest.fixture(scope="module")
def authorities(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Authorities]:
    with Authorities(tmp_path_factory.mktemp("authorities")) as running:
        yield running


class WiredBench(Bench):
    """The bench with real programs instead of doubles."""

    def __init__(self, folder: Path, renderer: Renderer, running: Authorities) -> None:
        self.running = running
        self.demo = running.persons()[0]
        super().__init__(folder, renderer, SystemClock())  # type: ignore[arg-type]

    def wire(self) -> Any:
        service = super().wire()
        running = self.running
        wiring = service.wiring
        http = httpx.Client(timeout=10, trust_env=False)
        wiring.identity = running.client()
        wiring.domain = DOMAIN
        wiring.ca = CaClient(running.ca.url, running.token, http)
        roots = {
            name: (http.get(f"{tsa.url}/root.crt").content,)
            for name, tsa in zip(("one", "two"), running.tsas, strict=True)
        }
        tsas = [
            Tsa(name, tsa.url + "/", roots[name])
            for name, tsa in zip(("one", "two"), running.tsas, strict=True)
        ]
        wiring.timestamps = TimestampClient(tsas, self.clock, http)
        authority = {
            name: http.get(f"{running.ca.url}/ca/{name}.crt").content
            for name in ("root", "event", "organisation")
        }
        wiring.anchors = Anchors(
            TrustAnchors((authority["root"],), (authority["event"], authority["organisation"])), roots
        )
        return service

    def request(self, **changes: Any) -> Any:
        now = self.clock.now()
        times = {
            "deadline_worker": now + dt.timedelta(days=7),
            "deadline_employer": now + dt.timedelta(days=14),
            "expiry": (now + dt.timedelta(days=30)).replace(microsecond=0),
        }
        return super().request(**{**times, **changes})

    def issue_seal(self) -> None:
        """The organisation's seal from the TEST CA."""
        browser = Browser()
        browser.key = self.organisations.seal_key
        from tests.support.signing_authorities import spki

        info = csr_info(spki(browser.key), Subject("示例机械（测试）", "TEST"))
        issued = self.service.wiring.ca.issue_organisation(
            assemble_csr(info, browser.sign(info)),
            {"name": "示例机械（测试）", "uscc": "91500107MA5TEXT11A", "org_id": signing_rounds.ORG},
        )
        self.organisations.held = replace(
            self.organisations.held, certificate=issued.certificate, chain=issued.chain
        )

    def admit(self, round_id: str, commitment: str) -> None:
        """Identify the worker at the identity service, by the code that its SMS brings."""
        from api.signing_round.model import WorkerAdmission

        with self.db.transaction() as session:
            view = self.service.view(session, round_id)
            self.service.admit_worker(session, round_id, WorkerAdmission(PERSON, "李小龘", "s1"))
        client, demo = self.running.client(), self.demo
        started = client.start_check(
            StartCheck(
                purpose="contract",
                session="service-session-s1",
                name=demo["name"],
                id_number=demo["id_number"],
                phone=demo["phone"],
                commitment=commitment,
                contract_id=view.contract_id,
            )
        )
        checked = client.confirm_check(
            started.check_id, "service-session-s1", self.running.code(demo["phone"])
        )
        assert checked.statement is not None
        self.sessions.by_id["s1"] = WorkerSession(
            session_id="s1",
            person_id=PERSON,
            contract_id=view.contract_id,
            check_id=checked.check_id,
            service_session="service-session-s1",
            commitment=commitment,
            level=checked.level,
            check_statement=checked.statement.to_json(),
            state="live",
        )

    def certify(self, round_id: str, entered: Any, browser: Browser, otp: str = "") -> Any:
        return super().certify(round_id, entered, browser, otp or self.running.code(self.demo["phone"]))


@pytest.fixture
def bench(
    tmp_path: Path, renderer: Renderer, authorities: Authorities, monkeypatch: pytest.MonkeyPatch
) -> Iterator[WiredBench]:
    monkeypatch.setattr(signing_rounds, "DOMAIN", DOMAIN)
    made = WiredBench(tmp_path, renderer, authorities)
    made.issue_seal()
    yield made
    made.db.close()
    for program in authorities.tsas:
        program.fault("none")
    authorities.ca.fault("none")


def final(bench: WiredBench, round_id: str) -> bytes:
    return bench.service.current_pdf(round_id, Opener(PERSON, "worker", "download"))


def test_both_sign_and_outside_tools_agree(bench: WiredBench, tmp_path: Path) -> None:
    round_id = bench.open()
    assert bench.sign_worker(round_id).state is RoundState.WORKER_SIGNED
    assert bench.sign_employer(round_id).state is RoundState.COMPLETED
    pdf = final(bench, round_id)
    from api.signing_round.service.wiring import required_round

    with bench.db.read() as session:
        row = required_round(session, round_id)
    wiring = bench.service.wiring
    facts = validate(pdf, wiring.expected(row, 2, stamped=True), wiring.anchors, bench.clock.now())
    assert facts.problems == ()
    (tmp_path / "final.pdf").write_bytes(pdf)
    _pdfsig(tmp_path)
    _openssl(tmp_path, pdf, bench)


def _pdfsig(folder: Path) -> None:
    if not shutil.which("pdfsig") or not shutil.which("qpdf"):
        pytest.skip("poppler-utils and qpdf are not on this machine")
    text = subprocess.run(
        ["pdfsig", "-nocert", folder / "final.pdf"], capture_output=True, text=True, check=False
    ).stdout
    assert text.count("Signature is Valid") == 2, text
    subprocess.run(["qpdf", "--check", folder / "final.pdf"], capture_output=True, check=True)


def _openssl(folder: Path, pdf: bytes, bench: WiredBench) -> None:
    """`openssl cms -verify -cades` of both signatures."""
    root = x509.load_der_x509_certificate(bench.service.wiring.anchors.cas.roots[0])
    (folder / "root.pem").write_bytes(root.public_bytes(Encoding.PEM))
    found = list(re.finditer(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", pdf))
    assert len(found) == 3
    for number, match in enumerate(found[:2]):
        a, first, c, second = map(int, match.groups())
        (folder / "ranges.bin").write_bytes(pdf[a : a + first] + pdf[c : c + second])
        package = bytes.fromhex(pdf[first + 1 : c - 1].decode())
        length = int.from_bytes(package[2:4], "big") + 4
        (folder / "signature.der").write_bytes(package[:length])
        done = subprocess.run(
            ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", "signature.der"]
            + ["-content", "ranges.bin", "-CAfile", "root.pem", "-purpose", "any", "-out", "/dev/null"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, (number, done.stderr)


def test_a_wrong_code_five_times(bench: WiredBench) -> None:
    round_id = bench.open()
    entered = bench.service.worker.enter(round_id, bench.worker)
    bench.service.worker.send_otp(round_id, entered.attempt_id, bench.worker)
    right = bench.running.code(bench.demo["phone"])
    wrong = "000000" if right != "000000" else "111111"
    browser = Browser()
    for _ in range(5):
        with pytest.raises(DomainError, match="identity"):
            bench.certify(round_id, entered, browser, wrong)
    with pytest.raises(DomainError):
        bench.certify(round_id, entered, browser, right)
    assert bench.recorder.types() == []


@pytest.mark.parametrize("mode", ["down", "wrong_imprint", "wrong_nonce", "time_shift", "reject"])
def test_one_authority_misbehaves(bench: WiredBench, mode: str) -> None:
    round_id = bench.open()
    bench.running.tsas[0].fault(mode)
    bench.sign_worker(round_id)
    assert bench.sign_employer(round_id).state is RoundState.EMPLOYER_SIGNED
    assert bench.recorder.payload("E09")["tsa"] == "two"
    bench.running.tsas[0].fault("none")
    assert bench.service.run_due() == 1


def test_the_ca_is_down_or_gives_another_keys_certificate(bench: WiredBench) -> None:
    round_id = bench.open()
    for mode in ("down", "other_key", "expired"):
        bench.running.ca.fault(mode)
        with pytest.raises(DomainError) as refused:
            bench.sign_worker(round_id)
        assert refused.value.code in {
            "ca.unavailable", "ca.refused", "ca.certificate_wrong", "signing.token_outside_certificate", "certificate.expired",
        }  # fmt: skip
        bench.running.ca.fault("none")
    assert bench.sign_worker(round_id).state is RoundState.WORKER_SIGNED


def test_a_revoked_seal(bench: WiredBench) -> None:
    round_id = bench.open()
    bench.sign_worker(round_id)
    serial = x509.load_der_x509_certificate(bench.organisations.held.certificate).serial_number
    httpx.post(
        f"{bench.running.ca.url}/test/revoke",
        json={"serial": f"{serial:x}", "reason": "keyCompromise"},
        headers=bench.running.headers,
        trust_env=False,
    ).raise_for_status()
    with pytest.raises(DomainError, match=r"certificate\.revoked"):
        bench.sign_employer(round_id)
    bench.issue_seal()
    assert bench.sign_employer(round_id).state is RoundState.COMPLETED


def test_a_passkey_authorises_the_key(bench: WiredBench) -> None:
    """The identity service verifies the assertion; the kept one can be checked by anyone; another digest is refused."""
    import base64
    import hashlib

    from signing.eip712 import digest
    from signing.webauthn_check import Assertion, Credential, signing_challenge, verify_kept_assertion
    from tests.support.authenticator import SoftPasskey

    round_id = bench.open()
    session = bench.sessions.by_id["s1"]
    client, device = bench.running.client(), SoftPasskey()
    registration, options = client.passkey_options(session.check_id, session.service_session, "phone")
    client.enrol_passkey(registration, session.service_session, device.create(options))
    worker = bench.service.worker
    entered = worker.enter(round_id, bench.worker)
    assert entered.passkey is not None
    assert entered.passkey["rp_id"] == "localhost"
    browser = Browser()
    accepted = worker.accept_key(round_id, entered.attempt_id, browser.spki, bench.worker)
    assert accepted.passkey_challenge is not None

    def certify(challenge: bytes, authenticator: SoftPasskey = device) -> Any:
        return worker.certify(
            round_id,
            entered.attempt_id,
            request_signature=browser.sign(accepted.request_info),
            page_release=signing_rounds.RELEASE,
            otp=None,
            assertion=authenticator.get(challenge),
            who=bench.worker,
        )

    for broken in (
        lambda: certify(bytes(32)),
        lambda: certify(
            bytes.fromhex(accepted.passkey_challenge), replace(device, origin="https://evil.example")
        ),
        lambda: certify(bytes.fromhex(accepted.passkey_challenge), replace(device, rp_id="evil.example")),
        lambda: certify(bytes.fromhex(accepted.passkey_challenge), SoftPasskey()),
    ):
        with pytest.raises(DomainError, match=r"identity\.passkey_refused"):
            broken()
    certified = certify(bytes.fromhex(accepted.passkey_challenge))
    worker.finish(
        round_id,
        entered.attempt_id,
        browser.sign(certified.attributes),
        browser.sign(bench.consent_preimage(entered, browser)),
        bench.worker,
    )
    e08 = bench.recorder.payload("E08")
    assert e08["method"] == "passkey"
    assert e08["cites"]
    bench.sign_employer(round_id)
    intent = bench.service.evidence_material(round_id, Opener(PERSON, "worker", "evidence")).intent
    part = {
        name: base64.b64decode(str(intent[name])) for name in intent if name not in ("v", "method", "nonce")
    }
    credential = Credential(part["credential_id"], part["public_key"], 0)
    assert credential.digest.hex() == e08["credential_sha256"]
    assertion = Assertion(
        part["credential_id"], part["authenticator_data"], part["client_data_json"], part["signature"], 0
    )
    from signing.eip712 import ROLE_WORKER, Consent

    given = entered.consent
    consent = Consent(
        *(bytes.fromhex(given[name][2:]) for name in ("commitment", "contractId")),
        given["version"],
        bytes.fromhex(given["prev"][2:]),
        ROLE_WORKER,
        hashlib.sha256(browser.spki).digest(),
        given["expiry"],
    )
    challenge = signing_challenge(digest(DOMAIN, consent), browser.spki, bytes.fromhex(str(intent["nonce"])))
    verify_kept_assertion(
        assertion, credential, challenge=challenge, origin=device.origin, rp_id=device.rp_id
    )
