"""`concord demo risk`: a generated district through the real intake, a run, a warning signed, its case closed and anchored.

Everything but the run goes through the JSON API with logins of its own: a data officer, an analyst who signs, a street
officer on site and a lead who reviews; analyst and lead sign the decisions with wallets of their own. The run is scored in
this process, as `concord risk run` does it. The departments' files are those of `concord district generate`. A
demonstration that is broken off goes on where it was when it is started again with the same folder and seed.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import os
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from scripts.demo_officers import appoint, officer, sign_all
from scripts.district.calendar import Month
from scripts.district.deliveries import Rhythm
from scripts.district.generate import MANIFEST, Plan, generate
from scripts.district.names import towns
from scripts.installation import Installation
from scripts.journey.client import ApiClient, Refused, TryAgain
from scripts.journey.people import Login, first_login, log_in
from scripts.journey.stage import PNG, Stage

COLOURS = ("blue", "yellow", "orange", "red")
SIGNED = 10
"""So many of the gravest warnings are signed; one of them is played to its closure."""
PATIENCE = 300.0
SPEAK_EVERY = 5.0
"""Seconds between two lines about the intake."""
Say = Callable[[str], None]


class RiskDemoFailed(Exception):
    """A step was refused or came too late; the text says which."""


@dataclass
class Facts:
    """What the demonstration did, as `--json` prints it."""

    enterprises: int
    rows_accepted: int = 0
    rows_quarantined: int = 0
    warnings_by_colour: dict[str, int] = field(default_factory=lambda: dict.fromkeys(COLOURS, 0))
    closed: int = 0
    anchored: int = 0


class People:
    """Logins of staff with their account numbers, which posts and grants name."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self.operator = stage.staff("operator")

    def one(self, name: str, role: str) -> tuple[str, ApiClient]:
        """The account and its logged-in client; made on first use."""
        login = f"risk-demo-{name}"
        for account in self.operator.get("/identity/staff"):
            if account["login"] == login:
                return account["account_id"], log_in(self._stage.connect, self._stage.logins[login])
        body = {"login": login, "display_name": f"演示 {name}", "roles": [role]}
        account = self.operator.post("/identity/staff", body)
        client, kept = first_login(self._stage.connect, account, self._stage.password)
        self._stage.remember(**{login: Login(**asdict(kept))})
        return account["account_id"], client


def district(root: Path, enterprises: int, end: Month, seed: int) -> tuple[Path, dict[str, Any]]:
    """The generated folder under the installation's `demo` and its manifest; made once."""
    folder = root / "demo" / f"district-{enterprises}-{end.number}-{seed}"
    if not (folder / MANIFEST).exists():
        text = f"{end.year}-{end.month:02d}"
        # Each commit has its price: the history comes in one file, the last month in one more. The rows are the same.
        rhythm = Rhythm(recent=1, history=36)
        generate(Plan.until(text, enterprises=enterprises, months=36, seed=seed, rhythm=rhythm), folder)
    manifest: dict[str, Any] = json.loads((folder / MANIFEST).read_text("utf-8"))
    return folder, manifest


def send(officer: ApiClient, folder: Path, manifest: dict[str, Any], facts: Facts, say: Say) -> None:
    """All files in the order of their days; what is accepted and quarantined is the intake's own count.

    What was sent is noted beside the folder, file by file: a demonstration that is broken off or played again goes on
    where it was. Raises RiskDemoFailed when a file is refused as a whole.
    """
    notes = folder.with_name(folder.name + ".sent.jsonl")
    sent = _noted(notes)
    if sent:
        say(f"续传：{len(sent)} 个文件此前已入库")
    spoke = time.monotonic()
    with notes.open("a", encoding="utf-8") as kept:
        for number, file in enumerate(manifest["files"], 1):
            note = sent.get(file["path"])
            if note is None:
                note = {"path": file["path"]} | _send_one(officer, folder / file["path"], file)
                kept.write("\n" + json.dumps(note))
                kept.flush()
            facts.rows_accepted += note["accepted"]
            facts.rows_quarantined += note["quarantined"]
            if time.monotonic() - spoke >= SPEAK_EVERY:
                spoke = time.monotonic()
                say(
                    f"入库 {number}/{len(manifest['files'])}：{file['dataset']}，累计接收 {facts.rows_accepted:,} 行"
                )
    say(f"{len(manifest['files'])} 个文件入库：{facts.rows_accepted} 行接收，{facts.rows_quarantined} 行隔离")


