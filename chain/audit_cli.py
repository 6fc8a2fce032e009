"""`concord audit-log URL --trust-root FILE`: anybody checks the whole published log, from outside, with a verdict.

Exit codes: 0 passed, 1 failed, 2 indeterminate (too few witnesses), 3 the log or a file can't be read.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

if TYPE_CHECKING:
    from rich.console import Console

    from chain.audit import AuditReport
    from chain.trust_root import TrustRoot

UNUSABLE = 3
EXIT_CODES = {"passed": 0, "failed": 1, "indeterminate": 2}
NAMES = {
    "signature": ("检查点由信任根中的日志密钥签名", "the checkpoint is signed by the trust root's log key"),
    "witnesses": ("独立见证人联署", "independent witnesses have cosigned"),
    "entries": ("每个条目与其叶子一致", "every entry hashes to its leaf"),
    "root": ("由全部叶子重新算出的根即检查点所载", "the root computed from all leaves is the checkpoint's"),
    "tiles": ("公布的各层哈希块与重新计算一致", "the served tiles are those of the leaves"),
    "consistency": ("只增不改：延续上次审计所见", "the log only grew since the last audit"),
}
OUTCOMES = {
    "passed": ("[green]✓ 通过 passed[/green]"),
    "indeterminate": ("[yellow]? 无法判定 indeterminate[/yellow]"),
    "failed": ("[red]✗ 不通过 failed[/red]"),
}


def audit_log(
    url: Annotated[
        str, typer.Argument(help="日志网址，如 https://host/log / address of the log", show_default=False)
    ],
    trust_root: Annotated[
        Path, typer.Option("--trust-root", help="信任根 trust-root.json", show_default=False)
    ],
    state: Annotated[
        Path | None,
        typer.Option(
            help="保存本次检查点、与上次比较的文件 / file that keeps the checkpoint from audit to audit"
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
) -> None:
    """审计整个公开日志 / Audit the whole public log: download, recompute, compare."""
    from rich.console import Console

    from chain.errors import ChainError
    from chain.trust_root import TrustRoot, TrustRootError

    console = Console(stderr=True)
    try:
        root = TrustRoot.parse(trust_root.read_bytes())
        earlier = state.read_bytes() if state is not None and state.exists() else None
        report = _run(_prefix(url), root, earlier, console)
        if state is not None and report.verdict != "failed":
            _keep(state, report.note)
    except (ChainError, TrustRootError) as exc:
        console.print(f"[red]✗[/red] {exc.zh} / {exc.en}", highlight=False)
        raise typer.Exit(UNUSABLE) from exc
    except OSError as exc:
        console.print(f"[red]✗[/red] {exc.filename}: {exc.strerror}", highlight=False)
        raise typer.Exit(UNUSABLE) from exc
    if as_json:
        typer.echo(json.dumps(to_json(report, root), ensure_ascii=False, indent=1))
    else:
        _print(report, root)
    raise typer.Exit(EXIT_CODES[report.verdict])


def to_json(report: AuditReport, root: TrustRoot) -> dict[str, object]:
    """The report as `--json` prints it."""
    return {
        "verdict": report.verdict,
        "origin": report.origin,
        "size": report.size,
        "root": report.root,
        "trust_root": root.fingerprint,
        "test": root.test,
        "findings": [{"name": f.name, "outcome": f.outcome, "facts": f.facts} for f in report.findings],
    }


def _prefix(url: str) -> str:
    """The log's prefix: `/log` of a bare origin."""
    return url.rstrip("/") + ("/log" if urlsplit(url).path in {"", "/"} else "")


def _run(prefix: str, root: TrustRoot, earlier: bytes | None, console: Console) -> AuditReport:
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    from chain.audit import Mirror, audit

    mirror = Mirror(prefix)
    columns = (TextColumn("审计 audit"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    try:
        with Progress(*columns, console=console, transient=True) as bar:
            task = bar.add_task("audit", total=None)
            return audit(
                mirror, root, earlier, lambda done, size: bar.update(task, completed=done, total=size)
            )
    finally:
        mirror.close()


def _keep(path: Path, note: bytes) -> None:
    part = path.with_name(path.name + ".part")
    part.write_bytes(note)
    part.replace(path)


def _print(report: AuditReport, root: TrustRoot) -> None:
    from rich.console import Console

    console = Console()
    if root.test:
        console.print("[bold]TEST[/bold] 测试信任根，没有法律意义 / a TEST trust root: no legal meaning")
    console.print(f"{report.origin}  {report.size} 条 entries  {report.root}", highlight=False)
    for finding in report.findings:
        zh, en = NAMES[finding.name]
        facts = json.dumps(finding.facts, ensure_ascii=False) if finding.facts else ""
        console.print(f"{OUTCOMES[finding.outcome]}  {zh} / {en}  {facts}", highlight=False)
    console.print(f"[bold]{OUTCOMES[report.verdict]}[/bold]", highlight=False)
