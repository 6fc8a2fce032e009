"""Every planted error is where the labels say, and nothing else is wrong. The judge here is written apart from the generator."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections import Counter
from typing import Any

from api.employers.rules import check_uscc
from api.kernel.errors import DomainError
from tests.unit.district.conftest import BY_CODE, RATES, Made, Row

_CODES = {
    "status": {"open", "revoked", "cancelled", "moved"},
    "grade": {"A", "B", "M", "C", "D"},
    "stage": {"mediation", "arbitration"},
    "state": {"corrected", "punished", "late", "publicised", "listed", "police"},
    "channel": {"12333", "12345", "platform", "letters"},
}
_KINDS = {
    "market_abnormal": {"abnormal", "serious", "revoked"}, "si_injury": {"injury", "occupational"},
    "court_event": {"debt", "enforcement", "dishonest", "limit", "seizure", "bankruptcy", "missing", "labour"},
    "inspection_act": {"wages", "contract", "insurance", "hours", "other", "fled"},
    "group_event": {"petition", "street", "online"},
    "credit_list": {"wage_dishonest", "grade_a", "grade_b", "grade_c"}, "safety_penalty": {"penalty", "hazard", "stop", "shut"},
    "environment_penalty": {"penalty", "hazard", "stop", "shut"},
}  # fmt: skip
TODAY = dt.date(2026, 11, 23)


def _wrong(dataset: str, row: Row) -> bool:
    source = BY_CODE[dataset]
    for column in source.columns:
        cell = row[column.name]
        if cell is None:
            if not column.nullable:
                return True
            continue
        if column.kind == "count" and not cell.isdigit():
            return True
        if column.kind == "yuan" and not 0 <= float(cell) < 1e10:
            return True
        if column.kind == "month" and not 1 <= int(cell) % 100 <= 12:
            return True
        if column.kind == "date":
            day = dt.date.fromisoformat(cell)
            ahead = column.name in ("due_on", "perform_due_on", "collective_contract_until")
            if day.year < 1990 or (day > TODAY and not ahead):
                return True
        if column.kind == "code" and cell not in (
            _KINDS[dataset] if column.name == "kind" else _CODES[column.name]
        ):
            return True
        if column.kind == "flag" and cell not in {*source.flags, "True", "False"}:
            return True
    return False


def _key(dataset: str, row: Row) -> tuple[str | None, ...]:
    return tuple(row[name] for name in BY_CODE[dataset].key)


def _contradicting(dataset: str, rows: list[Row]) -> set[int]:
    """Rows whose key stands twice with different values, and rows that repeat an equal one (as a second answer)."""
    values: dict[tuple[str | None, ...], set[tuple[Any, ...]]] = {}
    for row in rows:
        values.setdefault(_key(dataset, row), set()).add(tuple(row.values()))
    return {number for number, row in enumerate(rows, 1) if len(values[_key(dataset, row)]) > 1}


def test_the_quarantine_can_be_compared_exactly(made: Made) -> None:
    found = 0
    for file in made.manifest["files"]:
        rows = made.rows(file)
        wrong = {number for number, row in enumerate(rows, 1) if _wrong(file["dataset"], row)}
        assert wrong == made.planted(file["path"], "quarantine"), file["path"]
        keys = BY_CODE[file["dataset"]].key
        right = [
            row if n not in wrong else row | dict.fromkeys(keys, f"left out {n}")
            for n, row in enumerate(rows, 1)
        ]
        blank = {number for number, row in enumerate(rows, 1) if row["uscc"] is None}
        assert _contradicting(file["dataset"], right) - blank == made.planted(file["path"], "conflict"), file[
            "path"
        ]
        found += len(wrong)
    assert found > 50


def test_counts_of_the_manifest_are_those_of_the_labels(made: Made) -> None:
    counted: Counter[tuple[str, str]] = Counter(
        (item["file"], f"{item['expected']}:{item['kind']}") for item in made.labels("planted.csv")
    )
    told = {
        (file["path"], kind): number
        for file in made.manifest["files"]
        for kind, number in file["planted"].items()
    }
    assert counted == told
    totals: Counter[str] = Counter()
    for (_, kind), number in counted.items():
        totals[kind] += number
    assert dict(totals) == made.manifest["planted"]
    assert {kind.split(":")[0] for kind in totals} == {
        "quarantine",
        "conflict",
        "duplicate",
        "link",
        "unmatched",
        "missing",
    }


def test_rates_are_kept(made: Made) -> None:
    rows = sum(file["rows"] for file in made.manifest["files"] if file["mode"] != "correction")
    got = Counter(kind.split(":")[0] for kind, n in made.manifest["planted"].items() for _ in range(n))
    assert abs(got["quarantine"] / rows * 10_000 - RATES.error) < RATES.error * 0.25
    assert abs(got["conflict"] / 2 / rows * 10_000 - RATES.conflict) < RATES.conflict * 0.4
    assert abs(got["duplicate"] / rows * 10_000 - RATES.duplicate) < RATES.duplicate * 0.4


def test_damaged_codes_fail_their_check_and_all_others_pass(made: Made) -> None:
    for file in made.manifest["files"]:
        damaged = made.damaged(file["path"])
        for number, row in enumerate(made.rows(file), 1):
            try:
                passed = check_uscc(row["uscc"] or "").passed
            except DomainError:
                passed = False
            assert passed == (number not in damaged), (file["path"], number)


def test_rows_of_nobody_are_in_no_register(made: Made) -> None:
    registered = {
        row["uscc"] for file in made.files("market_registry", "snapshot") for row in made.rows(file)
    }
    foreign = 0
    for file in made.manifest["files"]:
        strange = made.planted(file["path"], "unmatched")
        for number, row in enumerate(made.rows(file), 1):
            if number in strange:
                assert row["uscc"] not in registered
                foreign += 1
    assert foreign == made.manifest["planted"]["unmatched:not_registered"] > 0


def test_rows_sent_twice_are_equal_to_another(made: Made) -> None:
    for file in made.manifest["files"]:
        rows = made.rows(file)
        counts = Counter(tuple(row.values()) for row in rows)
        assert sum(n - 1 for n in counts.values()) == file["planted"].get("duplicate:sent_twice", 0), file[
            "path"
        ]


def test_manifest_names_every_file_with_its_digest_and_rows(made: Made) -> None:
    on_disk = {
        path.relative_to(made.folder).as_posix() for path in made.departments.rglob("*") if path.is_file()
    }
    assert on_disk == {file["path"] for file in made.manifest["files"]}
    for file in made.manifest["files"]:
        assert hashlib.sha256((made.folder / file["path"]).read_bytes()).hexdigest() == file["sha256"]
        assert len(made.rows(file)) == file["rows"]
    assert made.manifest["rows"] == sum(file["rows"] for file in made.manifest["files"])


def test_files_of_some_departments_are_gbk_and_not_utf8(made: Made) -> None:
    gbk = [file for file in made.manifest["files"] if file["encoding"] == "gbk" and file["rows"]]
    assert gbk
    for file in gbk:
        raw = (made.folder / file["path"]).read_bytes()
        assert "虚拟" in raw.decode("gbk")
        try:
            raw.decode("utf-8")
        except UnicodeDecodeError:
            continue
        raise AssertionError(file["path"])
    assert {file["form"] for file in made.manifest["files"]} == {"csv", "xlsx", "parquet"}


def test_columns_stand_as_agreed(made: Made) -> None:
    for file in made.manifest["files"]:
        rows = made.rows(file)
        if rows:
            assert list(rows[0]) == BY_CODE[file["dataset"]].names


def test_labels_are_not_to_be_found_in_a_department_s_folder(made: Made) -> None:
    words = {story["story"] for story in made.labels("stories.csv")} | {
        "story",
        "onset",
        "harm",
        "planted",
        "label",
    }
    for path in made.departments.rglob("*"):
        assert not words & set(
            path.relative_to(made.departments).as_posix().replace("/", " ").replace(".", " ").split()
        )
        if path.suffix == ".csv":
            head = path.read_bytes().split(b"\r\n", 1)[0].decode("utf-8-sig").split(",")
            assert not words & set(head)
    assert not any(path.is_symlink() for path in made.folder.rglob("*"))
    for file in made.manifest["files"]:
        for row in made.rows(file):
            assert not words & {cell for cell in row.values() if cell}


def test_a_correction_names_known_rows_and_changes_them(made: Made) -> None:
    corrected = 0
    for dataset in {file["dataset"] for file in made.manifest["files"] if file["mode"] == "correction"}:
        known: dict[tuple[str | None, ...], Row] = {}
        for file in sorted(made.manifest["files"], key=lambda f: (f["sent_on"], f["path"])):
            if file["dataset"] != dataset:
                continue
            rejected = made.planted(file["path"], "quarantine", "conflict")
            for number, row in enumerate(made.rows(file), 1):
                if file["mode"] == "correction":
                    assert _key(dataset, row) in known, (file["path"], number)
                    assert known[_key(dataset, row)] != row
                    corrected += 1
                if number not in rejected:
                    known[_key(dataset, row)] = row
    assert corrected > 20