def _noted(notes: Path) -> dict[str, dict[str, Any]]:
    """What was sent before, by path; a line that was cut by a kill is one file to be sent again."""
    found: dict[str, dict[str, Any]] = {}
    if notes.exists():
        for line in notes.read_text("utf-8").splitlines():
            try:
                note = json.loads(line)
            except ValueError:
                continue
            found[note["path"]] = note
    return found


def _send_one(officer: ApiClient, path: Path, file: dict[str, Any]) -> dict[str, int]:
    query = {
        "mode": file["mode"],
        "period_from": file["period"][0],
        "period_to": file["period"][1],
        "expected_rows": str(file["rows"]),
        "expected_sha256": file["sha256"],
    }
    where = f"/exchange/datasets/{file['dataset']}/files/{path.name}"
    batch = officer.request("PUT", where, params=query, content=path.read_bytes()).json()
    until = time.monotonic() + PATIENCE
    while batch["state"] == "checking" and time.monotonic() < until:  # a large file: the worker checks it
        time.sleep(0.5)
        batch = officer.get(f"/exchange/batches/{batch['id']}")
    if batch["state"] != "committed":
        raise RiskDemoFailed(f"{path.name}: {batch['state']} {batch['problem']}")
    return {"accepted": batch["new"] + batch["changed"], "quarantined": batch["quarantined"]}


@contextmanager
def opened(installation: Installation) -> Iterator[Any]:
    """The platform's services in this process, with the installation's settings."""
    settings = json.loads((installation.root / "settings.json").read_text("utf-8"))
    before = dict(os.environ)
    os.environ.update(settings)
    try:
        from api.bootstrap.container import Container
        from api.infra.settings import Settings

        container = Container(Settings()).wire()
    finally:
        os.environ.clear()
        os.environ.update(before)
    try:
        yield container
    finally:
        container.close()


def score(container: Any, month: Month) -> Any:
    """The month's run as of its last day, brought to its end here: the worker looks for runs only every now and then, and
    whichever of the two comes first does each step."""
    runs = container.risk.runs
    return runs.complete(runs.start_monthly(month.number, month.last).id)


def warnings_of(analyst: ApiClient) -> Iterator[dict[str, Any]]:
    """All warnings, page by page."""
    before = ""
    while True:
        page = analyst.get("/risk/warnings", before=before, limit=200)
        yield from page["rows"]
        before = page["next"] or ""
        if not before:
            return


def grade_of(warning: dict[str, Any]) -> str:
    """The higher of what is issued and what waits for a signature."""
    order = ("none", *COLOURS)
    return max(str(warning["grade"]), str(warning["pending"]), key=order.index)


