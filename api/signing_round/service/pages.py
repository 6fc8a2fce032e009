"""Pictures of pages for browsers that can't draw a PDF (WeChat's web view, old phones)."""

from __future__ import annotations

import struct
import threading
import zlib
from typing import Any

import pypdfium2

from api.kernel.errors import not_found

_pdfium: Any = pypdfium2
_lock = threading.Lock()
"""pdfium is not thread-safe."""


def draw_page(pdf: bytes, number: int, width: int = 1080) -> bytes:
    """Draw one page (from 1) `width` pixels wide (320 to 2400), signatures' stamps included, as PNG.

    Raises not_found beyond the last page.
    """
    width = max(320, min(width, 2400))
    with _lock:
        document = _pdfium.PdfDocument(pdf)
        try:
            if not 1 <= number <= len(document):
                raise not_found("signing.page_missing")
            document.init_forms()
            page = document[number - 1]
            bitmap = page.render(scale=width / page.get_width(), rev_byteorder=True, may_draw_forms=True)
            rows = _rows(bytes(bitmap.buffer), bitmap.width, bitmap.height, bitmap.stride, bitmap.n_channels)
            return _png(rows, bitmap.width, bitmap.height)
        finally:
            document.close()


def count_pages(pdf: bytes) -> int:
    """Number of pages."""
    with _lock:
        document = _pdfium.PdfDocument(pdf)
        try:
            return len(document)
        finally:
            document.close()


def _rows(pixels: bytes, width: int, height: int, stride: int, channels: int) -> bytes:
    """Scan lines of RGB, each preceded by PNG's filter byte 0."""
    out = bytearray()
    for row in range(height):
        line = pixels[row * stride : row * stride + width * channels]
        out.append(0)
        if channels == 4:
            plain = bytearray(width * 3)
            for channel in range(3):
                plain[channel::3] = line[channel::4]
            line = bytes(plain)
        out += line
    return bytes(out)


def _png(rows: bytes, width: int, height: int) -> bytes:
    """A PNG file (ISO/IEC 15948): 8-bit RGB, no interlace."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return (
            struct.pack(">I", len(data))
            + kind
            + data
            + struct.pack(">I", zlib.crc32(kind + data) & 0xFFFFFFFF)
        )

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = zlib.compress(rows, 6)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
