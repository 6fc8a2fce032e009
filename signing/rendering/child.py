"""Renders one document again in a process of its own: JSON on standard input, its digest on standard output.

Used by the verifier's rendering step on data that an unknown sender supplied. The parent (`child_client`) sets a
wall-clock limit; this process limits its own memory, CPU time and files before it reads a byte, and writes none.

    python -m signing.rendering.child < request.json
    request  {"template_sha256", "renderer_id", "data": "<canonical JSON>", "fonts": [folders], "memory_mb"}
    answer   {"outcome": "rendered|unavailable|refused", "base_pdf_sha256", "sub_indication", "facts"}
"""

from __future__ import annotations

import json
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from signing.rendering.errors import FONTS_MISSING, RenderingError
from signing.rendering.fonts import FontBook
from signing.rendering.renderer import Renderer

MAX_REQUEST = 8 * 1024 * 1024
CPU_SECONDS = 30
OPEN_FILES = 64


def answer(request: Mapping[str, Any]) -> dict[str, Any]:
    """Renders what `request` asks for and reports the digest of the base PDF, or why there is none."""
    try:
        renderer = Renderer(FontBook.load([Path(folder) for folder in request["fonts"]]))
    except RenderingError as error:
        return _result("unavailable", None, error.code, error.facts)
    if renderer.renderer_id != request["renderer_id"]:
        return _result("unavailable", None, "RENDERER_UNKNOWN", {"here": renderer.renderer_id})
    template_id = renderer.templates().get(request["template_sha256"])
    if template_id is None:
        return _result("unavailable", None, "TEMPLATE_UNKNOWN", {})
    try:
        data = json.loads(request["data"])
        if not isinstance(data, dict):
            return _result("refused", None, "DATA_INVALID", {"reason": "not an object"})
        rendered = renderer.render(template_id, data, check_glyphs=False)
    except RenderingError as error:
        outcome = "unavailable" if error.code == FONTS_MISSING else "refused"
        return _result(outcome, None, error.code, error.facts)
    except (ValueError, RecursionError) as error:
        return _result("refused", None, "DATA_INVALID", {"reason": str(error)[:200]})
    return _result("rendered", rendered.sha256, "", {"pages": rendered.pages})


def _result(outcome: str, digest: str | None, sub: str, facts: Mapping[str, str | int]) -> dict[str, Any]:
    return {"outcome": outcome, "base_pdf_sha256": digest, "sub_indication": sub, "facts": dict(facts)}


def limit(memory_mb: int) -> None:
    """Sets this process's limits; they can't be raised again."""
    size = memory_mb * 1024 * 1024
    resource.setrlimit(resource.RLIMIT_AS, (size, size))
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_NOFILE, (OPEN_FILES, OPEN_FILES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> int:
    """Entry of the process. Exit code 0 whenever an answer was written."""
    raw = sys.stdin.buffer.read(MAX_REQUEST + 1)
    if len(raw) > MAX_REQUEST:
        return 2
    request = json.loads(raw)
    limit(int(request["memory_mb"]))
    sys.stdout.write(json.dumps(answer(request)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
