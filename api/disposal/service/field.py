"""Work on site: the form that phones fill in offline, and photos by their digest. Every upload may be repeated."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session, undefer

from api.disposal.model import Action, Stage
from api.disposal.rules import forms
from api.disposal.rules.forms import Answer, Form, Photo, Stamp
from api.disposal.rules.machine import refusal
from api.disposal.service.context import Context
from api.disposal.tables import AnswerRow, CaseRow, PhotoRow
from api.infra.auth import Principal
from api.kernel.clock import utc_text
from api.kernel.errors import conflict, forbidden, invalid, not_found

PHOTO_MOST = 6_000_000
SKEW = timedelta(minutes=10)
"""How far a phone's clock may be ahead of ours."""


class FieldWork:
    """Forms and photos of cases."""

    def __init__(self, context: Context) -> None:
        self._c = context

    def form(self, session: Session, case_id: str, cycle: int) -> Form:
        """What is known on site in a cycle."""
        answers = {
            row.name: Answer(json.loads(row.value), Stamp(row.counter, row.device), row.at)
            for row in session.scalars(
                select(AnswerRow).where(AnswerRow.case_id == case_id, AnswerRow.cycle == cycle)
            )
        }
        photos = {
            row.sha256: Photo(row.sha256, row.captured_at, row.device)
            for row in session.scalars(
                select(PhotoRow).where(PhotoRow.case_id == case_id, PhotoRow.cycle == cycle)
            )
        }
        return Form(answers, photos)

    def read(self, who: Principal, case_id: str) -> tuple[Form, set[str]]:
        """The form of the present cycle, and the digests of photos whose bytes have arrived."""
        with self._c.uow.read() as session:
            row, _ = self._c.visible_case(session, who, case_id)
            return self.form(session, case_id, row.cycle), self._received(session, case_id)

    @staticmethod
    def _received(session: Session, case_id: str) -> set[str]:
        wanted = select(PhotoRow.sha256).where(PhotoRow.case_id == case_id, PhotoRow.received_at.is_not(None))
        return set(session.scalars(wanted))

    def sync(
        self,
        who: Principal,
        case_id: str,
        device: str,
        answers: Sequence[Mapping[str, Any]],
        photos: Sequence[Mapping[str, Any]],
        cycle: int | None = None,
    ) -> tuple[Form, set[str]]:
        """Merge what a phone holds into what is known; the same again, or in another order, changes nothing.

        answers: `{name, value, counter, at}`; photos: `{sha256, captured_at}`. Returns the merged form and the digests
        whose bytes have arrived. Raises invalid for malformed entries, conflict when the case is not on site any more, or
        when the phone filled in the form of an earlier `cycle`: a reopened, raised or transferred case is visited again,
        and a photo of an earlier visit is no evidence of this one.
        """
        given = self._checked(device, answers, photos)
        with self._c.uow() as session:
            row, reach = self._c.visible_case(session, who, case_id, lock=True)
            if not reach.holds(row.unit):
                raise forbidden("disposal.not_entitled", action="verify")
            if cycle is not None and cycle != row.cycle:
                raise conflict("disposal.form_of_earlier_cycle", cycle=row.cycle)
            before = self.form(session, case_id, row.cycle)
            after = forms.merge(before, self._without_earlier(session, row, given))
            if after != before:
                if row.stage in (str(Stage.ISSUED), str(Stage.CLOSED), str(Stage.REVIEW)):
                    raise refusal(Stage(row.stage), Action.VERIFY)
                count = session.scalar(select(func.count()).where(PhotoRow.case_id == case_id)) or 0
                if count + len(after.photos) - len(before.photos) > forms.PHOTOS_MOST:
                    raise invalid("disposal.photos_too_many", pointer="/photos", most=forms.PHOTOS_MOST)
                self._keep(session, case_id, row.cycle, before, after)
                facts = {
                    "device": device,
                    "fields": sorted(n for n in after.answers if after.answers[n] != before.answers.get(n)),
                    "photos": sorted(set(after.photos) - set(before.photos)),
                }
                self._c.happened(session, row, who.actor, "form_merged", unit=row.unit, facts=facts)
            return after, self._received(session, case_id)

    @staticmethod
    def _without_earlier(session: Session, row: CaseRow, given: Form) -> Form:
        """What a phone holds less the photos that belong to earlier visits of the case."""
        wanted = select(PhotoRow.sha256).where(PhotoRow.case_id == row.id, PhotoRow.cycle != row.cycle)
        earlier = set(session.scalars(wanted))
        return Form(given.answers, {name: one for name, one in given.photos.items() if name not in earlier})

    def _checked(
        self, device: str, answers: Sequence[Mapping[str, Any]], photos: Sequence[Mapping[str, Any]]
    ) -> Form:
        if not forms.DEVICE.match(device):
            raise invalid("disposal.device_malformed", pointer="/device")
        checked = Form()
        for one in answers:
            answer = forms.read_answer(one["name"], one["value"], one["counter"], device, one["at"])
            checked = forms.merge(checked, Form({one["name"]: answer}))
        late = self._c.clock.now() + SKEW
        for one in photos:
            captured: datetime = one["captured_at"]
            if not forms.DIGEST.match(one["sha256"]) or captured.tzinfo is None:
                raise invalid("disposal.form_value_malformed", pointer="/photos")
            if captured > late:
                raise invalid("disposal.photo_time", pointer="/photos")
            checked = forms.merge(checked, Form({}, {one["sha256"]: Photo(one["sha256"], captured, device)}))
        return checked

    @staticmethod
    def _keep(session: Session, case_id: str, cycle: int, before: Form, after: Form) -> None:
        for name, answer in after.answers.items():
            if answer != before.answers.get(name):
                session.merge(
                    AnswerRow(
                        case_id=case_id, cycle=cycle, name=name, value=json.dumps(answer.value, ensure_ascii=False),
                        counter=answer.stamp.counter, device=answer.stamp.device, at=answer.at,
                    )
                )  # fmt: skip
        for sha256, photo in after.photos.items():
            if photo != before.photos.get(sha256):
                known = session.get(PhotoRow, (case_id, sha256))
                if known is not None:
                    known.captured_at, known.device = photo.captured_at, photo.device
                else:
                    session.add(
                        PhotoRow(
                            case_id=case_id, sha256=sha256, cycle=cycle, captured_at=photo.captured_at,
                            device=photo.device, media_type="", size=0,
                        )
                    )  # fmt: skip
        session.flush()

    def put_photo(self, who: Principal, case_id: str, sha256: str, body: bytes) -> bool:
        """Keep a photo's bytes under its digest; False when they were kept before. Raises invalid, conflict, not_found."""
        if len(body) > PHOTO_MOST:
            raise invalid("disposal.photo_too_large", pointer="/photo", limit=PHOTO_MOST)
        media_type = forms.picture_type(body)
        if hashlib.sha256(body).hexdigest() != sha256:
            raise invalid("disposal.photo_digest_differs", pointer="/photo")
        with self._c.uow() as session:
            row, reach = self._c.visible_case(session, who, case_id, lock=True)
            if not reach.holds(row.unit):
                raise forbidden("disposal.not_entitled", action="verify")
            photo = session.get(PhotoRow, (case_id, sha256))
            if photo is None:
                raise conflict("disposal.photo_not_listed")
            if photo.received_at is not None:
                return False
            photo.received_at, photo.media_type = self._c.clock.now(), media_type
            photo.size, photo.body = len(body), body
            facts = {
                "sha256": sha256,
                "captured_at": utc_text(photo.captured_at),
                "device": photo.device,
                "size": len(body),
            }
            self._c.happened(session, row, who.actor, "photo_kept", unit=row.unit, facts=facts)
            return True

    def photo(self, who: Principal, case_id: str, sha256: str) -> tuple[str, bytes]:
        """Media type and bytes of a photo, checked against its digest again."""
        with self._c.uow.read() as session:
            self._c.visible_case(session, who, case_id)
            wanted = (
                select(PhotoRow)
                .where(PhotoRow.case_id == case_id, PhotoRow.sha256 == sha256)
                .options(undefer(PhotoRow.body))
            )
            found = session.scalar(wanted)
            if found is None or found.body is None:
                raise not_found()
            return found.media_type, found.body

    def photos(self, who: Principal, case_id: str) -> list[PhotoRow]:
        """Photos of a case without their bytes, in the order in which they were taken."""
        with self._c.uow.read() as session:
            self._c.visible_case(session, who, case_id)
            wanted = (
                select(PhotoRow)
                .where(PhotoRow.case_id == case_id)
                .order_by(PhotoRow.captured_at, PhotoRow.sha256)
            )
            return list(session.scalars(wanted))
