"""The TEST TSAs against `openssl ts`: good tokens verify there, each lie is found there or in the token's own fields."""

from __future__ import annotations

import hashlib
import re
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest

from tests.support.programs import Authorities, Program

DATA = b"a signature to be dated"


@pytest.fixture(params=[0, 1], ids=["one", "two"])
def tsa(request: pytest.FixtureRequest, authorities: Authorities) -> Iterator[Program]:
    """Each of the two instances."""
    yield authorities.tsas[request.param]
    authorities.tsas[request.param].fault("none")


def openssl(*arguments: str | Path, check: bool = True) -> subprocess.CompletedProcess[str]:
    return subprocess.run(["openssl", *map(str, arguments)], capture_output=True, text=True, check=check)


def stamp(tsa: Program, folder: Path, data: bytes = DATA) -> tuple[Path, Path, httpx.Response]:
    (folder / "data").write_bytes(data)
    openssl("ts", "-query", "-data", folder / "data", "-sha256", "-cert", "-out", folder / "q.tsq")
    answer = httpx.post(
        tsa.url + "/",
        content=(folder / "q.tsq").read_bytes(),
        headers={"content-type": "application/timestamp-query"},
        trust_env=False,
    )
    (folder / "r.tsr").write_bytes(answer.content)
    (folder / "root.crt").write_bytes(httpx.get(tsa.url + "/certs.pem", trust_env=False).content)
    return folder / "q.tsq", folder / "r.tsr", answer


def verified(folder: Path, *, by: str = "query") -> bool:
    source = ("-queryfile", folder / "q.tsq") if by == "query" else ("-data", folder / "data")
    done = openssl(
        "ts", "-verify", *source, "-in", folder / "r.tsr", "-CAfile", folder / "root.crt", check=False
    )
    return "Verification: OK" in done.stdout + done.stderr


def shown(folder: Path) -> str:
    return openssl("ts", "-reply", "-in", folder / "r.tsr", "-text").stdout


def test_a_token_verifies_with_openssl_by_query_and_by_data(tsa: Program, tmp_path: Path) -> None:
    _, _, answer = stamp(tsa, tmp_path)
    assert answer.headers["content-type"] == "application/timestamp-reply"
    assert verified(tmp_path)
    assert verified(tmp_path, by="data")
    (tmp_path / "data").write_bytes(b"something else")
    assert not verified(tmp_path, by="data")


def test_the_instances_stand_under_different_roots(authorities: Authorities, tmp_path: Path) -> None:
    stamp(authorities.tsas[0], tmp_path)
    (tmp_path / "root.crt").write_bytes(
        httpx.get(authorities.tsas[1].url + "/certs.pem", trust_env=False).content
    )
    assert not verified(tmp_path)


def test_serials_never_repeat_and_the_certificate_says_test(tsa: Program, tmp_path: Path) -> None:
    serials = set()
    for number in range(3):
        stamp(tsa, tmp_path, DATA + bytes([number]))
        serials.add(next(line for line in shown(tmp_path).splitlines() if "Serial number" in line))
    assert len(serials) == 3
    text = openssl("x509", "-in", tmp_path / "root.crt", "-noout", "-subject", "-nameopt", "utf8").stdout
    assert "TEST" in text


@pytest.mark.parametrize("mode", ["wrong_imprint", "wrong_nonce"])
def test_a_lie_about_imprint_or_nonce_is_found_by_openssl(tsa: Program, tmp_path: Path, mode: str) -> None:
    tsa.fault(mode)
    stamp(tsa, tmp_path)
    assert not verified(tmp_path)


def test_a_shifted_clock_is_well_signed_and_wrong(tsa: Program, tmp_path: Path) -> None:
    tsa.fault("time_shift", seconds=600)
    stamp(tsa, tmp_path)
    assert verified(tmp_path), "the lie must be in the time alone"
    line = next(line for line in shown(tmp_path).splitlines() if "Time stamp" in line)
    moment = datetime.strptime(line.split(": ", 1)[1], "%b %d %H:%M:%S %Y %Z").replace(tzinfo=UTC)
    assert 580 < (moment - datetime.now(UTC)).total_seconds() < 620


def test_rejection_and_outage(tsa: Program, tmp_path: Path) -> None:
    tsa.fault("reject")
    stamp(tsa, tmp_path)
    assert "Rejected" in shown(tmp_path) or "rejection" in shown(tmp_path).lower()
    tsa.fault("down")
    assert stamp(tsa, tmp_path)[2].status_code == 503


def test_garbage_is_no_query(tsa: Program) -> None:
    headers = {"content-type": "application/timestamp-query"}
    assert httpx.post(tsa.url + "/", content=b"\x30\x03", headers=headers, trust_env=False).status_code in {
        200,
        400,
    }
    assert httpx.post(tsa.url + "/", content=b"x", trust_env=False).status_code == 415


def test_imprint_of_the_token_is_the_datas(tsa: Program, tmp_path: Path) -> None:
    stamp(tsa, tmp_path)
    rows = re.findall(r"^    00[0-9a-f]0 - ([0-9a-f -]{47}) ", shown(tmp_path), re.MULTILINE)
    assert re.sub(r"[ -]", "", "".join(rows)) == hashlib.sha256(DATA).hexdigest()
