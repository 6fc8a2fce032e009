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
    from pyhanko.pdf_utils.content import ImportedPdfPage
    from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
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
        writer = IncrementalPdfFileWriter(BytesIO(pdf))
        if field in {name for name, _, _ in enumerate_sig_fields(writer.prev)}:
            raise InputRefused("pdf.field_taken", field=field)
        _check_box(writer, box)
        rectangle = (box.x1, box.y1, box.x2, box.y2)
        append_signature_field(writer, SigFieldSpec(field, on_page=box.page, box=rectangle))
        style = StaticStampStyle(
            background=ImportedPdfPage(BytesIO(stamp_pdf)), border_width=0, background_opacity=1.0
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
