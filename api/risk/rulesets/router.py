"""JSON API of the rule sets: drafting, validation, publication by a second person, spreadsheet, trial."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Any, cast

from fastapi import APIRouter, Depends, File, Query, Request, UploadFile
from fastapi.responses import Response

from api.infra.auth import Principal, require
from api.infra.idempotency import IdempotentRoute
from api.kernel.clock import SystemClock, shanghai_day
from api.kernel.errors import invalid
from api.risk.rulesets import sheet
from api.risk.rulesets.rules import EDITORS, PUBLISHERS, READERS
from api.risk.rulesets.schemas import (
    ChangeIn,
    DifferenceOut,
    DraftIn,
    FindingOut,
    HistoryOut,
    ListingOut,
    PublicationIn,
    RevisionIn,
    TrialIn,
    ValidatedOut,
    VersionFull,
    VersionOut,
)
from api.risk.rulesets.service import RuleSetService

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MAX_UPLOAD = 2_000_000

api = APIRouter(prefix="/risk/rule-sets", tags=["risk rule sets"], route_class=IdempotentRoute)


async def service(request: Request) -> RuleSetService:
    """The slice's service."""
    return cast(RuleSetService, request.app.state.container.risk_rulesets)


Service = Annotated[RuleSetService, Depends(service)]
Reader = Annotated[Principal, Depends(require(*READERS))]
Editor = Annotated[Principal, Depends(require(*EDITORS))]
Publisher = Annotated[Principal, Depends(require(*PUBLISHERS))]


def read_upload(file: UploadFile) -> bytes:
    """The bytes of an uploaded spreadsheet. Raises invalid for one that is too large."""
    content = file.file.read(MAX_UPLOAD + 1)
    if len(content) > MAX_UPLOAD:
        raise invalid("risk.rule_set_sheet", sheet="", row=0, column="", reason="too large")
    return content


def _download(name: str, content: bytes) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, media_type=XLSX, headers=headers)


@api.get("", summary="All versions")
def listing(rule_sets: Service, _who: Reader) -> ListingOut:
    """Newest change first, the delivered one last; with the number that a publication must name."""
    return ListingOut(newest=rule_sets.newest(), versions=[VersionOut.of(v) for v in rule_sets.listing()])


@api.get("/in-force", summary="The version that holds on a day as known at a moment")
def in_force(
    rule_sets: Service, _who: Reader, on: date | None = None, known_at: datetime | None = None
) -> VersionFull:
    """Today and now when not said."""
    if known_at is not None and known_at.tzinfo is None:
        raise invalid("risk.rule_set_moment", pointer="/known_at")
    return VersionFull.of(rule_sets.in_force(on or shanghai_day(SystemClock().now()), known_at))


@api.post("", status_code=201, summary="Begin a draft")
def draft(rule_sets: Service, who: Editor, body: DraftIn) -> VersionFull:
    """With a whole document; audited."""
    return VersionFull.of(rule_sets.draft(who, body.document, body.note))


@api.post("/sheet", status_code=201, summary="Begin a draft from a spreadsheet")
def draft_from_sheet(rule_sets: Service, who: Editor, file: Annotated[UploadFile, File()]) -> VersionFull:
    """An XLSX file as `GET …/sheet` writes it; problems are named by sheet, row and column."""
    return VersionFull.of(rule_sets.draft(who, sheet.read(read_upload(file)), "XLSX"))


@api.get("/{row_id}", summary="One version with its document")
def one(rule_sets: Service, _who: Reader, row_id: str, response: Response) -> VersionFull:
    """`delivered` names the one that comes with the software. ETag: the revision, which every change must name."""
    version = rule_sets.get(row_id)
    response.headers["ETag"] = f'"{version.revision}"'
    return VersionFull.of(version)


@api.put("/{row_id}", summary="Replace a draft's document")
def change(rule_sets: Service, who: Editor, row_id: str, body: ChangeIn) -> VersionFull:
    """409 when somebody else changed it meanwhile; a validated version becomes a draft again."""
    return VersionFull.of(rule_sets.change(who, row_id, body.revision, body.document, body.note))


@api.get("/{row_id}/findings", summary="What the lint says")
def findings(rule_sets: Service, _who: Reader, row_id: str) -> list[FindingOut]:
    """Errors block validation; warnings and undecided points are for whoever publishes."""
    return [FindingOut.of(finding) for finding in rule_sets.findings(row_id)]


@api.get("/{row_id}/differences", summary="Where a version differs from another")
def differences(rule_sets: Service, _who: Reader, row_id: str, against: str) -> list[DifferenceOut]:
    """By JSON pointer; points are named by id."""
    return [DifferenceOut.of(difference) for difference in rule_sets.differences(row_id, against)]


@api.get("/{row_id}/sheet", summary="The version as a spreadsheet")
def as_sheet(rule_sets: Service, _who: Reader, row_id: str) -> Response:
    """XLSX; reading it back gives the same hash."""
    version = rule_sets.get(row_id)
    return _download(f"{version.document.id}-{version.document.version}.xlsx", sheet.write(version.document))


@api.get("/{row_id}/history", summary="A version's audit record")
def history(
    rule_sets: Service, _who: Reader, row_id: str, after: Annotated[int, Query(ge=0)] = 0,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> list[HistoryOut]:  # fmt: skip
    """Oldest first, from row number `after` on; the name beside the account."""
    found = rule_sets.history(rule_sets.get(row_id).row_id, after, limit)
    names = rule_sets.names({entry.actor for entry in found})
    return [HistoryOut.of(entry, names.get(entry.actor)) for entry in found]


@api.post("/{row_id}/trial", summary="What a version says of facts typed in")
def trial(rule_sets: Service, _who: Reader, row_id: str, body: TrialIn) -> dict[str, Any]:
    """The explanation tree with the nearest changes; nothing is stored."""
    return rule_sets.trial(row_id, body.facts)


@api.post("/{row_id}/validation", summary="Validate a draft")
def validate(rule_sets: Service, who: Editor, row_id: str, body: RevisionIn) -> ValidatedOut:
    """409 with the places when the lint finds errors; audited."""
    version, found = rule_sets.validate(who, row_id, body.revision)
    return ValidatedOut(version=VersionOut.of(version), findings=[FindingOut.of(f) for f in found])


@api.post("/{row_id}/rebase", summary="Compared with what was published meanwhile")
def rebase(rule_sets: Service, who: Editor, row_id: str, body: RevisionIn) -> VersionOut:
    """The draft then stands on the newest publication and must be validated again; audited."""
    return VersionOut.of(rule_sets.rebase(who, row_id, body.revision))


@api.post("/{row_id}/publication", summary="Publish a validated version")
def publish(rule_sets: Service, who: Publisher, row_id: str, body: PublicationIn) -> VersionOut:
    """By a director who is not among its authors, after a passed backtest or with a written reason; 409 when another was
    published first. Audited."""
    version = rule_sets.publish(
        who, row_id, body.revision, body.newest, body.valid_from, body.valid_to, body.reason
    )
    return VersionOut.of(version)


@api.post("/{row_id}/withdrawal", status_code=204, summary="Give a draft up")
def withdraw(rule_sets: Service, who: Editor, row_id: str, body: RevisionIn) -> None:
    """It stays on record; audited."""
    rule_sets.withdraw(who, row_id, body.revision)
