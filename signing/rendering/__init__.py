"""Documents as PDF: rendering with Typst, reserved signature boxes, stamps, and rendering again to check a file.

The names below load on first use: readers of attachments and the verifier's parent process need no typesetter.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from signing.rendering.errors import RenderingError
    from signing.rendering.fonts import FontBook
    from signing.rendering.renderer import Rendered, Renderer, SignatureBox

__all__ = ["FontBook", "Rendered", "Renderer", "RenderingError", "SignatureBox"]

_HOMES = {
    "FontBook": "fonts",
    "Rendered": "renderer",
    "Renderer": "renderer",
    "RenderingError": "errors",
    "SignatureBox": "renderer",
}


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{home}"), name)
