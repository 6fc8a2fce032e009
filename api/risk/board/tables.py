"""Tables of the towns and subdistricts: editions that are only added, so that last year's map is drawn with last year's towns."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import Date, ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from api.infra.db import Base, UtcDateTime


class TownEditionRow(Base):
    """One edition of the whole table. Of those that hold on a day, the latest `valid_from` counts, then the highest number."""

    __tablename__ = "risk_town_edition"

    no: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    valid_from: Mapped[date] = mapped_column(Date, index=True)
    known_from: Mapped[datetime] = mapped_column(UtcDateTime)
    changed_by: Mapped[str] = mapped_column(String(64))
    reason: Mapped[str] = mapped_column(String(300))


class TownRow(Base):
    """A town or subdistrict of an edition with its place on the schematic map (both numbers from 1)."""

    __tablename__ = "risk_town"
    __table_args__ = (UniqueConstraint("edition", "tile_column", "tile_row"),)

    edition: Mapped[int] = mapped_column(ForeignKey("risk_town_edition.no"), primary_key=True)
    code: Mapped[str] = mapped_column(String(9), primary_key=True)
    name_zh: Mapped[str] = mapped_column(String(40))
    name_en: Mapped[str] = mapped_column(String(80))
    tile_column: Mapped[int]
    tile_row: Mapped[int]
    administered_by: Mapped[str] = mapped_column(String(80))
