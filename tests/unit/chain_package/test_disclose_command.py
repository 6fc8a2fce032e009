"""`concord disclose`: offline from a downloaded package, or from the platform with a machine credential."""

from __future__ import annotations

import datetime as dt
import http.server
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from chain.package.contents import ONE_CLAUSE
from chain.package.manifest import parse
from chain.package.zip_profile import read_package
from chain.verifier import Outcome, verify
from scripts.cli import build_app
from tests.factories.disclosed import TextForge
from tests.factories.evidence import World
from tests.support.evidence_world import world
from tests.support.signing_authorities import NOW

__all__ = ["world"]


@pytest.fixture(scope="module")
def forge(world: World) -> TextForge:
    return TextForge(world)


@pytest.fixture
def package(forge: TextForge, tmp_path: Path) -> Path:
    path = tmp_path / "evidence.zip"
    path.write_bytes(forge.package)
    return path


def _run(*arguments: str | Path) -> tuple[int, str]:
    done = CliRunner().invoke(build_app("disclose"), ["disclose", *map(str, arguments)])
    return done.exit_code, done.output


def test_a_clause_is_shown_with_the_network_unplugged(
    forge: TextForge, package: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("asked for the network")

    monkeypatch.setattr(socket, "socket", refuse)
    out = tmp_path / "pay.zip"
    code, said = _run(package, "--clause", "3", "--out", out)
    assert code == 0, said
    assert parse(read_package(out.read_bytes())["manifest.json"]).kind == ONE_CLAUSE
    report = verify(out.read_bytes(), forge.root, now=NOW + dt.timedelta(days=3650))
    assert report.step(21).outcome is Outcome.PASSED  # type: ignore[union-attr]


def test_nothing_is_overwritten(package: Path, tmp_path: Path) -> None:
    out = tmp_path / "mine.zip"
    out.write_bytes(b"keep")
    code, said = _run(package, "--clause", "1", "--out", out)
    assert (code, out.read_bytes()) == (3, b"keep")
    assert "未覆盖" in said


@pytest.mark.parametrize(
    ("clause", "content", "code"), [("9", None, 1), ("1", b"no package", 3), ("1", b"", 3)]
)
def test_refusals_say_why_in_both_languages(
    package: Path, tmp_path: Path, clause: str, content: bytes | None, code: int
) -> None:
    if content is not None:
        package.write_bytes(content)
    found, said = _run(package, "--clause", clause, "--out", tmp_path / "out.zip")
    assert found == code
    assert " / " in said
    assert not (tmp_path / "out.zip").exists()


def test_an_unknown_file_needs_a_platform(tmp_path: Path) -> None:
    code, said = _run("a" * 26, "--clause", "1", "--out", tmp_path / "out.zip")
    assert code == 3
    assert "--token-file" in said


@pytest.fixture
def platform() -> Iterator[tuple[str, list[tuple[str, str | None]]]]:
    """A platform that gives clause 1 and refuses all others."""
    asked: list[tuple[str, str | None]] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, self.headers["Authorization"]))
            good = "/clauses/1/" in self.path
            body = b"clause" if good else json.dumps({"detail_zh": "没有", "detail_en": "none"}).encode()
            self.send_response(200 if good else 404)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}", asked
    server.shutdown()
    server.server_close()


def test_the_platform_is_asked_with_the_credential(
    platform: tuple[str, list[tuple[str, str | None]]], tmp_path: Path
) -> None:
    url, asked = platform
    token = tmp_path / "token"
    token.write_text("cm_secret\n")
    given = ("--url", url, "--token-file", token, "--out", tmp_path / "out.zip")
    code, said = _run("a" * 26, "--clause", "1", *given)
    assert code == 0, said
    assert (tmp_path / "out.zip").read_bytes() == b"clause"
    assert asked == [(f"/api/v1/contracts/{'a' * 26}/clauses/1/evidence", "Bearer cm_secret")]
    code, said = _run("a" * 26, "--clause", "2", *given)
    assert (code, "没有 / none" in said) == (1, True)
    code, said = _run("a" * 26, "--clause", "1", "--url", "http://127.0.0.1:9", *given[2:])
    assert code == 1
    code, said = _run("a" * 26, "--clause", "1", "--url", url, "--token-file", tmp_path / "missing")
    assert code == 3
