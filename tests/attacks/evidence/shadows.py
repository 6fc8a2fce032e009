"""Shadow attacks: what can be done to a signed PDF in a later revision, or behind the signers' backs."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from io import BytesIO
from typing import Any

from asn1crypto import cms
from pyhanko.pdf_utils import generic
from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter

from signing.pades import Box, finish, prepare, signed_attributes
from signing.timestamps import Token
from tests.attacks.evidence.alterations import append_revision, contents_gap
from tests.factories.evidence import Forge, at
from tests.support.fixed_random import ECDSA, p256_key
from tests.support.signing_authorities import Stamper

Signed = tuple[bytes, Token]


def revised(change: Callable[[IncrementalPdfFileWriter], None]) -> Callable[[Signed, Forge], Signed]:
    """Change for `finished` (or an earlier file): one more revision in which `change` was done."""

    def make(value: Signed, forge: Forge) -> Signed:
        writer = IncrementalPdfFileWriter(BytesIO(value[0]))
        change(writer)
        out = BytesIO()
        writer.write(out)
        return out.getvalue(), value[1]

    return make


def replace_page(writer: IncrementalPdfFileWriter) -> None:
    """The first page shows something else."""
    page = writer.find_page_for_modification(0)[0].get_object()
    page["/Contents"] = writer.add_object(
        generic.StreamObject(stream_data=b"BT /F1 12 Tf (salary 1000) Tj ET")
    )
    writer.update_container(page)


def add_annotation(writer: IncrementalPdfFileWriter) -> None:
    """A note lies over the text."""
    note = generic.DictionaryObject(
        {
            generic.pdf_name("/Type"): generic.pdf_name("/Annot"),
            generic.pdf_name("/Subtype"): generic.pdf_name("/FreeText"),
            generic.pdf_name("/Rect"): generic.ArrayObject(
                [generic.NumberObject(n) for n in (100, 600, 300, 650)]
            ),
            generic.pdf_name("/Contents"): generic.pdf_string("salary 1000"),
        }
    )
    writer.register_annotation(writer.find_page_for_modification(0)[0], writer.add_object(note))


def _field(writer: IncrementalPdfFileWriter, name: str) -> Any:
    for reference in writer.root["/AcroForm"]["/Fields"]:
        found = reference.get_object()
        if found["/T"] == name:
            return found
    raise LookupError(name)


def replace_appearance(writer: IncrementalPdfFileWriter) -> None:
    """The worker's stamp shows something else."""
    field = _field(writer, "Worker")
    form = generic.StreamObject(stream_data=b"0 0 160 60 re f")
    form[generic.pdf_name("/Type")] = generic.pdf_name("/XObject")
    form[generic.pdf_name("/Subtype")] = generic.pdf_name("/Form")
    form[generic.pdf_name("/BBox")] = generic.ArrayObject([generic.NumberObject(n) for n in (0, 0, 160, 60)])
    field["/AP"] = generic.DictionaryObject({generic.pdf_name("/N"): writer.add_object(form)})
    writer.update_container(field)


def remove_value(writer: IncrementalPdfFileWriter) -> None:
    """The worker's field loses its signature."""
    field = _field(writer, "Worker")
    del field["/V"]
    writer.update_container(field)


def swap_attachment(writer: IncrementalPdfFileWriter) -> None:
    """contract.json is attached once more, with other pay."""
    from pyhanko.pdf_utils.embed import EmbeddedFileObject, FileSpec, embed_file

    stream = EmbeddedFileObject.from_file_data(writer, data=b'{"monthly_pay":"1000.00"}')
    embed_file(writer, FileSpec(file_spec_string="contract.json", embedded_data=stream))


def run_script(writer: IncrementalPdfFileWriter) -> None:
    """The file runs a script when it is opened."""
    action = generic.DictionaryObject(
        {
            generic.pdf_name("/S"): generic.pdf_name("/JavaScript"),
            generic.pdf_name("/JS"): generic.pdf_string("app.alert('1000')"),
        }
    )
    writer.root["/OpenAction"] = writer.add_object(action)
    writer.update_root()


