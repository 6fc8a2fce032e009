"""TEST time-stamping authority: RFC 3161 over HTTP, tokens made by `openssl ts -reply` with a P-256 key.

`python -m signing.testing.tsa --data DIR --port N --name one`; each instance has its own root and key.
Faults for tests: down, reject, wrong_imprint, wrong_nonce, time_shift (seconds).
"""

from __future__ import annotations

import argparse
import secrets
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import serialization as ser
from cryptography.x509.oid import ExtendedKeyUsageOID
from fastapi import FastAPI, Request, Response
from starlette.concurrency import run_in_threadpool

from signing.identity_service.serving import limit_bodies, listen, serve
from signing.testing import pki
from signing.testing.faults import Faults
from signing.testing.tsa_faults import rejection, shifted, with_wrong_imprint, with_wrong_nonce

POLICY = "2.25.311806262.1"
CONFIG = """[tsa]
default_tsa = one
[one]
serial = {work}/serial
signer_cert = {data}/tsa.crt
signer_key = {data}/tsa.key
certs = {data}/root.crt
signer_digest = sha256
default_policy = {policy}
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = no
ess_cert_id_chain = no
ess_cert_id_alg = sha256
"""


@dataclass(frozen=True)
class Tsa:
    """One authority: folder, root, signer."""

    data: Path
    root: pki.Authority
    signer: pki.Authority

    @classmethod
    def open(cls, data: Path, label: str) -> Tsa:
        """Load, or make on first use."""
        root = pki.root(data, "root", f"TEST 时间戳根 {label} TSA Root")
        extended = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
        signer = pki.subordinate(
            data, "tsa", f"TEST 时间戳服务 {label} TSA", root, ((extended, True),), ca=False
        )
        return cls(data, root, signer)

    def reply(self, query: bytes) -> bytes:
        """A TimeStampResp by openssl. The serial is random and of this request: nothing is shared between requests."""
        with tempfile.TemporaryDirectory() as work:
            folder = Path(work)
            (folder / "serial").write_text(f"01{secrets.token_hex(15)}\n", encoding="ascii")
            (folder / "tsa.cnf").write_text(
                CONFIG.format(work=work, data=self.data.absolute(), policy=POLICY), encoding="ascii"
            )
            (folder / "query.tsq").write_bytes(query)
            command = ["openssl", "ts", "-reply", "-config", "tsa.cnf", "-queryfile", "query.tsq"]
            done = subprocess.run(command, cwd=work, capture_output=True, check=True, timeout=20)
            return done.stdout


def answer(tsa: Tsa, faults: Faults, query: bytes) -> bytes:
    """What the service answers under the present fault."""
    if faults.mode == "reject":
        return rejection()
    if faults.mode == "wrong_imprint":
        query = with_wrong_imprint(query)
    if faults.mode == "wrong_nonce":
        query = with_wrong_nonce(query)
    reply = tsa.reply(query)
    if faults.mode == "time_shift":
        return shifted(reply, faults.facts.get("seconds", 600), tsa.signer.key)
    return reply


def build_app(tsa: Tsa, faults: Faults) -> FastAPI:
    """The HTTP application."""
    app = FastAPI(title="TEST TSA", docs_url=None, redoc_url=None)
    limit_bodies(app)
    app.include_router(faults.router())

    @app.post("/")
    async def stamp(request: Request) -> Response:
        faults.check_down()
        if request.headers.get("content-type") != "application/timestamp-query":
            return Response("application/timestamp-query", 415)
        query = await request.body()
        try:
            reply = await run_in_threadpool(answer, tsa, faults, query)
        except (subprocess.SubprocessError, ValueError):
            return Response("not a time-stamp query", 400)
        return Response(reply, media_type="application/timestamp-reply")

    @app.get("/root.crt")
    def root() -> Response:
        return Response(tsa.root.der, media_type="application/pkix-cert")

    @app.get("/certs.pem")
    def certificates() -> Response:
        pem = b"".join(a.certificate.public_bytes(ser.Encoding.PEM) for a in (tsa.signer, tsa.root))
        return Response(pem, media_type="application/x-pem-file")

    return app


def main() -> None:
    """Run."""
    parser = argparse.ArgumentParser(prog="python -m signing.testing.tsa", description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--name", default="one", help="label in the certificates")
    args = parser.parse_args()
    tsa = Tsa.open(args.data, args.name)
    faults = Faults("down", "reject", "wrong_imprint", "wrong_nonce", "time_shift")
    serve(build_app(tsa, faults), listen(args.port), f"test-tsa-{args.name}", test=True)


if __name__ == "__main__":
    main()