def sign(analyst: ApiClient, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A person signs the gravest; returns them."""
    waiting = [warning for warning in found if warning["pending"] != "none"]
    waiting.sort(key=lambda warning: (-COLOURS.index(warning["pending"]), warning["id"]))
    for warning in waiting[:SIGNED]:
        analyst.post(f"/risk/warnings/{warning['id']}/signature", {"grade": warning["pending"]})
    return waiting[:SIGNED]


def units(operator: ApiClient) -> None:
    """The towns and the HR bureau as units of disposal."""
    for number, town in enumerate(towns(), 1):
        kind = "Subdistrict" if town["name"].endswith("街道") else "Town"
        body = {"kind": "street", "name": town["name"], "name_en": f"Example {kind} {number}"}
        operator.request("PUT", f"/disposal/units/{town['code']}", json=body)
    operator.request(
        "PUT", "/disposal/units/hr", json={"kind": "hr", "name": "演示主管单位", "name_en": "Demo bureau"}
    )


def case_of(lead: ApiClient, warning: str) -> dict[str, Any]:
    """The case that the warning opened. Raises RiskDemoFailed when none comes."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        for case in lead.get("/disposal/cases", limit=200)["cases"]:
            if case["warning_id"] == warning:
                found: dict[str, Any] = case
                return found
        time.sleep(0.5)
    raise RiskDemoFailed(f"warning {warning} opened no case")


def close(officer: ApiClient, lead: ApiClient, case: str) -> None:
    """From signing in to the second person's approval, with a site form and a photo."""
    officer.post(f"/disposal/cases/{case}/steps", {"action": "sign_in"})
    now = dt.datetime.now(dt.UTC).isoformat()
    digest = hashlib.sha256(PNG).hexdigest()
    answers = {"premises": "yes", "operating": "yes", "wages_paid": "no"}
    form = {
        "device": "a" * 26,
        "answers": [
            {"name": name, "value": value, "counter": 1, "at": now} for name, value in answers.items()
        ],
        "photos": [{"sha256": digest, "captured_at": now}],
    }
    officer.request("PUT", f"/disposal/cases/{case}/form", json=form)
    officer.request(
        "PUT", f"/disposal/cases/{case}/photos/{digest}", files={"photo": ("site.png", PNG, "image/png")}
    )
    until = (dt.datetime.now(dt.UTC).date() + dt.timedelta(days=90)).isoformat()
    for step in (
        {"action": "verify", "finding": "confirmed", "reason": "model"},
        {"action": "act", "note": "责令限期支付，约谈负责人（演示）"},
        {"action": "feedback", "note": "工资已补发（演示）"},
        {
            "action": "propose_closure",
            "outcome": "resolved",
            "reason": "已补发，定期回访（演示）",
            "until": until,
        },
    ):
        officer.post(f"/disposal/cases/{case}/steps", step)
    lead.post(f"/disposal/cases/{case}/steps", {"action": "approve_closure"})


def last_month() -> Month:
    """The last whole month: the one that is scored."""
    today = dt.datetime.now(dt.UTC).date()
    return Month(today.year, today.month).plus(-1)


def play(
    installation: Installation, say: Say, *, enterprises: int, seed: int = 1, end: Month | None = None
) -> Facts:
    """The whole demonstration on a started platform. Raises RiskDemoFailed."""
    month = end or last_month()
    try:
        return _play(installation, say, enterprises, seed, month)
    except (Refused, TryAgain, TimeoutError, LookupError, OSError) as exc:
        raise RiskDemoFailed(f"{type(exc).__name__}: {exc} (logs: {installation.logs})") from exc


def _play(installation: Installation, say: Say, enterprises: int, seed: int, month: Month) -> Facts:
    facts = Facts(enterprises)
    people = People(
        Stage(installation, lambda: ApiClient(installation.public_origin, patience=20, timeout=300))
    )
    folder, manifest = district(installation.root, enterprises, month, seed)
    say(f"部门原始文件：{manifest['rows']} 行，{len(manifest['files'])} 个文件（虚构）")
    account, data_officer = people.one("data", "regulator")
    people.operator.post("/exchange/officers", {"account_id": account, "owner": "*"})
    send(data_officer, folder, manifest, facts, say)
    analyst_account, analyst = people.one("analyst", "risk_analyst")
    with opened(installation) as container:
        run = score(container, month)
    say(f"{month.number} 评分完成：{run.firms} 户")
    found = list(warnings_of(analyst))
    facts.warnings_by_colour |= Counter(grade_of(warning) for warning in found)
    units(people.operator)
    signed = sign(analyst, found)
    if not signed:
        raise RiskDemoFailed("no warning waits for a signature")
    lead_account, lead = people.one("lead", "risk_director")
    street_account, street = people.one("officer", "street_officer")
    today = dt.datetime.now(dt.UTC).date().isoformat()
    post = {"account_id": lead_account, "unit": "hr", "capacity": "lead", "valid_from": today}
    people.operator.post("/disposal/posts", post)
    case = case_of(lead, signed[0]["id"])
    post = {"account_id": street_account, "unit": case["unit"], "capacity": "officer", "valid_from": today}
    people.operator.post("/disposal/posts", post)
    close(street, lead, case["case_id"])
    facts.closed = 1
    say(f"预警已签发 {len(signed)} 件，案件 {case['number']} 已销号")
    wallets = (
        officer(installation, "analyst", analyst_account, analyst),
        officer(installation, "lead", lead_account, lead),
    )
    appoint(installation, lead, wallets)
    ids = [warning["id"] for warning in signed]
    facts.anchored = sign_all(*wallets, ids, time.monotonic() + PATIENCE)
    if facts.anchored < len(ids):
        raise RiskDemoFailed(f"{len(ids) - facts.anchored} warnings were not wholly on chain in time")
    say(f"{facts.anchored} 件预警的全部决定由钱包签名，已入日志和链上登记合约")
    return facts
