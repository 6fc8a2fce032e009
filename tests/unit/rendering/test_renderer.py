"""The renderer's promises: archival and accessible PDF, the same bytes again, text only as data, clear refusals."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
import threading
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import rfc8785
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.rendering import FontBook, Renderer, RenderingError
from signing.rendering import renderer as module
from signing.rendering.attachment import BOXES, read_attachment
from signing.rendering.characters import MAX_STRING

Document = Callable[..., dict[str, Any]]


def page_texts(pdf: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(pdf)
    return [page.get_textpage().get_text_range().replace("\r", "") for page in document]


def test_same_data_gives_the_same_bytes_and_other_data_others(renderer: Renderer, document: Document) -> None:
    first = renderer.render("agreement/1", document())
    other = renderer.render("agreement/1", document(title="聘用合同书"))
    again = renderer.render("agreement/1", document())
    assert first.pdf == again.pdf
    assert first.sha256 == hashlib.sha256(first.pdf).hexdigest() != other.sha256
    assert first.pdf.endswith(b"%%EOF\n")


def test_a_new_renderer_with_the_same_fonts_gives_the_same_bytes(
    renderer: Renderer, fonts: list[Path], document: Document
) -> None:
    second = Renderer(FontBook.load(list(reversed(fonts))))
    assert second.renderer_id == renderer.renderer_id
    assert second.render("agreement/1", document()).pdf == renderer.render("agreement/1", document()).pdf


def test_file_claims_and_has_the_parts_of_pdfa3a_and_ua1(renderer: Renderer, document: Document) -> None:
    root = PdfFileReader(BytesIO(renderer.render("agreement/1", document()).pdf)).root
    metadata = root["/Metadata"].data.decode()
    assert "<pdfaid:part>3</pdfaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert root["/MarkInfo"]["/Marked"]
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    assert root["/Lang"].startswith("zh")
    assert len(root["/OutputIntents"]) == 1
    assert "/StructTreeRoot" in root
    assert len(root["/AF"]) == 2
    assert not {"/OpenAction", "/AA", "/AcroForm"} & set(root)


@pytest.mark.skipif(shutil.which("qpdf") is None, reason="qpdf is not installed")
def test_qpdf_finds_nothing_wrong(renderer: Renderer, document: Document, tmp_path: Path) -> None:
    path = tmp_path / "base.pdf"
    path.write_bytes(renderer.render("agreement/1", document()).pdf)
    done = subprocess.run(["qpdf", "--check", str(path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_canonical_data_is_attached(renderer: Renderer, document: Document) -> None:
    data = document()
    rendered = renderer.render("agreement/1", data)
    assert read_attachment(rendered.pdf) == rendered.data_json == rfc8785.dumps(data)


def test_reserved_boxes_stand_on_the_last_page_and_are_attached(
    renderer: Renderer, document: Document
) -> None:
    rendered = renderer.render("agreement/1", document())
    worker, employer = rendered.boxes["Worker"], rendered.boxes["Employer"]
    assert worker.page == employer.page == rendered.pages - 1
    assert (worker.width, worker.height) == (
        pytest.approx(215.433, abs=0.01),
        pytest.approx(136.063, abs=0.01),
    )
    assert worker.x2 < employer.x1
    assert worker.y1 == employer.y1
    assert 0 < worker.y1 < worker.y2 < 842
    attached = json.loads(read_attachment(rendered.pdf, BOXES))
    assert attached["v"] == 1
    assert attached["boxes"][0] == {
        "field": "Worker",
        "page": worker.page,
        "x1": round(worker.x1 * 1000),
        "y1": round(worker.y1 * 1000),
        "x2": round(worker.x2 * 1000),
        "y2": round(worker.y2 * 1000),
    }


def test_boxes_do_not_move_with_the_text(renderer: Renderer, document: Document) -> None:
    short = renderer.render("agreement/1", document())
    long = document()
    long["clauses"][0]["text"] = "约定内容。" * 3000
    tall = renderer.render("agreement/1", long)
    assert tall.pages > short.pages
    assert tall.boxes["Worker"].page == tall.pages - 1
    assert tall.boxes["Worker"].y1 == short.boxes["Worker"].y1


@pytest.mark.parametrize(
    "text",
    [
        '#eval("1+1")',
        "$x^2$",
        "a \\ b // c",
        "`raw` *b* _i_ @ref <label>",
        '#include "/etc/passwd"',
        "= 标题",
        "</svg>",
    ],
)
def test_markup_in_user_text_is_shown_as_typed(renderer: Renderer, document: Document, text: str) -> None:
    data = document()
    data["clauses"][1]["text"] = text
    data["parties"][1]["rows"] = [["姓名", text]]
    pages = page_texts(renderer.render("agreement/1", data).pdf)
    assert "".join(pages).replace("\n", "").count(text) == 2


def test_clauses_are_numbered(renderer: Renderer, document: Document) -> None:
    text = "".join(page_texts(renderer.render("agreement/1", document()).pdf))
    assert "第一条" in text
    assert "第二条" in text
    assert "1.2" in text


def test_test_label_stands_on_every_page_only_when_asked(renderer: Renderer, document: Document) -> None:
    labelled = page_texts(renderer.render("agreement/1", document(test=True)).pdf)
    plain = page_texts(renderer.render("agreement/1", document(test=False)).pdf)
    assert all("TEST" in page for page in labelled)
    assert not any("TEST" in page for page in plain)


def test_english_document(renderer: Renderer, document: Document) -> None:
    text = "".join(
        page_texts(renderer.render("agreement/1", document(lang="en", title="Labour contract")).pdf)
    )
    assert "Article 1" in text
    assert "Signature page" in text


@pytest.mark.parametrize("character", ["𠮷", "😀", "\U00030ede"])
def test_a_missing_glyph_is_named_with_its_place(
    renderer: Renderer, document: Document, character: str
) -> None:
    data = document()
    data["parties"][1]["rows"][0][1] = f"李{character}"
    with pytest.raises(RenderingError) as caught:
        renderer.render("agreement/1", data)
    assert caught.value.code == "GLYPH_MISSING"
    assert caught.value.facts["character"] == character
    assert caught.value.facts["path"] == "/parties/1/rows/0/1"


@pytest.mark.parametrize(
    "character",
    ["\x00", "\x07", "\t", "\r", "\x7f", "\u200b", "\u202e", "\u2066", "\u2028", "\ufeff", "\ue000", "\xad"],
)
def test_characters_that_deceive_are_refused(renderer: Renderer, document: Document, character: str) -> None:
    data = document()
    data["clauses"][0]["text"] = f"工资{character}八千元"
    with pytest.raises(RenderingError) as caught:
        renderer.render("agreement/1", data)
    assert caught.value.code == "CHARACTER_FORBIDDEN"
    assert caught.value.facts == {"path": "/clauses/0/text", "codepoint": f"U+{ord(character):04X}"}


def test_two_hundred_kilobytes_in_one_field_are_refused_with_the_limit(
    renderer: Renderer, document: Document
) -> None:
    data = document()
    data["clauses"][0]["text"] = "x" * 200_000
    with pytest.raises(RenderingError) as caught:
        renderer.render("agreement/1", data)
    assert caught.value.code == "TEXT_TOO_LONG"
    assert caught.value.facts == {"path": "/clauses/0/text", "limit": MAX_STRING, "length": 200_000}


def test_the_longest_allowed_clause_is_set(renderer: Renderer, document: Document) -> None:
    data = document()
    data["clauses"][0]["text"] = ("双方约定如下。" * 3000)[:MAX_STRING]
    assert renderer.render("agreement/1", data).pages > 5


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("/v", {"v": 2}),
        ("/lang", {"lang": "fr"}),
        ("/date", {"date": "2026-02-30"}),
        ("/version", {"version": 0}),
        ("/extra", {"extra": 1}),
        ("/lookup/url", {"lookup": {"code": "abcdefgh", "url": "https://example.test/d/abcdefgh?name=x"}}),
        ("/lookup/url", {"lookup": {"code": "abcdefgh", "url": "https://example.test/d/other"}}),
        ("/clauses", {"clauses": []}),
        ("/clauses/1/id", {"clauses": [{"id": "a", "title": "t", "text": "x"}] * 2}),
        ("/signatures", {"signatures": []}),
        ("/title", {"title": ""}),
        ("/title", {"title": "一\n二"}),
        ("/facts/x", {"facts": {"x": 1.5}}),
    ],
)
def test_data_of_another_shape_is_refused(
    renderer: Renderer, document: Document, path: str, change: dict[str, Any]
) -> None:
    with pytest.raises(RenderingError) as caught:
        renderer.render("agreement/1", document(**change))
    assert caught.value.code == "DATA_INVALID"
    assert caught.value.facts["path"] == path


def test_unknown_template(renderer: Renderer, document: Document) -> None:
    with pytest.raises(RenderingError, match="TEMPLATE_UNKNOWN"):
        renderer.render("agreement/0", document())


def test_template_hash_covers_every_file(tmp_path: Path) -> None:
    (tmp_path / "main.typ").write_text("a")
    one = module.template_digest(tmp_path)
    (tmp_path / "part.typ").write_text("b")
    two = module.template_digest(tmp_path)
    (tmp_path / "part.typ").write_text("c")
    assert len({one, two, module.template_digest(tmp_path)}) == 3


def test_fonts_absent(tmp_path: Path, fonts: list[Path]) -> None:
    with pytest.raises(RenderingError, match="FONTS_MISSING"):
        FontBook.load([tmp_path / "none"])
    with pytest.raises(RenderingError, match="FONTS_MISSING"):
        FontBook.load([tmp_path])
    only_serif = FontBook.load(fonts[:1])
    with pytest.raises(RenderingError) as caught:
        _ = only_serif.fallback_families
    assert caught.value.facts == {"family": "Noto Sans SC"}


def test_a_further_folder_supplies_rare_characters(fonts: list[Path], document: Document) -> None:
    debian = Path("/usr/share/fonts/opentype/noto")
    if not debian.is_dir():
        pytest.skip("fonts-noto-cjk is not installed")
    wide = Renderer(FontBook.load([*fonts, debian]))
    data = document()
    data["parties"][1]["rows"][0][1] = "李𠮷"
    assert "𠮷" in page_texts(wide.render("agreement/1", data).pdf)[0]


def test_threads_get_their_own_documents(renderer: Renderer, document: Document) -> None:
    results: dict[int, tuple[bytes, bytes]] = {}

    def work(number: int) -> None:
        rendered = renderer.render("agreement/1", document(document_no=f"no{number}"))
        results[number] = (rendered.data_json, read_attachment(rendered.pdf))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(sent == attached and f"no{n}".encode() in sent for n, (sent, attached) in results.items())
    assert len(results) == 6
