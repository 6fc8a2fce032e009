"""Preparing a file: one signature field in its reserved box, a static stamp, and room for the CMS (PAdES, ISO 32000).

No certificate is needed: the stamp bears neither time nor certificate data. The entry /M (claimed time of signing,
demanded by EN 319 142-1 §6.3) is the time of preparation; what counts is the token. Bytes of earlier revisions are
never touched, so the base file stays the prefix of every later one.
"""

from __future__ import annotations

from datetime import datetime
from io import BytesIO
from typing import Any, Final

from signing.errors import InputRefused
from signing.pades.model import Box, Prepared

RESERVED: Final = 16_384
"""Hex characters reserved for the CMS: certificate, chain and token fit in less than half of it."""


def prepare(pdf: bytes, *, field: str, box: Box, stamp_pdf: bytes, moment: datetime) -> Prepared:
    """Append a revision with signature field `field` inside `box`, showing the first page of `stamp_pdf`.

    Raises InputRefused for an unreadable file, a field that exists or a box outside its page.
    """
    from pyhanko.pdf_utils.layout import AxisAlignment, Margins, SimpleBoxLayoutRule
    from pyhanko.pdf_utils.misc import PdfError
    from pyhanko.sign.fields import (
        SigFieldSpec,
        SigSeedSubFilter,
        append_signature_field,
        enumerate_sig_fields,
    )
    from pyhanko.sign.signers.cms_embedder import SigAppearanceSetup
    from pyhanko.sign.signers.pdf_byterange import SignatureObject
    from pyhanko.stamp.static import StaticStampStyle

    try:
        writer = revision_writer(pdf)
        if field in {name for name, _, _ in enumerate_sig_fields(writer.prev)}:
            raise InputRefused("pdf.field_taken", field=field)
        _check_box(writer, box)
        rectangle: Any = (box.x1, box.y1, box.x2, box.y2)  # typed as int there, written as real numbers
        append_signature_field(writer, SigFieldSpec(field, on_page=box.page, box=rectangle))
        style = StaticStampStyle(
            background=_stamp_content(stamp_pdf),
            background_layout=SimpleBoxLayoutRule(
                x_align=AxisAlignment.ALIGN_MID,
                y_align=AxisAlignment.ALIGN_MID,
                margins=Margins.uniform(0),
            ),
            border_width=0,
            background_opacity=1.0,
        )
        return embed_placeholder(
            writer,
            field,
            SignatureObject(
                timestamp=moment.replace(microsecond=0),
                subfilter=SigSeedSubFilter.PADES,
                bytes_reserved=RESERVED,
            ),
            SigAppearanceSetup(style=style, timestamp=moment, name=None),
        )
    except (PdfError, ValueError, TypeError, KeyError, IndexError) as error:
        raise InputRefused("pdf.form", reason=str(error)[:200]) from error


def _stamp_content(stamp_pdf: bytes) -> Any:
    """Return the stamp's first page as content for pyHanko's static stamp (its own class reads files only)."""
    from pyhanko.pdf_utils.content import PdfContent
    from pyhanko.pdf_utils.layout import BoxConstraints
    from pyhanko.pdf_utils.reader import PdfFileReader

    class StampPage(PdfContent):  # type: ignore[misc, unused-ignore]
        def render(self) -> bytes:
            writer = self._ensure_writer
            page = writer.import_page_as_xobject(PdfFileReader(BytesIO(stamp_pdf)), page_ix=0)
            self.resources.xobject["/Stamp"] = page
            x1, y1, x2, y2 = page.get_object()["/BBox"]
            self.box = BoxConstraints(width=abs(x2 - x1), height=abs(y2 - y1))
            return b"/Stamp Do"

    return StampPage()


def revision_writer(pdf: bytes) -> Any:
    """Return a writer that appends one revision and leaves metadata and document information alone.

    pyHanko's own stamps a modification date into both, which is a change that a signature revision may not make.
    """
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

    class RevisionWriter(IncrementalPdfFileWriter):  # type: ignore[misc, unused-ignore]
        def _update_meta(self) -> None:
            return

    return RevisionWriter(BytesIO(pdf), strict=True)


def embed_placeholder(writer: Any, field: str, placeholder: Any, appearance: Any) -> Prepared:
    """Write the file with a placeholder in the named field and return it with its ByteRange digest."""
    from pyhanko.sign.signers.cms_embedder import PdfCMSEmbedder, SigIOSetup, SigObjSetup

    steps = PdfCMSEmbedder().write_cms(field_name=field, writer=writer)
    next(steps)
    steps.send(SigObjSetup(sig_placeholder=placeholder, appearance_setup=appearance))
    prepared, output = steps.send(SigIOSetup(md_algorithm="sha256"))
    return Prepared(
        pdf=output.getvalue(),
        digest=bytes(prepared.document_digest),
        start=prepared.reserved_region_start,
        end=prepared.reserved_region_end,
    )


def _check_box(writer: Any, box: Box) -> None:
    page = writer.prev.find_page_for_modification(box.page)[0].get_object()
    while "/MediaBox" not in page:
        page = page["/Parent"]
    left, bottom, right, top = (float(value) for value in page["/MediaBox"])
    if not (left <= box.x1 < box.x2 <= right and bottom <= box.y1 < box.y2 <= top):
        raise InputRefused("pdf.box_outside", page=box.page + 1)
