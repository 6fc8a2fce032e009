"""Dependencies of the slice's routes: its service, who may call, and limits on uploaded files."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import Depends, Request, Response, UploadFile

from api.employers.rules import UPLOAD_LIMIT
from api.employers.service import EmployersService
from api.infra.auth import SAFE_METHODS, Principal, require
from api.infra.problems import text_of
from api.infra.web import language
from api.kernel.errors import DomainError, forbidden


async def _service(request: Request) -> EmployersService:
    service: EmployersService = request.app.state.container.employers
    return service


SCOPE_READ, SCOPE_ACT = "read", "sign"


def _scoped(*roles: str) -> Callable[[Request], Awaitable[Principal]]:
    """Like `require`; an employer's own system also needs the scope to read, or to sign for everything else."""
    check = require(*roles)

    async def dependency(request: Request) -> Principal:
        who = await check(request)
        scope = SCOPE_READ if request.method in SAFE_METHODS else SCOPE_ACT
        if who.kind == "machine" and scope not in who.scopes:
            raise forbidden("employers.scope_missing", scope=scope)
        return who

    return dependency


Service = Annotated[EmployersService, Depends(_service)]
Employer = Annotated[Principal, Depends(_scoped("representative", "agent"))]
Holder = Annotated[Principal, Depends(_scoped("representative", "agent", "review_officer"))]
Officer = Annotated[Principal, Depends(require("review_officer"))]


def read_upload(file: UploadFile) -> bytes:
    """The file's bytes; one byte more than the limit is enough to refuse it."""
    return file.file.read(UPLOAD_LIMIT + 1)


def document(data: bytes, media_type: str, name: str) -> Response:
    """An uploaded document as a download: never opened inside our origin."""
    headers = {
        "Content-Disposition": f'attachment; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    return Response(data, media_type=media_type, headers=headers)


def form_error(request: Request, error: DomainError) -> tuple[str, str]:
    """The field (or empty) and the text of a refusal, in the reader's language."""
    pointer = str(error.facts.get("pointer", ""))
    return pointer.removeprefix("/"), text_of(error.code, error.facts, language(request))
