"""`concord bench signing`: the whole signing path through the HTTP API, against the floor of the work it can't avoid.

Floor, measured alone in the same run: one Typst render, the file's CMS signatures (prepare, attributes, P-256,
container, time-stamp embedded; both parties and the document time-stamp), one full validation of the final PDF. It is
measured eleven times between the contracts, so that a busy minute of the machine weighs on both sides. The API process's
CPU is read from the kernel. Keystore unlocking is reported apart: the path uses an external wallet.
"""

from __future__ import annotations

import hashlib
import json
import re
import statistics
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx
import psutil
import typer
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from rich.progress import track

from scripts.bench.report import write
from scripts.installation import prepare as prepare_installation
from scripts.journey.client import ApiClient
from scripts.journey.contract import ContractPlay
from scripts.journey.stage import Stage
from scripts.up import Platform

ROUTE_SECONDS = re.compile(
    r'concord_http_request_seconds_(sum|count)\{method="(\w+)",route="([^"]+)"\} ([0-9.e+-]+)'
)
SAMPLES = 11


def run(n: Annotated[int, typer.Option(help="contracts")] = 200) -> None:
    """签署全流程的处理器开销 / CPU of the whole signing path against its floor."""
    with tempfile.TemporaryDirectory(prefix="concord-bench-") as folder:
        platform = Platform(prepare_installation(Path(folder), 0))
        try:
            platform.start()
            _measure(platform, n)
        finally:
            platform.stop()


def _measure(platform: Platform, n: int) -> None:
    installation = platform.installation

    def connect() -> ApiClient:
        return ApiClient(installation.public_origin, patience=30)

    stage = Stage(installation, connect)
    employer = stage.employer(external_wallet=True)
    play = ContractPlay(connect, stage.town, employer)
    # Caches of the renderer and of the framework are warm from here on.
    first = play.play(stage.newcomers(1)[0])
    play.effective(first, 120)
    floor = Floor(platform, first.worker.download(f"/me/contracts/{first.contract}/document.pdf"))
    api = psutil.Process(platform.supervisor.children["api"].pid)
    routes, asked = _routes(installation.url("api")), database_traffic(installation.url("api"))
    spent, wall, memory, loop = 0.0, 0.0, [api.memory_info().rss], _loop_seconds(api)
    for number, person in enumerate(track(stage.newcomers(n), description="contracts")):
        if number * SAMPLES // n != (number - 1) * SAMPLES // n:
            floor.sample()
        before, begin = _cpu_seconds(api), time.monotonic()
        play.play(person)
        wall += time.monotonic() - begin
        spent += _cpu_seconds(api) - before
        memory.append(api.memory_info().rss)
    per_contract, total, loop = spent / n, floor.total, (_loop_seconds(api) - loop) / n
    traffic = [(b - a) / n for a, b in zip(asked, database_traffic(installation.url("api")), strict=True)]
    rows: list[tuple[object, ...]] = [
        (f"floor: {name}", f"{value * 1000:.0f} ms", "") for name, value in floor.medians().items()
    ]
    rows += [
        ("floor, together", f"{total * 1000:.0f} ms", "1"),
        (
            "API process, CPU a contract",
            f"{per_contract * 1000:.0f} ms",
            f"**{per_contract / total:.2f}** (must be ≤ 2)",
        ),
        ("wall time a contract, one after another", f"{wall / n * 1000:.0f} ms", ""),
        ("database, transactions and statements a contract", f"{traffic[0]:.1f} and {traffic[1]:.1f}", ""),
        ("memory of the API process afterwards", f"{memory[-1] / 1e6:.0f} MB", "must be ≤ 300 MB"),
        ("memory gained a contract, second half", f"{growth(memory) / 1e3:+.1f} kB", "flat"),
        ("memory after a minute's rest", f"{_rested(api) / 1e6:.0f} MB", "flat"),
        ("keystore unlock (scrypt N = 2^17), apart", f"{_unlock() * 1000:.0f} ms", ""),
    ]
    stages = _stages(routes, _routes(installation.url("api")), n)
    notes = _profile(floor.medians(), loop, per_contract)
    notes += "Stages, wall time a contract in the API (beside everything else on the machine):\n\n| Route | ms |\n|---|---|\n"
    notes += "\n".join(f"| `{name}` | {value * 1000:.0f} |" for name, value in stages)
    write("signing", f"concord bench signing --n {n}", ("What", "CPU", "Ratio"), rows, notes)
    for row in rows:
        typer.echo(" | ".join(str(cell) for cell in row))


def _routes(url: str) -> dict[str, float]:
    text = httpx.get(url + "/metrics", timeout=10).text
    return {f"{m} {r}": float(v) for kind, m, r, v in ROUTE_SECONDS.findall(text) if kind == "sum"}


def _stages(before: dict[str, float], after: dict[str, float], n: int) -> list[tuple[str, float]]:
    spent = {name: (value - before.get(name, 0.0)) / n for name, value in after.items()}
    return sorted(((k, v) for k, v in spent.items() if v > 0.001), key=lambda item: -item[1])


def _cpu_seconds(process: psutil.Process) -> float:
    spent = process.cpu_times()
    return float(spent.user + spent.system)


def _loop_seconds(process: psutil.Process) -> float:
    """CPU of the thread that serves HTTP: a process's first thread carries its number."""
    return sum(float(t.user_time + t.system_time) for t in process.threads() if t.id == process.pid)


