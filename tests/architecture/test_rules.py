"""The house rules that a machine can check: directions of imports, sizes, names, style, types, secrets of the trade."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
BANNED_NAMES = {"utils", "util", "helpers", "helper", "manager", "common", "misc", "base"}
LIMITS = {".py": 500, ".sol": 300}
ROUTER_LIMIT = 200


def tracked(*patterns: str) -> list[Path]:
    """Files that git tracks or would track, by glob."""
    done = subprocess.run(
        ["git", "ls-files", "-co", "--exclude-standard", "--", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def run(*command: str) -> None:
    """Run a checker; its output is the failure's text."""
    done = subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]


def test_imports_keep_their_directions() -> None:
    run("-c", "from importlinter.cli import lint_imports; import sys; sys.exit(lint_imports(no_cache=True))")


def test_ruff_finds_nothing() -> None:
    run("-m", "ruff", "check", "--no-cache", ".")


def test_ruff_would_not_reformat_anything() -> None:
    run("-m", "ruff", "format", "--check", "--no-cache", ".")


@pytest.mark.slow
def test_types_are_strict() -> None:
    run("-m", "mypy", "--no-error-summary")


def test_files_keep_their_size() -> None:
    too_long = []
    for path in tracked("*.py", "*.sol"):
        lines = len(path.read_text("utf-8").splitlines())
        limit = LIMITS[path.suffix]
        router = path.stem.startswith("router") or path.parent.name == "router"
        if path.suffix == ".py" and router and "api" in path.parts:
            limit = ROUTER_LIMIT
        if "versions" not in path.parts and lines > limit:
            too_long.append(f"{path.relative_to(ROOT)}: {lines} > {limit}")
    assert not too_long, "\n".join(too_long)


def test_no_file_hides_what_it_holds_behind_its_name() -> None:
    bad = [p for p in tracked("*.py", "*.sol", "*.js", "*.mjs") if p.stem.lower() in BANNED_NAMES]
    assert not bad


def test_every_module_says_what_it_owns() -> None:
    silent = []
    for path in tracked("api/*.py", "chain/*.py", "node/*.py", "signing/*.py", "scripts/*.py"):
        text = path.read_text("utf-8").lstrip()
        if text and not text.startswith(('"""', 'r"""', "#!")):
            silent.append(str(path.relative_to(ROOT)))
    assert not silent, silent


def test_no_placeholders_on_product_paths() -> None:
    word = re.compile(r"\b(TODO|FIXME|XXX|raise NotImplementedError|not implemented)\b")
    found = []
    for path in tracked("api/**", "chain/**", "node/**", "signing/**", "contracts/src/**", "scripts/**"):
        if path.suffix in {".py", ".sol", ".js", ".mjs", ".html", ".sh"}:
            for number, line in enumerate(path.read_text("utf-8").splitlines(), 1):
                if word.search(line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}")
    assert not found, "\n".join(found)


def test_lock_files_name_no_registry() -> None:
    for path in [*tracked("requirements/*.txt"), ROOT / "package-lock.json"]:
        text = path.read_text("utf-8")
        assert "--index-url" not in text
        assert "--extra-index-url" not in text
        assert '"resolved": "http' not in text


def test_every_dependency_is_locked_with_a_hash() -> None:
    for path in tracked("requirements/*.txt"):
        blocks = [b for b in re.split(r"\n(?=\S)", path.read_text("utf-8").strip()) if "==" in b]
        assert blocks
        assert all("--hash=sha256:" in block for block in blocks), path
