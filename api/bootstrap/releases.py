"""The process's releases: what the source tree offers, what the log has, and who serves it.

Signing rounds, contracts, the renderer and the web layer ask here; without release keys they get the source tree, as an
installation without releases always did.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from api.evidence.service.release_files import ReleaseFiles
from api.evidence.service.releases import PAGE, PAGE_ID, TEMPLATE, Released, Releases
from api.kernel.errors import conflict, not_found, unavailable
from api.kernel.events import EventRef
from chain.checkpoint import LogKey, Verifier
from signing.page_release import MEDIA_TYPES, page_release
from signing.rendering.renderer import SOURCES, template_files

if TYPE_CHECKING:
    from collections.abc import Sequence

    from api.bootstrap.container import Container

_lock = threading.Lock()
_made: WeakKeyDictionary[Container, Releases] = WeakKeyDictionary()


def releases(c: Container) -> Releases:
    """The releases of this container, made on first use."""
    with _lock:
        if c not in _made:
            _made[c] = _build(c)
        return _made[c]


def _build(c: Container) -> Releases:
    from api.bootstrap.evidence import AnchoredLog
    from api.bootstrap.trust_root_files import trust_files

    node_modules = c.settings.node_modules.absolute()

    def keys() -> Sequence[str]:
        signed = None if c.settings.trust_root_file is None else trust_files(c.settings).current()
        return () if signed is None else signed.root.release_keys

    def sources(kind: str, release_id: str) -> Mapping[str, Path]:
        if kind == PAGE:
            return {path: file.source for path, file in page_release(node_modules).files.items()}
        return {path: SOURCES[release_id] / path for path in template_files(release_id)}

    def digests(kind: str, release_id: str) -> Mapping[str, str]:
        if kind == PAGE:
            return {path: file.sha256 for path, file in page_release(node_modules).files.items()}
        return template_files(release_id)

    return Releases(
        c.uow,
        lambda: c.recorder,
        AnchoredLog(c),
        ReleaseFiles(c.settings.data_dir / "releases"),
        c.settings.log_origin,
        keys,
        sources,
        digests,
        {PAGE: (PAGE_ID,), TEMPLATE: tuple(SOURCES)},
        enabled=bool(c.settings.release_vkeys),
    )


def current_page(c: Container) -> tuple[str, EventRef | None]:
    """Digest and event of the signing page in force; raises unavailable before the first release is in the log."""
    found = releases(c)
    if not found.enabled:
        return source_page_digest(c), None
    page = found.current(PAGE, PAGE_ID)
    if page is None:
        raise unavailable("evidence.release_pending")
    return page.release.digest, page.event


def source_page_digest(c: Container) -> str:
    """The digest of the page in the source tree, read once in a process."""
    with _lock:
        if c not in _source_pages:
            _source_pages[c] = page_release(c.settings.node_modules.absolute()).digest
        return _source_pages[c]


_source_pages: WeakKeyDictionary[Container, str] = WeakKeyDictionary()


def page_files(c: Container, digest: str) -> Mapping[str, tuple[Path, str]]:
    """The files of an anchored release of the signing page; empty for any other digest."""
    found = releases(c)
    item: Released | None = found.anchored(PAGE, digest)
    folder = None if item is None else found.folder(item.release)
    if item is None or folder is None:
        return {}
    return {path: (folder / path, MEDIA_TYPES[Path(path).suffix]) for path, _ in item.release.files}


def template_folders(c: Container) -> Mapping[str, Path]:
    """Where the renderer reads each template now: its release in force, or the source tree where nothing is released."""
    found = releases(c)
    if not found.enabled:
        return SOURCES
    folders: dict[str, Path] = {}
    for release_id in SOURCES:
        item = found.current(TEMPLATE, release_id)
        if item is None:
            raise unavailable("evidence.release_pending")
        folder = found.folder(item.release)
        if folder is not None:
            folders[release_id] = folder
    return folders


def template_event(c: Container, digest: str) -> EventRef | None:
    """The event that released the template of this digest, for E06 to cite; None where nothing is released."""
    found = releases(c)
    item = found.anchored(TEMPLATE, digest) if found.enabled else None
    return None if item is None else item.event


def release_first(c: Container) -> list[str]:
    """Release what this installation has never released, with the key at hand; one line for each. For the first start.

    Later releases are an operator's decision. Without a key here nothing is released, and the line says how to do it.
    """
    found = releases(c)
    if not found.enabled:
        return []
    missing = [(item.kind, item.id) for item in found.status() if not (item.current or item.pending)]
    return [release(c, kind, release_id) for kind, release_id in missing]


def release(
    c: Container,
    kind: str,
    release_id: str,
    key_file: Path | None = None,
    signed: Path | None = None,
    out: Path | None = None,
) -> str:
    """Release what the source tree holds now; the line for the operator says what became of it.

    `signed` is a note made elsewhere; else a key signs, the named one or the settings'; without any the statement to be
    signed is written to `out`. Raises DomainError, OSError, ValueError for a key file that holds no key.
    """
    found = releases(c)
    if not found.enabled:
        raise conflict("evidence.releases_off")
    if kind == TEMPLATE and release_id not in SOURCES:
        raise not_found("evidence.release_unknown")
    proposal = found.propose(kind, release_id)
    named = f"{kind} {release_id} {proposal.release.digest}"
    if proposal.settled:
        return f"unchanged {named}"
    key_file = key_file or c.settings.release_key_file
    if signed is not None:
        event = found.record(proposal, signed.read_bytes())
    elif key_file is not None:
        event = found.sign_and_record(proposal, _release_key(c, key_file))
    else:
        target = out or Path(f"release-{kind}-{proposal.release.number}.txt")
        target.write_bytes(proposal.statement)
        return (
            f"waiting {named}\n待签 to be signed: {target}; concord release sign {target} --key KEY --name NAME; "
            f"concord release {kind} --signed {target}.note"
        )
    return f"released {named} #{event.seq}"


def _release_key(c: Container, path: Path) -> LogKey:
    """The key in a file, under the name that the settings list it with."""
    seed = bytes.fromhex(path.read_text("ascii").strip())
    public = LogKey.from_seed("unnamed", seed).verifier.public
    for vkey in c.settings.release_vkeys:
        listed = Verifier.parse(vkey)
        if listed.public == public:
            return LogKey.from_seed(listed.name, seed)
    raise ValueError(f"{path}: 不在 release_vkeys 之中 / not one of release_vkeys")
