"""`concord verify FILE --trust-root FILE`: the verdict on a package, offline.

Exit codes: 0 passed, 1 failed, 2 indeterminate, 3 input that can't be used (docs/evidence-spec.md, section 6).
Everything heavy is imported inside, so that the command starts fast.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from chain.package.zip_profile import MAX_BYTES

if TYPE_CHECKING:
    from chain.trust_root import TrustRoot
    from chain.verifier.outcome import Report

EXIT_CODES = {"passed": 0, "failed": 1, "indeterminate": 2}
UNUSABLE = 3
_STYLE = {"passed": ("✓", "green"), "indeterminate": ("?", "yellow"), "failed": ("✗", "red")}


def verify(
    file: Annotated[Path, typer.Argument(help="证据包 evidence package (.zip)", show_default=False)],
    trust_root: Annotated[
        Path, typer.Option("--trust-root", help="信任根 trust-root.json", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
    lang: Annotated[str, typer.Option(help="zh | en | both")] = "both",
    fonts: Annotated[
        list[Path] | None, typer.Option(help="排版字体目录，用于第 20 步 / font folders for step 20")
    ] = None,
    node_modules: Annotated[
        Path | None, typer.Option(help="含排版字体的 node_modules，用于第 20 步 / npm folder with the fonts")
    ] = None,
) -> None:
    """离线验证证据包 / Verify an evidence package offline."""
    from datetime import UTC, datetime

    from chain.trust_root import TrustRoot, TrustRootError
    from chain.verifier.offline import without_network
    from chain.verifier.plan import verify as run
    from chain.verifier.rendering import ChildRenderer

    without_network()
    if lang not in ("zh", "en", "both"):
        _unusable(f"--lang: zh | en | both, not {lang}")
    try:
        root = TrustRoot.parse(_read(trust_root, 2_000_000))
    except TrustRootError as error:
        _unusable(f"{error.zh} / {error.en}")
    folders = list(fonts or [])
    if node_modules is not None:
        from signing.rendering.fonts import FontBook

        folders += FontBook.npm(node_modules.resolve())
    report = run(
        _read(file, MAX_BYTES),
        root,
        now=datetime.now(UTC),
        render=ChildRenderer.with_fonts(folders) if folders else None,
    )
    if as_json:
        typer.echo(json.dumps(report.to_json(), ensure_ascii=False, indent=2, default=str))
    else:
        _print(report, root, lang)
    raise typer.Exit(EXIT_CODES[report.verdict.value])


def _read(path: Path, limit: int) -> bytes:
    try:
        with path.open("rb") as stream:
            data = stream.read(limit + 1)
    except OSError as error:
        _unusable(f"无法读取 can't read {path}: {error.strerror}")
    if not data:
        _unusable(f"文件为空 the file is empty: {path}")
    if len(data) > limit:
        _unusable(f"文件超过 {limit // 1_000_000} MB / larger than {limit // 1_000_000} MB: {path}")
    return data


def _unusable(text: str) -> NoReturn:
    typer.echo(text, err=True)
    sys.exit(UNUSABLE)


def _print(report: Report, root: TrustRoot, lang: str) -> None:
    from chain.verifier.texts import OUTCOME_TEXTS, STEP_TEXTS, VERDICT_TEXTS, sub_text

    languages = ("zh", "en") if lang == "both" else (lang,)
    index = {"zh": 0, "en": 1}
    typer.echo(f"信任根指纹 trust root: {root.fingerprint}" + ("  [TEST]" if root.test else ""))
    for step in report.steps:
        mark, colour = _STYLE[step.outcome.value]
        for number, language in enumerate(languages):
            name = STEP_TEXTS[step.no][index[language]]
            reason = sub_text(step.sub_indication, dict(step.facts), language)
            tail = f" [{step.sub_indication}] {reason}" if step.sub_indication else ""
            head = f"{mark} {step.no:>2}" if number == 0 else "    "
            typer.secho(f"{head} {name}: {OUTCOME_TEXTS[step.outcome][index[language]]}{tail}", fg=colour)
    for language in languages:
        colour = _STYLE[report.verdict.value][1]
        typer.secho(VERDICT_TEXTS[report.verdict][index[language]], fg=colour, bold=True)
    if root.test:
        typer.echo("TEST 信任根：结论没有法律意义。/ TEST trust root: this verdict has no legal meaning.")
