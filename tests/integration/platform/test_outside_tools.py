"""Tools that are not ours agree: pdfsig, qpdf, openssl cms and ts, curl on the node's door."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
from pathlib import Path

import pytest

from tests.integration.platform.conftest import Done, World

pytestmark = [pytest.mark.xdist_group("live"), pytest.mark.slow]


def run(*command: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, check=check, timeout=60)


@pytest.fixture(scope="module")
def anchors(done: Done, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """PEM bundle of everything the trust root trusts."""
    import base64

    root = json.loads(done.trust_root.read_text("utf-8"))
    ders = list(root["cas"]) + [der for tsa in root["tsas"] for der in tsa["certs"]]
    bundle = tmp_path_factory.mktemp("anchors") / "anchors.pem"
    lines = []
    for der in ders:
        text = base64.b64encode(base64.b64decode(der)).decode()
        body = "\n".join(text[i : i + 64] for i in range(0, len(text), 64))
        lines.append(f"-----BEGIN CERTIFICATE-----\n{body}\n-----END CERTIFICATE-----\n")
    bundle.write_text("".join(lines))
    return bundle


def signatures(pdf: Path) -> list[tuple[bytes, bytes]]:
    """(signed bytes, CMS) of every signature field, in order."""
    data = pdf.read_bytes()
    found = []
    for match in re.finditer(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]", data):
        a, b, c, d = (int(n) for n in match.groups())
        cms = bytes.fromhex(data[a + b + 1 : c - 1].decode())
        length = int.from_bytes(cms[2:4], "big") + 4
        found.append((data[a : a + b] + data[c : c + d], cms[:length]))
    return found


def test_pdfsig_says_that_both_signatures_are_valid_and_trusted(
    done: Done, anchors: Path, tmp_path: Path
) -> None:
    database = tmp_path / "nss"
    database.mkdir()
    run("certutil", "-N", "-d", f"sql:{database}", "--empty-password")
    for number, pem in enumerate(anchors.read_text().split("-----END CERTIFICATE-----\n")[:-1]):
        one = tmp_path / f"{number}.pem"
        one.write_text(pem + "-----END CERTIFICATE-----\n")
        run("certutil", "-A", "-d", f"sql:{database}", "-n", f"anchor{number}", "-t", "CT,C,C", "-i", one)
    text = run("pdfsig", "-nssdir", f"sql:{database}", done.pdf, check=False).stdout
    assert text.count("Signature is Valid.") == 2
    assert text.count("Certificate is Trusted.") == 2
    assert "Signature Field Name: Worker" in text
    assert "Signature Field Name: Employer" in text
    assert "Total document signed" in text.split("DocumentTimestamp")[1]


def test_qpdf_finds_no_error_in_the_file(done: Done) -> None:
    assert "No syntax or stream encoding errors found" in run("qpdf", "--check", done.pdf).stdout


def test_openssl_verifies_both_signatures_and_refuses_another_content(
    done: Done, anchors: Path, tmp_path: Path
) -> None:
    worker, employer, _stamp = signatures(done.pdf)
    for number, (content, cms) in enumerate((worker, employer)):
        signed, container = tmp_path / f"{number}.bin", tmp_path / f"{number}.cms"
        signed.write_bytes(content)
        container.write_bytes(cms)
        command = ["openssl", "cms", "-verify", "-cades", "-binary", "-inform", "DER", "-in", container]
        command += ["-content", signed, "-CAfile", anchors, "-purpose", "any", "-out", "/dev/null"]
        assert "successful" in run(*command).stderr
        signed.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        assert run(*command, check=False).returncode != 0


def test_openssl_verifies_every_token(done: Done, anchors: Path, tmp_path: Path) -> None:
    from asn1crypto import cms, tsp  # tsp teaches cms the content type of tokens

    assert tsp.TSTInfo
    checked = 0
    for content, der in signatures(done.pdf):
        info = cms.ContentInfo.load(der)
        data = info["content"]
        if data["encap_content_info"]["content_type"].native == "tst_info":
            token, imprint = der, content
        else:
            signer = data["signer_infos"][0]
            attribute = next(
                a for a in signer["unsigned_attrs"] if a["type"].native == "signature_time_stamp_token"
            )
            token, imprint = attribute["values"][0].dump(), signer["signature"].native
        stamp = tmp_path / f"{checked}.tst"
        stamp.write_bytes(token)
        command = ["openssl", "ts", "-verify", "-token_in", "-in", stamp, "-CAfile", anchors]
        good = run(*command, "-digest", hashlib.sha256(imprint).hexdigest(), check=False)
        assert "Verification: OK" in good.stdout, good.stderr
        assert (
            run(*command, "-digest", hashlib.sha256(imprint + b"x").hexdigest(), check=False).returncode != 0
        )
        checked += 1
    assert checked == 3


def test_curl_reads_the_chain_and_gets_no_further(world: World) -> None:
    url = world.platform.installation.url("node") + "/"

    def call(method: str, params: list[object]) -> dict[str, object]:
        body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        answer = run("curl", "-s", "-H", "Content-Type: application/json", "-d", body, url).stdout
        found: dict[str, object] = json.loads(answer)
        return found

    assert int(str(call("eth_blockNumber", [])["result"]), 16) > 0
    deployment = json.loads((world.platform.installation.deployment_folder / "deployment.json").read_text())
    address = deployment["contracts"]["EvidenceLog"]["address"]
    assert str(call("eth_getCode", [address, "latest"])["result"]).startswith("0x60")
    for method in (
        "anvil_setBalance",
        "evm_mine",
        "debug_traceTransaction",
        "eth_sendTransaction",
        "personal_sign",
    ):
        assert call(method, [])["error"]["code"] == -32601, method  # type: ignore[index]
    assert "error" in call("eth_sendRawTransaction", ["0x00"])
