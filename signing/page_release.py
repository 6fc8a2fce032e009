"""The signing page as a release: a fixed set of static files whose digest event E08 names (DESIGN §3).

digest = SHA-256(JCS{v: 1, kind: "concord.page-release/1", files: [{path, sha256}, …]}), files sorted by path. The files are
`signing/page/*`, the modules of `signing/js/` under `js/`, and an explicit list of files from npm packages under `vendor/`.
Nothing else is ever served under the release's address, so whoever fetches the files can recompute the digest.
"""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from signing import jcs

KIND: Final = "concord.page-release/1"
ROOT: Final = Path(__file__).resolve().parent

VENDORED: Final[Mapping[str, str]] = {
    "vendor/noble/hashes/sha3.js": "@noble/hashes/sha3.js",
    "vendor/noble/hashes/_u64.js": "@noble/hashes/_u64.js",
    "vendor/noble/hashes/utils.js": "@noble/hashes/utils.js",
    "vendor/pdfjs/pdf.min.mjs": "pdfjs-dist/legacy/build/pdf.min.mjs",
    "vendor/pdfjs/pdf.worker.min.mjs": "pdfjs-dist/legacy/build/pdf.worker.min.mjs",
}

MEDIA_TYPES: Final[Mapping[str, str]] = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


class PageFileMissing(Exception):
    """A file of the signing page is not on this machine; the packages have not been installed."""

    def __init__(self, path: str, source: Path) -> None:
        self.path = path
        self.source = source
        super().__init__(f"signing page: {path} is missing at {source}; install the npm packages first")


@dataclass(frozen=True)
class PageFile:
    """One file of the release: where its bytes are, and what it is served as."""

    source: Path
    media_type: str
    sha256: str


@dataclass(frozen=True)
class PageRelease:
    """The files of the signing page by their path, and the digest that names them all."""

    digest: str
    files: Mapping[str, PageFile]

    def served(self) -> dict[str, tuple[Path, str]]:
        """Path → (file, media type), as the web layer serves them."""
        return {path: (file.source, file.media_type) for path, file in self.files.items()}

    def stage(self, folder: Path) -> None:
        """Copy the release's files into a folder, in their layout."""
        for path, file in self.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file.source, target)


def release_digest(digests: Mapping[str, str]) -> str:
    """The digest of a release from its files' SHA-256 by path (hex)."""
    files: list[jcs.JSON] = [{"path": path, "sha256": digests[path]} for path in sorted(digests)]
    return jcs.digest({"v": 1, "kind": KIND, "files": files}).hex()


def page_release(node_modules: Path) -> PageRelease:
    """Collect the release of this installation. Raises PageFileMissing when a package file is absent."""
    sources: dict[str, Path] = {}
    for folder, prefix in ((ROOT / "page", ""), (ROOT / "js", "js/")):
        for source in sorted(folder.rglob("*")):
            if source.is_file() and source.suffix in MEDIA_TYPES:
                sources[prefix + source.relative_to(folder).as_posix()] = source
    for path, name in VENDORED.items():
        sources[path] = node_modules / name
    files: dict[str, PageFile] = {}
    for path in sorted(sources):
        source = sources[path]
        if not source.is_file():
            raise PageFileMissing(path, source)
        digest = hashlib.sha256(source.read_bytes()).hexdigest()
        files[path] = PageFile(source, MEDIA_TYPES[source.suffix], digest)
    return PageRelease(release_digest({path: file.sha256 for path, file in files.items()}), files)
