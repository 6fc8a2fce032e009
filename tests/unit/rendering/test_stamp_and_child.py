"""Stamps fit their box and carry no time; the child process renders within limits and answers honestly."""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import rfc8785

from signing.rendering import Renderer, RenderingError
from signing.rendering import child as child_module
from signing.rendering.attachment import read_attachment
from signing.rendering.child_client import render_in_child

Document = Callable[..., dict[str, Any]]


def png(width: int, height: int) -> bytes:
    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\x00" + b"\xc8\x10\x10" * width for _ in range(height))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def test_a_stamp_has_exactly_the_size_asked_for(renderer: Renderer) -> None:
    pdf = renderer.stamp(["李小龘", "劳动者电子签名"], width=215.433, height=136.063, test=True)
    page = pypdfium2.PdfDocument(pdf)[0]
    assert page.get_size() == (pytest.approx(215.433, abs=0.01), pytest.approx(136.063, abs=0.01))
    text = page.get_textpage().get_text_range()
    assert "李小龘" in text
    assert "TEST" in text


def test_a_stamp_is_reproducible_and_names_test_only_when_asked(renderer: Renderer) -> None:
    one = renderer.stamp(["甲"], width=200, height=100, test=False)
    assert one == renderer.stamp(["甲"], width=200, height=100, test=False)
    assert "TEST" not in pypdfium2.PdfDocument(one)[0].get_textpage().get_text_range()


def test_the_seal_variant_shows_the_registered_picture(renderer: Renderer) -> None:
    plain = renderer.stamp(["示例公司"], width=215, height=136, test=True)
    sealed = renderer.stamp(["示例公司"], width=215, height=136, test=True, picture=png(120, 120))
    assert b"/Subtype/Image" not in plain.replace(b" ", b"")
    bitmap = pypdfium2.PdfDocument(sealed)[0].render(scale=1)
    pixel = 40 * bitmap.stride + 40 * bitmap.n_channels
    blue, green, red = bytes(bitmap.buffer)[pixel : pixel + 3]
    assert red > 180
    assert max(blue, green) < 60


@pytest.mark.parametrize(
    "picture",
    [
        b"GIF89a" + b"0" * 60,
        png(2500, 70),
        png(10, 10),
        b"\x89PNG\r\n\x1a\n" + b"0" * 600_000,
        png(90, 90)[:60],
    ],
)
def test_bad_pictures_are_refused(renderer: Renderer, picture: bytes) -> None:
    with pytest.raises(RenderingError, match="PICTURE_INVALID"):
        renderer.stamp(["甲"], width=200, height=100, test=False, picture=picture)


@pytest.mark.parametrize("lines", [[], [""], ["甲"] * 7, ["a\nb"]])
def test_stamp_lines_are_few_and_single(renderer: Renderer, lines: list[str]) -> None:
    with pytest.raises(RenderingError, match="DATA_INVALID"):
        renderer.stamp(lines, width=200, height=100, test=False)


def test_a_long_name_shrinks_instead_of_leaving_the_box(renderer: Renderer) -> None:
    pdf = renderer.stamp(
        ["重庆市九龙坡区某某某某某某某某某某某某有限责任公司"], width=215, height=136, test=False
    )
    page = pypdfium2.PdfDocument(pdf)[0]
    textpage = page.get_textpage()
    boxes = [textpage.get_charbox(index) for index in range(textpage.count_chars())]
    assert max(box[2] for box in boxes) < 213


def test_the_child_renders_the_same_digest(renderer: Renderer, fonts: list[Path], document: Document) -> None:
    rendered = renderer.render("agreement/1", document())
    result = render_in_child(
        template_sha256=rendered.template_sha256,
        renderer_id=rendered.renderer_id,
        data_json=read_attachment(rendered.pdf),
        fonts=fonts,
    )
    assert (result.outcome, result.base_pdf_sha256) == ("rendered", rendered.sha256)


def test_the_child_stops_at_its_memory_and_time_limits(
    renderer: Renderer, fonts: list[Path], document: Document
) -> None:
    rendered = renderer.render("agreement/1", document())
    common = {
        "template_sha256": rendered.template_sha256,
        "renderer_id": rendered.renderer_id,
        "data_json": rendered.data_json,
        "fonts": fonts,
    }
    starved = render_in_child(**common, memory_mb=120)  # type: ignore[arg-type]
    assert starved.outcome in ("failed", "unavailable")
    assert starved.base_pdf_sha256 is None
    assert render_in_child(**common, timeout_s=0.01).sub_indication == "TIMEOUT"  # type: ignore[arg-type]


def ask(renderer: Renderer, folders: list[Path], data: bytes, **changes: Any) -> dict[str, Any]:
    request = {
        "template_sha256": renderer.template_sha256("agreement/1"),
        "renderer_id": renderer.renderer_id,
        "data": data.decode(),
        "fonts": [str(folder) for folder in folders],
    }
    return child_module.answer(request | changes)


def test_what_is_not_here_is_unavailable_not_wrong(
    renderer: Renderer, fonts: list[Path], document: Document
) -> None:
    data = rfc8785.dumps(document())
    assert ask(renderer, fonts, data, template_sha256="f" * 64)["sub_indication"] == "TEMPLATE_UNKNOWN"
    assert ask(renderer, fonts, data, renderer_id="typst-9.9.9/x")["sub_indication"] == "RENDERER_UNKNOWN"
    assert ask(renderer, fonts, data, fonts=["/nowhere"])["sub_indication"] == "FONTS_MISSING"


@pytest.mark.parametrize("data", [b"[]", b"{", b'{"v":1}', b"[" * 5000])
def test_data_that_breaks_the_rules_is_refused(renderer: Renderer, fonts: list[Path], data: bytes) -> None:
    result = ask(renderer, fonts, data)
    assert result["outcome"] == "refused"
    assert json.dumps(result)


def test_no_attachment_in_another_pdf(renderer: Renderer) -> None:
    stamp = renderer.stamp(["甲"], width=200, height=100, test=False)
    for pdf in (stamp, b"", b"%PDF-1.7 nothing"):
        with pytest.raises(RenderingError, match="DATA_INVALID"):
            read_attachment(pdf)
