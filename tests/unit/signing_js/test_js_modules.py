"""The browser modules under Node: shared vectors, and byte-for-byte agreement with the Python side.

Each `*.test.mjs` beside this file is run by `node --test` inside a staged release of the signing page, so that what
is tested is what is served. `cases.json` carries what Python computed.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from signing import clauses, jcs
from signing import eip712 as e
from signing.commitments import Commitment
from signing.pades.attributes import signed_attributes
from signing.page_release import page_release
from signing.x509 import Subject, csr_info

HERE = Path(__file__).parent
ROOT = HERE.parents[2]
VECTORS = ROOT.parent / "shared" / "data" / "vectors"
NODE_MODULES = ROOT / "node_modules"

pytestmark = [
    pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed"),
    pytest.mark.skipif(not NODE_MODULES.is_dir(), reason="node_modules is not installed (npm ci)"),
]


@pytest.fixture(scope="module")
def staged(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A staged release with the tests, the public vectors (where present) and Python's answers beside it."""
    folder = tmp_path_factory.mktemp("release")
    page_release(NODE_MODULES).stage(folder)
    (folder / "package.json").write_text('{"type": "module"}')
    (folder / "cases.json").write_text(json.dumps(cases()))
    for name in ("jcs-rfc8785.json", "rfc6962-inclusion.json", "rfc6962-consistency.json"):
        if (VECTORS / name).is_file():
            shutil.copyfile(VECTORS / name, folder / name)
    for test in HERE.glob("*.test.mjs"):
        shutil.copyfile(test, folder / test.name)
    return folder


@pytest.mark.parametrize("name", sorted(path.name for path in HERE.glob("*.test.mjs")))
def test_module(staged: Path, name: str) -> None:
    env = {"PATH": os.environ["PATH"], "VECTORS": "1" if VECTORS.is_dir() else ""}
    run = subprocess.run(
        ["node", "--test", "--test-reporter=tap", name],
        cwd=staged,
        env=env,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# pass 0" not in run.stdout, "no test ran"


def test_public_vectors_are_there() -> None:
    if not VECTORS.is_dir():
        pytest.skip(
            "the public test vectors (shared/data/vectors beside the repository) are not on this machine"
        )
    assert (VECTORS / "rfc6962-inclusion.json").is_file()


def cases() -> dict[str, Any]:
    """What Python says about fixed inputs."""
    key = ec.derive_private_key(0x1234567890ABCDEF, ec.SECP256R1())
    spki = key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    certificate = _certificate(key)
    base = b"%PDF-1.7 base document of the parties\n"
    commitment = Commitment(
        log_origin="concord.example/log",
        contract_id=b"\x11" * 32,
        version=3,
        prev=b"\x00" * 32,
        clause_root=b"\x22" * 32,
        base_pdf_sha256=hashlib.sha256(base).digest(),
        template_sha256=b"\x33" * 32,
        renderer_id="typst-0.15.2/" + "ab" * 32,
        salt=b"\x44" * 32,
    )
    domain = e.Domain("Concord TEST", 987654321, "0x" + "5a" * 20, "concord.example/log")
    key_hash = hashlib.sha256(spki).digest()
    consent = e.Consent(
        commitment.digest(), commitment.contract_id, 3, commitment.prev, e.ROLE_WORKER, key_hash, 1795000000
    )
    attestation = e.Attestation(
        commitment.digest(), commitment.contract_id, key_hash, b"\x55" * 32, 2, b"\x66" * 32, 1790000000
    )
    check = e.IdentityCheck(commitment.digest(), b"\x55" * 32, 3, 2, 1790000000)
    document_digest = hashlib.sha256(b"prepared").digest()
    tree = clauses.ClauseTree(
        [clauses.Clause(f"c{i}", f"第{i}条", f"正文 {i} 𠮷") for i in range(7)],
        [bytes([i]) * 32 for i in range(7)],
    )
    values: list[jcs.JSON] = [
        {"b": 1, "a": [True, None, '中文 𠮷 \u0000 " \\ /'], "A": {"z": -1, "": 9007199254740991}},
        "\u2028\u007f",
        [],
        {},
        commitment.opening(),
    ]
    return {
        "spki": _b64(spki),
        "other_spki": _b64(
            ec.derive_private_key(77, ec.SECP256R1())
            .public_key()
            .public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
        ),
        "request_info": _b64(csr_info(spki, Subject("张小明", organization="TEST"))),
        "certificate": _b64(certificate),
        "document_digest": document_digest.hex(),
        "attributes": _b64(signed_attributes(document_digest, certificate)),
        "opening": commitment.opening(),
        "commitment": commitment.digest().hex(),
        "base": _b64(base),
        "domain": domain.typed(),
        "separator": domain.separator().hex(),
        "statements": [
            {
                "type": type(statement).__name__,
                "message": e.message(statement),
                "preimage": e.preimage(domain, statement).hex(),
                "digest": e.digest(domain, statement).hex(),
            }
            for statement in (consent, attestation, check)
        ],
        "expiry": 1795000000,
        "canonical": [{"value": value, "bytes": jcs.canonical(value).hex()} for value in values],
        "leaves": [tree.leaf_data(n).hex() for n in range(tree.size)],
        "root": tree.root.hex(),
        "paths": [[node.hex() for node in tree.disclose(n).path] for n in range(tree.size)],
    }


def _certificate(key: ec.EllipticCurvePrivateKey) -> bytes:
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST")])
    start = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(7)
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(minutes=10))
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    return built.public_bytes(serialization.Encoding.DER)


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
