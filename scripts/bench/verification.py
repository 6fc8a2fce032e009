"""`concord bench verification`: one evidence package, warm and from a cold start, beside pyHanko's own validation.

Warm: the whole plan without the rendering step's child process, against pyHanko's own validation of the three
signatures of the same PDF (signer path at the token's time, token, difference analysis), alternating in one run. The
second verifier, in one Node process that has verified before, gives its CPU time for as many.
Cold: the whole command `concord verify` in a fresh process.
"""

from __future__ import annotations

import asyncio
import cProfile
import json
import pstats
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any

import psutil
import typer
from rich.progress import track

from scripts.bench.report import write

ROOT = Path(__file__).resolve().parents[2]
DEMO = ROOT / "var" / "demo"


def run(
    file: Annotated[Path, typer.Option(help="evidence package")] = DEMO / "evidence.zip",
    trust_root: Annotated[Path, typer.Option(help="trust-root.json")] = DEMO / "trust-root.json",
    n: Annotated[int, typer.Option(help="warm repetitions")] = 30,
    cold: Annotated[int, typer.Option(help="cold starts")] = 5,
) -> None:
    """验证一份证据包的耗时 / what verifying one package costs."""
    from chain.package import contents, read_package
    from chain.trust_root import TrustRoot
    from chain.verifier import verify

    data, root = file.read_bytes(), TrustRoot.parse(trust_root.read_bytes())
    pdf = read_package(data)[contents.PDF]
    now = datetime.now(UTC)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(2):
        verify(data, root, now=now)
        _pyhanko(pdf, root)
    for _ in track(range(n), description="warm"):
        theirs.append(cpu(lambda: _pyhanko(pdf, root)))
        ours.append(cpu(lambda: verify(data, root, now=now)))
    starts = [_cold(file, trust_root) for _ in track(range(cold), description="cold")]
    second = second_engine({"file": str(file), "trust_root": str(trust_root)}, n)
    ratio = statistics.median(ours) / statistics.median(theirs)
    rows = [
        ("pyHanko's own validation of the PDF, warm", _ms(theirs), "1"),
        ("whole plan, warm, without rendering", _ms(ours), f"**{ratio:.2f}** (must be ≤ 1.5)"),
        (
            "second verifier (JavaScript), warm, mean",
            f"{second * 1000:.1f} ms",
            f"**{second / statistics.median(ours):.2f}** × Python's (must be ≤ 2)",
        ),
        (
            "`concord verify`, cold start, wall time",
            f"{statistics.median(item[0] for item in starts) * 1000:.0f} ms",
            "must be ≤ 2000 ms",
        ),
        (
            "`concord verify`, cold start, CPU time",
            f"{statistics.median(item[1] for item in starts) * 1000:.0f} ms",
            "",
        ),
        ("package", f"{len(data):,} bytes", f"{(len(data) - len(pdf)) / 1000:.1f} kB over the PDF's"),
    ]
    command = f"concord bench verification --n {n} --cold {cold}"
    notes = "Profile of one warm verification (cumulative CPU):\n\n" + _profile(
        lambda: verify(data, root, now=now)
    )
    write("verification", command, ("What", "CPU, median", "Ratio"), rows, notes)
    for row in rows:
        typer.echo(" | ".join(row))


def _ms(values: list[float]) -> str:
    return f"{statistics.median(values) * 1000:.1f} ms"


def cpu(work: Callable[[], object]) -> float:
    begin = time.process_time()
    work()
    return time.process_time() - begin


def _pyhanko(pdf: bytes, root: Any) -> None:
    asyncio.run(_validate(pdf, root))


async def _validate(pdf: bytes, root: Any) -> None:
    """pyHanko's documented way: every signature with its timestamp, and the document timestamp."""
    from asn1crypto import x509
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import (
        async_validate_pdf_signature,
        async_validate_pdf_timestamp,
    )
    from pyhanko.sign.validation.dss import DocumentSecurityStore
    from pyhanko.sign.validation.generic_cms import extract_tst_data_iter
    from pyhanko_certvalidator import ValidationContext

    reader = PdfFileReader(BytesIO(pdf))
    store = DocumentSecurityStore.read_dss(reader)
    crls = [item.get_object().data for item in store.crls]
    ocsps = [item.get_object().data for item in store.ocsps]
    cas = [x509.Certificate.load(der) for der in root.cas]
    tsas = [x509.Certificate.load(der) for ders in root.tsas.values() for der in ders]

    def context(roots: list[Any], moment: datetime | None) -> Any:
        return ValidationContext(
            trust_roots=roots,
            other_certs=list(store.load_certs()),
            allow_fetching=False,
            crls=crls,
            ocsps=ocsps,
            moment=moment,
            best_signature_time=moment,
            revocation_mode="soft-fail",
        )

    for item in reader.embedded_regular_signatures:
        token = next(iter(extract_tst_data_iter(item.signer_info, signed=False)))
        moment = token["encap_content_info"]["content"].parsed["gen_time"].native
        await async_validate_pdf_signature(
            item, context(cas, moment), ts_validation_context=context(tsas, None)
        )
    for item in reader.embedded_timestamp_signatures:
        await async_validate_pdf_timestamp(item, context(tsas, None))


def second_engine(asked: dict[str, str], n: int) -> float:
    """Mean CPU seconds of one package in a Node process that is warm; every answer must be a pass.

    asked: `file`, `trust_root` and perhaps `now`, as the second verifier's batch takes them.
    """
    from chain.verifier.second import PROGRAM, node

    question = json.dumps(asked) + "\n"
    process = subprocess.Popen(
        [node(), str(PROGRAM), "--batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    ask, told = process.stdin, process.stdout
    assert ask is not None
    assert told is not None

    def spent(times: int) -> float:
        before = psutil.Process(process.pid).cpu_times()
        for _ in range(times):
            ask.write(question)
            ask.flush()
            answer = json.loads(told.readline())
            if answer.get("verdict") != "passed":
                raise typer.BadParameter(f"the second verifier says {answer}"[:300])
        after = psutil.Process(process.pid).cpu_times()
        return float(after.user + after.system - before.user - before.system) / times

    try:
        spent(10)
        return spent(n)
    finally:
        ask.close()
        process.wait(30)


def _cold(file: Path, trust_root: Path) -> tuple[float, float]:
    command = [sys.executable, "-m", "scripts.cli", "verify", str(file), "--trust-root", str(trust_root)]
    import resource

    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    begin = time.perf_counter()
    subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
    wall = time.perf_counter() - begin
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _profile(work: Callable[[], object]) -> str:
    profile = cProfile.Profile()
    profile.runcall(work)
    entries: Any = pstats.Stats(profile)
    total = entries.total_tt
    shown = []
    for step in (
        "document.py",
        "log.py",
        "statements.py",
        "process.py",
        "content.py",
        "records.py",
        "container.py",
    ):
        spent = 0.0
        for (path, _, name), (_, _, _, cumulative, callers) in entries.stats.items():
            if path.endswith(f"steps/{step}") and any(
                caller[0].endswith("plan.py") or name in ("<module>",) for caller in callers
            ):
                spent += cumulative
        shown.append(f"| `steps/{step}` | {spent / total:.0%} |")
    libraries = sum(
        own
        for (path, _, _), (_, _, own, _, _) in entries.stats.items()
        if "site-packages" in path or path.startswith("~") or "/lib/python" in path
    )
    shown.append(f"| inside libraries (own time) | {libraries / total:.0%} |")
    return "\n".join(["| Where | Share |", "|---|---|", *shown])
