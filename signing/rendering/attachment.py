"""Reads what is attached to a document: contract.json (its data) and signature-boxes.json (its reserved places).

Both are part of the base PDF, so both parties' signatures cover them.
"""

from __future__ import annotations

from io import BytesIO

from pyhanko.pdf_utils import generic, misc
from pyhanko.pdf_utils.reader import PdfFileReader

from signing.rendering.errors import DATA_INVALID, RenderingError

CONTRACT = "contract.json"
BOXES = "signature-boxes.json"
MAX_ATTACHMENT = 4 * 1024 * 1024


def read_attachment(pdf: bytes, name: str = CONTRACT) -> bytes:
    """The attached file `name`, byte for byte.

    Raises RenderingError DATA_INVALID when the file is no readable PDF, or holds no such attachment, or several:
    a second one of the same name could show other readers other data.
    """
    try:
        root = PdfFileReader(BytesIO(pdf)).root
        tree = root["/Names"]["/EmbeddedFiles"]
        found = [stream for found_name, stream in _leaves(tree) if found_name == name]
        if len(found) != 1:
            raise RenderingError(DATA_INVALID, reason=f"{len(found)} attachments of that name")
        data = bytes(found[0].data)
    except (KeyError, TypeError, ValueError, IndexError, misc.PdfError, RecursionError) as error:
        raise RenderingError(DATA_INVALID, reason=f"no attached {name}") from error
    if len(data) > MAX_ATTACHMENT:
        raise RenderingError(DATA_INVALID, reason="the attached data is too large")
    return data


def _leaves(node: generic.DictionaryObject, depth: int = 0) -> list[tuple[str, generic.StreamObject]]:
    if depth > 8:
        raise ValueError("name tree too deep")
    names = node.get("/Names", generic.ArrayObject())
    leaves = [(str(names[i]), names[i + 1]["/EF"]["/F"]) for i in range(0, len(names), 2)]
    for kid in node.get("/Kids", generic.ArrayObject()):
        leaves.extend(_leaves(kid.get_object() if hasattr(kid, "get_object") else kid, depth + 1))
    return leaves
