"""Dependencies shared by the slice's routers."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from fastapi import Depends, Request

from api.anchoring.model import StoredCheckpoint, WaitingStep
from api.anchoring.service import Anchoring
from api.infra.web import language
from api.kernel.clock import cursor_text, parse_utc
from api.kernel.errors import invalid, not_found


def service(request: Request) -> Anchoring:
    """The slice's service."""
    found: Anchoring = request.app.state.container.anchoring
    return found


Service = Annotated[Anchoring, Depends(service)]


def town_names(request: Request, anchoring: Anchoring) -> dict[str, str]:
    """Names of the towns by code, in the visitor's language."""
    english = language(request) == "en"
    return {code: names[english] for code, names in anchoring.places.names().items()}


def newest(anchoring: Anchoring) -> StoredCheckpoint:
    """The newest checkpoint; raises not_found while there is none."""
    with anchoring.uow.read() as session:
        found = anchoring.proofs.checkpoint(session)
    if found is None:
        raise not_found("anchoring.no_checkpoint")
    return found


def place_of(text: str) -> tuple[datetime, str, int] | None:
    """Where a list of waiting decisions goes on: `stated_at~warning~sequence`. Raises invalid `anchoring.cursor_malformed`."""
    if not text:
        return None
    try:
        at, warning, sequence = text.split("~")
        return parse_utc(at), warning, int(sequence)
    except ValueError:
        raise invalid("anchoring.cursor_malformed") from None


def place_text(step: WaitingStep) -> str:
    """Inverse of `place_of`."""
    return f"{cursor_text(step.stated_at)}~{step.warning}~{step.sequence}"


def signature_bytes(text: str) -> bytes:
    """A pasted signature's bytes; what cannot be read is empty, and refused as every wrong signature is."""
    plain = text.strip().removeprefix("0x")
    try:
        return bytes.fromhex(plain) if len(plain) == 130 else b""
    except ValueError:
        return b""
