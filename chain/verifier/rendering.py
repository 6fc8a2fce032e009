"""The renderer that step 20 may be given: a child process that typesets the data again (DESIGN §8)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


@dataclass(frozen=True)
class RenderingResult:
    """`rendered` with the digest of the base PDF; `unavailable` with the reason; `refused` or `failed`."""

    outcome: str
    base_pdf_sha256: str | None
    reason: str
    facts: dict[str, Any]


class RenderingCheck(Protocol):
    """Typesets `data_json` with the template of that hash by the renderer of that id."""

    def __call__(self, *, template_sha256: str, renderer_id: str, data_json: bytes) -> RenderingResult:
        """Return what came out; never raises for bad data."""
        ...


@dataclass(frozen=True)
class ChildRenderer:
    """Renders in `signing.rendering`'s limited child process with the fonts of these folders."""

    fonts: tuple[Path, ...]
    seconds: float = 20.0
    megabytes: int = 1024

    @classmethod
    def with_fonts(cls, fonts: Sequence[Path]) -> ChildRenderer:
        """Make one for font folders or files."""
        return cls(tuple(fonts))

    def __call__(self, *, template_sha256: str, renderer_id: str, data_json: bytes) -> RenderingResult:
        """Start the child and wait for it."""
        from signing.rendering.child_client import render_in_child

        found = render_in_child(
            template_sha256=template_sha256,
            renderer_id=renderer_id,
            data_json=data_json,
            fonts=self.fonts,
            timeout_s=self.seconds,
            memory_mb=self.megabytes,
        )
        return RenderingResult(found.outcome, found.base_pdf_sha256, found.sub_indication, dict(found.facts))
