"""The judge's report is one A4 page whatever the verdict, in both languages, and says no more than the steps."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from chain.trust_root import TrustRoot
from chain.verifier.plan import verify
from chain.verifier.report import Sheet, arrange
from signing.rendering import FontBook
from tests.factories.evidence import Forge, World
from tests.support.evidence_world import world
from tests.support.fonts import installed_fonts

__all__ = ["world"]
NOW = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    fonts = FontBook.load(installed_fonts()).typst_fonts
    return Sheet(lambda: fonts)


def pages(pdf: bytes) -> list[str]:
    pypdfium2: Any = import_module("pypdfium2")
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range() for page in document]


def crowded(root: TrustRoot) -> TrustRoot:
    """The same root with more witnesses and courts than any installation has."""
    value = json.loads(root.canonical())
    keys = [f"witness-{n}.example/union" for n in range(7)]
    value["witnesses"] = [{"name": name, "vkey": value["log_vkey"], "address": None} for name in keys]
    value["judicial"] = [
        {
            "chain_id": 7,
            "genesis_hash": "0" * 64,
            "address": "0x" + "0" * 40,
            "code_hash": "0" * 64,
            "seal_vkey": None,
        }
    ] * 2
    return TrustRoot(value)


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("broken", [False, True])
def test_one_page(world: World, sheet: Sheet, lang: str, broken: bool) -> None:
    package = bytearray(Forge(world).package)
    if broken:
        package[-1] ^= 1
    root = world.trust_root()
    result = verify(bytes(package), root, now=NOW).to_json()
    shown = crowded(root)
    report = arrange(result, shown, "ab" * 32, lang=lang, now=NOW)
    (text,) = pages(sheet.make(report))
    flat = text.replace("\r", "").replace("\n", "").replace(" ", "")
    assert report.title.replace(" ", "") in flat
    assert report.verdict_text[:20].replace(" ", "") in flat
    assert shown.fingerprint[:30] in flat
    for section in report.questions:
        assert section.heading[:8].replace(" ", "") in flat
    if broken:
        assert (
            report.questions[0].answer
            != arrange(verify(Forge(world).package, root, now=NOW).to_json(), root, "", lang=lang, now=NOW)
            .questions[0]
            .answer
        )


def test_the_same_input_gives_the_same_bytes(world: World, sheet: Sheet) -> None:
    result = verify(Forge(world).package, world.trust_root(), now=NOW).to_json()
    report = arrange(result, world.trust_root(), "ab" * 32, lang="zh", now=NOW)
    assert sheet.make(report) == sheet.make(report)


def test_the_command_writes_it(world: World, tmp_path: Path) -> None:
    package, root, out = tmp_path / "p.zip", tmp_path / "r.json", tmp_path / "report.pdf"
    package.write_bytes(Forge(world).package)
    root.write_bytes(world.trust_root().canonical())
    command = [sys.executable, "-m", "scripts.cli", "verify", str(package), "--trust-root", str(root)]
    command += ["--now", NOW.isoformat(), "--report", str(out)]
    without = subprocess.run(command, capture_output=True, text=True, check=False)
    assert without.returncode == 3
    assert "字体" in without.stderr
    modules = Path(__file__).resolve().parents[3] / "node_modules"
    assert FontBook.npm(modules)
    done = subprocess.run(
        [*command, "--node-modules", str(modules)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert len(pages(out.read_bytes())) == 1
