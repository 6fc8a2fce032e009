"""The source manifest: one digest for the program that runs, as packages name it (evidence spec, 3.3).

digest = SHA-256(JCS{v: 1, kind: "concord.source/1", files: [{path, sha256}, …]}), files ascending by path. It covers what the
program is made of and nothing that set-up or running it leaves behind: a checkout of the same release gives the same digest.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final

from signing import jcs

KIND: Final = "concord.source/1"
FOLDERS: Final = ("api", "chain", "node", "scripts", "signing")
FILES: Final = ("package-lock.json", "pyproject.toml")
SUFFIXES: Final = frozenset(
    {
        ".py",
        ".js",
        ".mjs",
        ".html",
        ".css",
        ".svg",
        ".typ",
        ".json",
        ".po",
        ".txt",
        ".go",
        ".sh",
        ".webmanifest",
    }
)
PRODUCTS: Final = ("chain/verifier_js/dist/",)
"""Made from the sources at set-up: what they hold is in the list already."""
REPOSITORY: Final = Path(__file__).resolve().parent.parent


def source_files(root: Path = REPOSITORY) -> dict[str, str]:
    """SHA-256 (hex) of every file of the program by its path under `root`."""
    found = [root / name for name in FILES]
    for folder in FOLDERS:
        found += [path for path in (root / folder).rglob("*") if path.suffix in SUFFIXES]
    listed = {path.relative_to(root).as_posix(): path for path in found if path.is_file()}
    return {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in sorted(listed.items())
        if not any(part.startswith((".", "__pycache__")) for part in Path(name).parts)
        and not name.startswith(PRODUCTS)
    }


def source_manifest(root: Path = REPOSITORY) -> dict[str, Any]:
    """The manifest of the program under `root`."""
    files = [{"path": path, "sha256": digest} for path, digest in sorted(source_files(root).items())]
    return {"v": 1, "kind": KIND, "files": files}


def source_digest(root: Path = REPOSITORY) -> str:
    """The manifest's digest, hex."""
    return jcs.digest(source_manifest(root)).hex()
