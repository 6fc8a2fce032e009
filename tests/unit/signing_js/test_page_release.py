"""The signing page's release: its digest names every served byte, and its look follows the design system."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from pathlib import Path

import pytest

from signing import page_release as module
from signing.page_release import PageFileMissing, page_release, release_digest

ROOT = Path(__file__).parents[3]
NODE_MODULES = ROOT / "node_modules"

pytestmark = pytest.mark.skipif(not NODE_MODULES.is_dir(), reason="node_modules is not installed (npm ci)")


def test_the_digest_is_recomputable_from_what_is_served(tmp_path: Path) -> None:
    release = page_release(NODE_MODULES)
    release.stage(tmp_path)
    files = sorted(p.relative_to(tmp_path).as_posix() for p in tmp_path.rglob("*") if p.is_file())
    listing = [
        {"path": path, "sha256": hashlib.sha256((tmp_path / path).read_bytes()).hexdigest()} for path in files
    ]
    document = {"files": listing, "kind": "concord.page-release/1", "v": 1}
    canonical = json.dumps(document, separators=(",", ":"), sort_keys=True).encode()
    assert hashlib.sha256(canonical).hexdigest() == release.digest


def test_every_byte_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = page_release(NODE_MODULES)
    for part in ("page", "js"):
        shutil.copytree(module.ROOT / part, tmp_path / part)
    monkeypatch.setattr(module, "ROOT", tmp_path)
    assert page_release(NODE_MODULES).digest == before.digest
    script = tmp_path / "page" / "app.js"
    script.write_bytes(script.read_bytes() + b" ")
    assert page_release(NODE_MODULES).digest != before.digest


def test_the_digest_depends_on_paths() -> None:
    assert release_digest({"a.js": "00" * 32}) != release_digest({"b.js": "00" * 32})


def test_a_missing_package_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(PageFileMissing, match=r"vendor/"):
        page_release(tmp_path)


def test_modules_import_only_what_the_release_holds() -> None:
    release = page_release(NODE_MODULES)
    for path, file in release.files.items():
        if not path.endswith(".js"):
            continue
        text = file.source.read_text(encoding="utf-8")
        names = re.findall(r'(?:from|import)\s*\(?\s*"([^"]+)"', text)
        for name in names:
            assert name.startswith("."), f"{path} imports {name}"
            folder = Path(path).parent
            parts: list[str] = []
            for part in (folder / name).parts:
                if part == "..":
                    parts.pop()
                elif part != ".":
                    parts.append(part)
            assert "/".join(parts) in release.files, f"{path} imports {name}"


def test_nothing_is_loaded_from_elsewhere_and_nothing_is_inline() -> None:
    html = (module.ROOT / "page" / "index.html").read_text(encoding="utf-8")
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=", html)
    for name in ("index.html", "page.css", "app.js", "signing.js", "viewer.js", "view.js", "api.js"):
        text = (module.ROOT / "page" / name).read_text(encoding="utf-8")
        assert not re.search(r"https?://", text), name
        assert "innerHTML" not in text, name


def test_colours_are_those_of_the_design_system() -> None:
    pattern = re.compile(r"--([\w-]+):\s*(#[0-9a-f]{6})")
    tokens = dict(pattern.findall((ROOT / "api/infra/web/static/tokens.css").read_text(encoding="utf-8")))
    own = dict(pattern.findall((module.ROOT / "page" / "page.css").read_text(encoding="utf-8")))
    assert own
    assert own == {name: tokens[name] for name in own}
