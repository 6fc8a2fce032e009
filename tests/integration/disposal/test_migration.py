"""Cases that were open before the column of the first deadline have one afterwards; records of service get their result."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy import create_engine, text

from api.migrations.run import upgrade

DUES = {
    "sign_in": ["2026-03-03T10:00:00.000000Z", False],
    "verify": ["2026-03-09T10:00:00.000000Z", False],
    "act": ["2026-03-16T10:00:00.000000Z", False],
    "close": ["2026-04-14T10:00:00.000000Z", True],
    "transfer": ["2026-03-04T10:00:00.000000Z", False],
}


def test_the_first_deadline_of_open_cases_is_filled(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'old.db'}"
    upgrade(url, "0012")
    engine = create_engine(url)
    with engine.begin() as old:
        old.execute(
            text(
                "INSERT INTO disposal_unit (code, kind, name, name_en) VALUES ('hr', 'hr', '示例', 'Example')"
            )
        )
        for name, stage, dues in (
            ("a", "issued", {k: v for k, v in DUES.items() if k != "transfer"}),
            ("b", "verified", DUES),
            ("c", "review", {k: v for k, v in DUES.items() if k != "transfer"}),
            ("d", "closed", DUES),
        ):
            old.execute(
                text(
                    "INSERT INTO disposal_case (id, number, warning_id, episode_id, enterprise, colour, auto, stage, unit,"
                    " registered_unit, basis, points, issued_at, clock_start, cycle, dues, provisional, finding, outcome,"
                    " verifier, proposer, reviewer, transfer_to, seq) VALUES (:id, :id, :id, :id, 1, 2, 0, :stage, 'hr', '',"
                    " 'none', '[]', '2026-03-02 02:00:00', '2026-03-02 02:00:00', 1, :dues, 0, '', '', '', '', '', '', 0)"
                ),
                {"id": name, "stage": stage, "dues": json.dumps(dues)},
            )
        old.execute(
            text(
                "INSERT INTO disposal_notice (id, number, case_id, kind, facts, state, sha256, created_at, created_by, unit)"
                " VALUES ('n', 'n', 'a', 'warning', '', 'issued', '', '2026-03-02 02:00:00', 'x', 'hr')"
            )
        )
        for channel in ("hand", "left", "post"):
            old.execute(
                text(
                    "INSERT INTO disposal_service (id, notice_id, channel, at, by)"
                    " VALUES (:c, 'n', :c, '2026-03-02 02:00:00', 'x')"
                ),
                {"c": channel},
            )
    upgrade(url, "0015")
    with engine.connect() as new:
        found = dict(new.execute(text("SELECT id, due_at FROM disposal_case ORDER BY id")).tuples().all())
        results = dict(new.execute(text("SELECT channel, result FROM disposal_service")).tuples().all())
    engine.dispose()
    moments = {
        name: None if at is None else datetime.fromisoformat(str(at)).replace(tzinfo=UTC)
        for name, at in found.items()
    }
    assert moments == {
        "a": datetime(2026, 3, 3, 10, tzinfo=UTC),
        "b": datetime(2026, 3, 4, 10, tzinfo=UTC),
        "c": datetime(2026, 4, 14, 10, tzinfo=UTC),
        "d": None,
    }
    assert results == {"hand": "received", "left": "left", "post": "sent"}
