"""Build the second verifier's one HTML file: `chain/verifier_js/dist/verifier.html`.

Everything is inlined: our modules and the npm libraries by esbuild (from npm, pinned, not minified, so that an expert
can read it), the style sheet, the texts of steps and sub-indications. The content security policy names the digests of
the one script and the one style and forbids every connection. The same sources give the same bytes; `--check` builds
again and compares. No trust root and no fingerprint is ever put inside. The file is a product, not a source: set-up
(`scripts/setup.sh`) makes it, git ignores it.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from chain.verifier.texts import OUTCOME_TEXTS, STEP_TEXTS, SUB_TEXTS, VERDICT_TEXTS

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "chain" / "verifier_js"
TARGET = FOLDER / "dist" / "verifier.html"
TOKENS = ROOT / "api" / "infra" / "web" / "static" / "tokens.css"
BUNDLER = ROOT / "node_modules" / "@esbuild" / "linux-x64" / "bin" / "esbuild"
TARGETS = "chrome103,firefox113,safari16.4"
"""Browsers of 2023 and later: WebCrypto, DecompressionStream and what the modules use of the language is there."""


class BuildFailed(Exception):
    """The bundler is missing or refused the sources; the message holds what it said."""


def texts() -> dict[str, Any]:
    """Chinese and English of everything that a report can say."""
    return {
        "steps": {str(no): text for no, text in sorted(STEP_TEXTS.items())},
        "outcomes": {outcome.value: text for outcome, text in OUTCOME_TEXTS.items()},
        "verdicts": {outcome.value: text for outcome, text in VERDICT_TEXTS.items()},
        "subs": dict(sorted(SUB_TEXTS.items())),
    }


def script() -> str:
    """The page's one script: all modules and libraries, started with the texts."""
    if not BUNDLER.is_file():
        raise BuildFailed(f"{BUNDLER.relative_to(ROOT)} 不存在，请运行 npm ci / is missing: run npm ci")
    shown = json.dumps(texts(), ensure_ascii=False, sort_keys=True)
    entry = f'import {{ start }} from "./chain/verifier_js/page/app.js";\nstart({shown});\n'
    bundled = _bundler(
        entry.encode(),
        "--bundle",
        "--format=iife",
        "--platform=browser",
        "--preserve-symlinks",
        "--minify-whitespace",  # the only way to drop comments of libraries, such as their notes to themselves
        "--sourcefile=start.js",
    )
    return _bundler(bundled, "--loader=js").decode()  # laid out again, for people to read


def _bundler(source: bytes, *options: str) -> bytes:
    common = ("--charset=utf8", "--legal-comments=inline", "--log-level=warning", f"--target={TARGETS}")
    done = subprocess.run(
        [str(BUNDLER), *common, *options], input=source, capture_output=True, cwd=ROOT, check=False
    )
    if done.returncode != 0:
        raise BuildFailed(done.stderr.decode("utf-8", "replace"))
    return done.stdout


def _source(text: str) -> str:
    """Digest of an inline element as CSP writes it."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def build() -> bytes:
    """Return the bytes of the file. Raises BuildFailed."""
    code = script()
    if "</script" in code.lower() or "<!--" in code:
        raise BuildFailed("the script holds a text that would end its element early")
    style = (
        TOKENS.read_text("utf-8").split("\nhtml.worker")[0]
        + "\n"
        + (FOLDER / "page/page.css").read_text("utf-8")
    )
    policy = (
        f"default-src 'none'; script-src {_source(code)}; style-src {_source(style)}; "
        "img-src data:; base-uri 'none'; form-action 'none'"
    )
    page = (FOLDER / "page" / "page.html").read_text("utf-8")
    for mark, text in (("@CSP@", policy), ("@STYLE@", style), ("@SCRIPT@", code)):
        before, found, after = page.partition(mark)
        if not found or mark in after:
            raise BuildFailed(f"page.html must hold {mark} once")
        page = before + text + after
    return page.encode()


def main() -> None:
    """Write the file, or with `--check` compare it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="build again and compare with the file that is there"
    )
    check = parser.parse_args().check
    try:
        made = build()
    except BuildFailed as error:
        sys.exit(str(error))
    digest = hashlib.sha256(made).hexdigest()
    if check:
        if not TARGET.is_file() or TARGET.read_bytes() != made:
            sys.exit(
                f"{TARGET.relative_to(ROOT)} is not what the sources give: run .venv/bin/python -m scripts.build_verifier"
            )
        print(f"same bytes: {digest}")
        return
    TARGET.parent.mkdir(exist_ok=True)
    fresh = TARGET.with_suffix(f".{os.getpid()}")
    fresh.write_bytes(made)
    fresh.replace(TARGET)  # whoever serves or opens the file has the old one or the new one, never a part
    print(f"{TARGET.relative_to(ROOT)}: {len(made):,} bytes, SHA-256 {digest}")


if __name__ == "__main__":
    main()
