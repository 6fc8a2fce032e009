"""Static files: one release of every file that pages load, addressed by its digest and cached for ever.

Sources are `api/infra/web/static` (area "web"), each slice's `static/` folder (area = slice) and an explicit
allow-list of files from npm packages (area "vendor"): no bundler, no CDN, no directory listing. The release
digest stands in the path, so that relative imports between ES modules stay inside one release.
"""

from __future__ import annotations

import gzip
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from starlette.requests import Request
from starlette.responses import FileResponse, Response

MEDIA_TYPES: Mapping[str, str] = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".mjs": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".webmanifest": "application/manifest+json",
    ".txt": "text/plain; charset=utf-8",
    ".html": "text/html; charset=utf-8",
}

VENDORED: Mapping[str, str] = {
    "htmx/htmx.min.js": "htmx.org/dist/htmx.min.js",
    "pdfjs/pdf.min.mjs": "pdfjs-dist/legacy/build/pdf.min.mjs",
    "pdfjs/pdf.worker.min.mjs": "pdfjs-dist/legacy/build/pdf.worker.min.mjs",
    "echarts/echarts.mjs": "echarts/dist/echarts.esm.min.mjs",
    "noble/hashes/sha3.js": "@noble/hashes/sha3.js",
    "noble/hashes/_u64.js": "@noble/hashes/_u64.js",
    "noble/hashes/utils.js": "@noble/hashes/utils.js",
}

COMPRESSED = frozenset({".css", ".js", ".mjs", ".json", ".svg", ".html", ".txt"})

IMMUTABLE = "public, max-age=31536000, immutable"


class MissingAsset(Exception):
    """A file that pages need is not there; the set-up did not run or a name is misspelt."""

    def __init__(self, name: str, path: Path | None = None) -> None:
        self.name = name
        self.path = path
        where = f" ({path})" if path else ""
        super().__init__(f"static file {name!r} is missing{where}; run ./scripts/run to install the packages")


@dataclass(frozen=True)
class Asset:
    """One file as it is served."""

    path: Path
    media_type: str
    sha256: str


class Assets:
    """All static files of this process. Raises MissingAsset when an allow-listed package file is absent."""

    def __init__(self, api_root: Path, node_modules: Path) -> None:
        found: dict[str, Path] = {}
        for folder in sorted(api_root.glob("*/static")):
            _collect(folder, folder.parent.name, found)
        _collect(api_root / "infra" / "web" / "static", "web", found)
        for name, source in VENDORED.items():
            found[f"vendor/{name}"] = node_modules / source
        self.files: dict[str, Asset] = {name: _asset(name, path) for name, path in sorted(found.items())}
        listing = "\n".join(f"{asset.sha256} {name}" for name, asset in self.files.items())
        self.release = hashlib.sha256(listing.encode()).hexdigest()[:16]

    def url(self, name: str) -> str:
        """The address of a file in this release, e.g. `url("web/app.js")`."""
        if name not in self.files:
            raise MissingAsset(name)
        return f"/static/{self.release}/{name}"

    def serve(self, request: Request) -> Response:
        """Answer `/static/{release}/{path}` (cached for ever) and `/static/{path}` (asked again)."""
        path: str = request.path_params["path"]
        release, _, rest = path.partition("/")
        name, cache = (rest, IMMUTABLE) if release == self.release else (path, "no-cache")
        asset = self.files.get(name)
        if asset is None and rest in self.files and _is_release(release):
            asset, cache = self.files[rest], "no-cache"  # a page of an earlier release is still open
        if asset is None:
            return Response("not found", status_code=404, media_type="text/plain")
        etag = f'"{asset.sha256[:32]}"'
        headers = {"Cache-Control": cache, "ETag": etag}
        if request.headers.get("if-none-match") == etag:
            return Response(status_code=304, headers=headers)
        return file_response(request, asset.path, asset.media_type, headers)


def file_response(request: Request, path: Path, media_type: str, headers: Mapping[str, str]) -> Response:
    """A file that never changes while the process runs, compressed once where the browser takes it."""
    if "gzip" not in request.headers.get("accept-encoding", "") or path.suffix not in COMPRESSED:
        return FileResponse(path, media_type=media_type, headers=dict(headers))
    packed = {**headers, "Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
    return Response(_packed(path), media_type=media_type, headers=packed)


@lru_cache(maxsize=256)
def _packed(path: Path) -> bytes:
    return gzip.compress(path.read_bytes(), 6, mtime=0)


def _is_release(text: str) -> bool:
    return len(text) == 16 and all(c in "0123456789abcdef" for c in text)


def _collect(folder: Path, area: str, found: dict[str, Path]) -> None:
    for path in folder.rglob("*"):
        if path.is_file() and path.suffix in MEDIA_TYPES:
            found[f"{area}/{path.relative_to(folder).as_posix()}"] = path


def _asset(name: str, path: Path) -> Asset:
    if not path.is_file():
        raise MissingAsset(name, path)
    return Asset(path, MEDIA_TYPES[path.suffix], hashlib.sha256(path.read_bytes()).hexdigest())
