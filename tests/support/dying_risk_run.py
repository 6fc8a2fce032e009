"""A risk run in a process of its own that is killed after so many steps, or inside the writing of the next file.

`python -m tests.support.dying_risk_run URL FOLDER STEPS [correction]`
"""

from __future__ import annotations

import os
import signal
import sys
from datetime import date, timedelta
from pathlib import Path

from api.infra.db import Database
from api.infra.sealing import FieldKey
from api.risk import repository
from tests.support.risk_district import START, District

FEB = date(2026, 2, 5)


def lights(district: District) -> None:
    """Three firms of six have a colour."""
    district.departments.say(START, 2, "GZ01 R")
    district.departments.say(START, 4, "SB01 Y")
    district.departments.say(START, 5, "JY02 O")


def corrected(district: District) -> None:
    """A month is done; then three firms' rows are found to have been wrong."""
    lights(district)
    district.month(202601, FEB)
    for number, text in ((1, "GZ01 O"), (3, "QY02 Y"), (5, "")):
        district.departments.say(district.clock.now() + timedelta(minutes=30), number, text)
    district.later(hours=1)


def wait_for_correction(district: District) -> None:
    """The changed rows' enterprise-months, as the exchange notes them."""
    with district.database.transaction() as session:
        repository.add_pending(session, {202601: [1, 3, 5]}, district.clock.now())


def main() -> None:
    url, folder, steps = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    district = District(Database(url, FieldKey(bytes(range(32)))), folder, batch=2 if sys.argv[4:] else 4)
    if sys.argv[4:]:
        corrected(district)
        wait_for_correction(district)
        started = district.runs.start_correction()
        if started is None:
            raise SystemExit("nothing to correct")
        run = started
    else:
        lights(district)
        run = district.runs.start_monthly(202601, FEB)
    for _ in range(steps):
        district.runs.advance(run.id)
    if steps == 0:  # in the middle of writing the file
        written = district.folder / "decisions" / f"{run.id}.parquet.part"
        written.parent.mkdir(parents=True, exist_ok=True)
        written.write_bytes(b"PAR1 half of a file")
        facts = district.folder / "facts" / f".{'0' * 32}.part"
        facts.parent.mkdir(parents=True, exist_ok=True)
        facts.write_bytes(b"PAR1 half of another")
    os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    main()