def shadow_document(value: Signed, forge: Forge) -> Signed:
    """Behind the signed file stands a second document whose cross-references begin anew."""
    other = append_revision(forge.rendered.pdf)
    start = other.rindex(b"startxref")
    offset = int(other[start + 9 :].split()[0]) + len(value[0])
    return value[0] + other[:start] + b"startxref\n%d\n%%%%EOF\n" % offset, value[1]


def misnamed(name: str) -> Callable[[Signed, Forge], Signed]:
    """The worker signs in a field of another name."""

    def make(value: Signed, forge: Forge) -> Signed:
        assert forge.world.renderer is not None
        box = forge.rendered.boxes["Worker"]
        stamp = forge.world.renderer.stamp(["TEST"], width=box.width, height=box.height, test=True)
        place = Box(box.page, box.x1, box.y1, box.x2, box.y2)
        prepared = prepare(forge.base, field=name, box=place, stamp_pdf=stamp, moment=at(0))
        return _finished(prepared, forge)

    return make


def _finished(prepared: Any, forge: Forge) -> Signed:
    attributes = signed_attributes(prepared.digest, forge.worker_certificate)
    signature = forge.worker_key.sign(attributes, ECDSA)
    token = forge.world.stamp(forge.world.tsa_one, hashlib.sha256(signature).digest(), at(0))
    done = finish(
        prepared,
        attributes=attributes,
        signature=signature,
        certificate=forge.worker_certificate,
        chain=forge.world.ca.chain,
        token=token,
    )
    return done, token


def edited_cms(pdf: bytes, change: Callable[[cms.SignedData], None]) -> bytes:
    """The last CMS of a file, altered in its gap: its bytes are in no signature's digest."""
    start, end = contents_gap(pdf)
    raw = bytes.fromhex(pdf[start:end].decode())
    info = cms.ContentInfo.load(raw)
    change(info["content"])
    made = info.dump().hex().upper().encode()  # force would dump nested objects again and again
    assert len(made) <= end - start
    return pdf[:start] + made.ljust(end - start, b"0") + pdf[end:]


def stamped(imprint_of: bytes | None = None, tsa: Callable[[], Stamper] | None = None) -> Any:
    """Change for `worker_signed`: another token stands in the CMS, over something else or by another authority."""

    def make(value: Signed, forge: Forge) -> Signed:
        stamper = tsa() if tsa else forge.world.tsa_one

        def put(signed: cms.SignedData) -> None:
            nonlocal token
            signer = signed["signer_infos"][0]
            content = signer["signature"].native if imprint_of is None else imprint_of
            stamper.shift = (at(0) - stamper.moment).total_seconds()
            der = stamper.token(hashlib.sha256(content).digest())
            token = dataclasses.replace(value[1], der=der)
            signer["unsigned_attrs"] = cms.CMSAttributes(
                [
                    cms.CMSAttribute(
                        {"type": "signature_time_stamp_token", "values": [cms.ContentInfo.load(der)]}
                    )
                ]
            )

        token = value[1]
        return edited_cms(value[0], put), token

    return make


def unstamped(value: Signed, forge: Forge) -> Signed:
    """The worker's signature has no token at all."""

    def strip(signed: cms.SignedData) -> None:
        old = signed["signer_infos"][0]
        names = [name for name in cms.SignerInfo._fields if name[0] != "unsigned_attrs"]
        signed["signer_infos"] = [{name[0]: old[name[0]] for name in names}]

    return edited_cms(value[0], strip), value[1]


def rival_fork(value: bytes, forge: Forge) -> bytes:
    """Two files were prepared of one revision, by one key; events and consents speak of one, the package holds the other."""
    rival = Forge(forge.world, passkey=forge.passkey, by_agent=forge.by_agent, changes={
        "worker_signed": lambda made, fork: fork.sign_pdf(
            fork.base, "Worker", fork.worker_key, fork.worker_certificate, at(5), fork.world.tsa_one
        )
    })  # fmt: skip
    rival.worker_key, rival.passkey_key = forge.worker_key, forge.passkey_key
    return rival.finished[0]


def another_key_signed(value: Signed, forge: Forge) -> Signed:
    """The CMS is made by a key that is not the certificate's."""

    def put(signed: cms.SignedData) -> None:
        signer = signed["signer_infos"][0]
        signer["signature"] = p256_key("thief").sign(signer["signed_attrs"].untag().dump(), ECDSA)

    return edited_cms(value[0], put), value[1]