def _profile(floor: dict[str, float], loop: float, per_contract: float) -> str:
    """Where a contract's CPU goes: the floor's parts as measured alone, the server's thread, and what is left."""
    left = per_contract - sum(floor.values()) - loop
    parts = list(floor.items())
    parts += [
        ("the server's own thread: HTTP, routes, framework", loop),
        ("left: database, outside calls, own step's validation, sealing, the slices' own code", left),
    ]
    text = "Where the API process's CPU of a contract goes (floor's parts as measured alone, the server's thread from the "
    text += "kernel, the rest by subtraction):\n\n| Part | ms | Share |\n|---|---|---|\n"
    lines = [f"| {name} | {value * 1000:.0f} | {value / per_contract:.0%} |" for name, value in parts]
    return text + "\n".join(lines) + "\n\n"


def database_traffic(url: str) -> tuple[float, float]:
    """Transactions and statements that the API process has sent so far."""
    text = httpx.get(url + "/metrics", timeout=10).text
    found = dict(re.findall(r"concord_database_(transactions|statements)_total ([0-9.e+-]+)", text))
    return float(found["transactions"]), float(found["statements"])


def growth(memory: list[int]) -> float:
    """Bytes gained a step over the second half of a series (least squares)."""
    half = memory[len(memory) // 2 :]
    return statistics.linear_regression(range(len(half)), half).slope if len(half) > 1 else 0.0


def _rested(process: psutil.Process, seconds: float = 60.0) -> int:
    time.sleep(seconds)
    return int(process.memory_info().rss)


class Floor:
    """The work that no signing path can avoid, measured with nothing around it."""

    def __init__(self, platform: Platform, pdf: bytes) -> None:
        from signing.rendering import FontBook, Renderer
        from signing.rendering.attachment import read_attachment

        data = json.loads(read_attachment(pdf))
        renderer = Renderer(FontBook.load(FontBook.npm(Path("node_modules").absolute())))
        base = renderer.render("agreement/1", data)
        self._parts: dict[str, Callable[[], Any]] = {
            "one Typst render": lambda: renderer.render("agreement/1", data),
            "its CMS signatures": lambda: _sign_file(platform, renderer, base),
            "one full validation of the final PDF": lambda: _validate(platform, pdf, base),
        }
        self._spent: dict[str, list[float]] = {name: [] for name in self._parts}
        for work in self._parts.values():
            work()  # caches are warm from here on

    def sample(self) -> None:
        """Do each part once more."""
        for name, work in self._parts.items():
            begin = time.process_time()
            work()
            self._spent[name].append(time.process_time() - begin)

    def medians(self) -> dict[str, float]:
        """CPU seconds of each part."""
        return {name: statistics.median(spent) for name, spent in self._spent.items()}

    @property
    def total(self) -> float:
        """CPU seconds of all parts."""
        return sum(self.medians().values())


def _sign_file(platform: Platform, renderer: Any, base: Any) -> bytes:
    """Both signatures and the document time-stamp with throw-away keys; only this process's CPU counts."""
    from signing.pades import Box, finish, prepare, signed_attributes, timestamp_document

    pdf: bytes = base.pdf
    client = _stamper(platform)
    for field in ("Worker", "Employer"):
        box = base.boxes[field]
        key, certificate = _certificate()
        stamp = renderer.stamp(["测"], width=box.x2 - box.x1, height=box.y2 - box.y1, test=True)
        prepared = prepare(
            pdf,
            field=field,
            box=Box(box.page, box.x1, box.y1, box.x2, box.y2),
            stamp_pdf=stamp,
            moment=datetime.now(UTC),
        )
        attributes = signed_attributes(prepared.digest, certificate)
        signature = key.sign(attributes, ec.ECDSA(hashes.SHA256()))
        token = client.stamp(hashlib.sha256(signature).digest())
        pdf = finish(
            prepared,
            attributes=attributes,
            signature=signature,
            certificate=certificate,
            chain=(),
            token=token,
        )
    return timestamp_document(pdf, client.stamp)[0]


def _certificate() -> tuple[ec.EllipticCurvePrivateKey, bytes]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "TEST bench")])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(minutes=1))
    made = builder.not_valid_after(now + timedelta(minutes=10)).sign(key, hashes.SHA256())
    return key, made.public_bytes(serialization.Encoding.DER)


def _stamper(platform: Platform) -> Any:
    from api.kernel.clock import SystemClock
    from signing.timestamps import TimestampClient, Tsa

    installation = platform.installation
    root = (installation.data / "trust" / "tsa_one.crt").read_bytes()
    tsa = Tsa("tsa-one", installation.url("tsa_one") + "/", (root,), None)
    return TimestampClient([tsa], SystemClock(), httpx.Client(timeout=10, trust_env=False))


def _validate(platform: Platform, pdf: bytes, base: Any) -> None:
    from signing.pades import Anchors, Box, Expected, ExpectedSigner, validate
    from signing.x509 import TrustAnchors

    trust = platform.installation.data / "trust"
    read = {path.stem: path.read_bytes() for path in trust.glob("*.crt")}
    cas = TrustAnchors((read["ca-root"],), (read["ca-event"], read["ca-organisation"]))
    anchors = Anchors(cas, {"tsa-one": (read["tsa_one"],), "tsa-two": (read["tsa_two"],)})
    signers = tuple(
        ExpectedSigner(field, Box(box.page, box.x1, box.y1, box.x2, box.y2))
        for field, box in base.boxes.items()
    )
    expected = Expected(bytes.fromhex(base.sha256), len(base.pdf), signers, document_timestamp=True)
    facts = validate(pdf, expected, anchors, datetime.now(UTC))
    if not facts.ok:
        raise RuntimeError(f"the floor's own validation fails: {facts.problems}")


def _unlock() -> float:
    from signing.accounts import Account

    kept = Account.encrypt(b"\x01" * 32, "passphrase", kdf="scrypt", iterations=2**17)
    begin = time.process_time()
    Account.decrypt(kept, "passphrase")
    return time.process_time() - begin
