"""`concord verify FILE --trust-root FILE`: the verdict on a package, offline, by one verifier or by both.

Exit codes: 0 passed, 1 failed, 2 indeterminate, 3 input that can't be used, 4 the two verifiers disagree
(docs/evidence-spec.md, section 6). Everything heavy is imported inside, so that the command starts fast.
"""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

from chain.package.zip_profile import MAX_BYTES

if TYPE_CHECKING:
    from chain.trust_root import TrustRoot
    from chain.verifier.outcome import Report
    from chain.verifier.second import Difference

EXIT_CODES = {"passed": 0, "failed": 1, "indeterminate": 2}
UNUSABLE = 3
DISAGREE = 4
ENGINES = ("python", "js", "both")
_STYLE = {"passed": ("✓", "green"), "indeterminate": ("?", "yellow"), "failed": ("✗", "red")}


def verify(
    file: Annotated[Path, typer.Argument(help="证据包 evidence package (.zip)", show_default=False)],
    trust_root: Annotated[
        Path, typer.Option("--trust-root", help="信任根 trust-root.json", show_default=False)
    ],
    as_json: Annotated[bool, typer.Option("--json", help="输出 JSON / print JSON")] = False,
    lang: Annotated[str, typer.Option(help="zh | en | both")] = "both",
    engine: Annotated[
        str, typer.Option(help="python | js | both（两个独立实现 two independent verifiers）")
    ] = "python",
    now: Annotated[
        str | None,
        typer.Option(help="验证时刻，默认当前 / moment of verification, e.g. 2026-01-31T12:00:00Z"),
    ] = None,
    fonts: Annotated[
        list[Path] | None, typer.Option(help="排版字体目录，用于第 20 步 / font folders for step 20")
    ] = None,
    node_modules: Annotated[
        Path | None, typer.Option(help="含排版字体的 node_modules，用于第 20 步 / npm folder with the fonts")
    ] = None,
    sheet: Annotated[
        Path | None,
        typer.Option("--report", help="另存一页核验报告 PDF / also write the one-page report, needs fonts"),
    ] = None,
    previous: Annotated[
        list[Path] | None,
        typer.Option(
            "--previous", help="较早的信任根，从旧到新，核对更替 / earlier trust roots, oldest first"
        ),
    ] = None,
    made_by: Annotated[
        str | None,
        typer.Option("--made-by", help="要求由此源码摘要的程序制作 / demand this source digest of the maker"),
    ] = None,
) -> None:
    """离线验证证据包 / Verify an evidence package offline."""
    from chain.trust_root import TrustRoot, TrustRootError
    from chain.verifier.offline import without_network

    without_network()
    if lang not in ("zh", "en", "both"):
        _unusable(f"--lang: zh | en | both, not {lang}")
    if engine not in ENGINES:
        _unusable(f"--engine: {' | '.join(ENGINES)}, not {engine}")
    when = _moment(now)
    try:
        root = TrustRoot.parse(_read(trust_root, 2_000_000))
    except TrustRootError as error:
        _unusable(f"{error.zh} / {error.en}")
    if previous:
        _check_succession(trust_root, previous)
    data = _read(file, MAX_BYTES)
    reports: dict[str, Report] = {}
    if engine in ("python", "both"):
        reports["python"] = _first(data, root, when, list(fonts or []), node_modules)
    if engine in ("js", "both"):
        reports["js"] = _second(data, root, when)
    if made_by is not None:
        reports = {name: _demanding(report, made_by) for name, report in reports.items()}
    if sheet is not None:
        result = next(iter(reports.values()))
        _write_sheet(sheet, result, root, data, lang, when, list(fonts or []), node_modules)
    if engine == "both":
        _show_both(reports, root, as_json, lang)
    report = reports[engine]
    if as_json:
        _print_json(report.to_json())
    else:
        _print(report, root, lang)
    raise typer.Exit(EXIT_CODES[report.verdict.value])


def _first(data: bytes, root: TrustRoot, when: datetime, fonts: list[Path], modules: Path | None) -> Report:
    from chain.verifier.plan import verify as run
    from chain.verifier.rendering import ChildRenderer

    folders = fonts
    if modules is not None:
        from signing.rendering.fonts import FontBook

        folders = folders + FontBook.npm(modules.resolve())
    return run(data, root, now=when, render=ChildRenderer.with_fonts(folders) if folders else None)


def _check_succession(trust_root: Path, previous: list[Path]) -> None:
    """The root in use follows the given ones, each signed by the one before (spec 4.1)."""
    from chain.errors import ChainError
    from chain.trust_root_files import load_after

    try:
        load_after(trust_root, previous)
    except ChainError as error:
        _unusable(f"{error.zh} / {error.en}")
    except OSError as error:
        _unusable(f"无法读取 can't read {error.filename}: {error.strerror}")


def _demanding(report: Report, source: str) -> Report:
    """The same steps under a policy that also asks which program made the package."""
    from dataclasses import replace

    from chain.verifier.policy import MadeBy, worst

    found = MadeBy(source).judge({step.no: step for step in report.steps})
    return replace(report, verdict=worst([report.verdict, found]))


def _write_sheet(
    path: Path,
    report: Report,
    root: TrustRoot,
    data: bytes,
    lang: str,
    when: datetime,
    fonts: list[Path],
    modules: Path | None,
) -> None:
    """One page for the judge, from the same result; typesetting needs the fonts of step 20."""
    import hashlib

    from chain.verifier.report import Sheet, arrange
    from signing.rendering.fonts import FontBook

    folders = fonts + (FontBook.npm(modules.resolve()) if modules is not None else [])
    if not folders:
        _unusable("--report 需要字体：--fonts 或 --node-modules / needs fonts: --fonts or --node-modules")
    digest = hashlib.sha256(data).hexdigest()
    arranged = arrange(report.to_json(), root, digest, lang="en" if lang == "en" else "zh", now=when)
    try:
        path.write_bytes(Sheet(lambda: FontBook.load(folders).typst_fonts).make(arranged))
    except OSError as error:
        _unusable(f"无法写入 can't write {path}: {error.strerror}")


def _second(data: bytes, root: TrustRoot, when: datetime) -> Report:
    from chain.verifier.second import SecondVerifierMissing, verify_with_node

    try:
        return verify_with_node(data, root.canonical(), now=when)
    except SecondVerifierMissing as error:
        _unusable(f"{error.zh} / {error.en}")


def _show_both(reports: dict[str, Report], root: TrustRoot, as_json: bool, lang: str) -> NoReturn:
    from chain.verifier.second import differences

    found = differences(reports["python"], reports["js"])
    if as_json:
        shown = {name: report.to_json() for name, report in reports.items()}
        _print_json({"agree": not found, "differences": [item.to_json() for item in found], **shown})
    else:
        _print(reports["python"], root, lang)
        _print_differences(found)
    code = DISAGREE if found else EXIT_CODES[reports["python"].verdict.value]
    raise typer.Exit(code)


def _print_differences(found: list[Difference]) -> None:
    if not found:
        typer.secho("两个独立验证程序结论一致。/ Both verifiers agree.", fg="green")
        return
    typer.secho(
        "两个验证程序结论不一致，请勿采信，并报告。/ The two verifiers disagree: rely on neither, and report it.",
        fg="red",
        bold=True,
    )
    for item in found:
        where = f"第 {item.step} 步 step {item.step}" if item.step else "结论 verdict"
        typer.echo(f"  {where}: python {item.first} | js {item.second}")


def _moment(text: str | None) -> datetime:
    if text is None:
        return datetime.now(UTC)
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        _unusable(f"--now: ISO 8601, 2026-01-31T12:00:00Z, not {text}")
    if found.tzinfo is None:
        _unusable(f"--now: 缺少时区 the time zone is missing: {text}")
    return found.astimezone(UTC)


def _print_json(value: object) -> None:
    typer.echo(json.dumps(value, ensure_ascii=False, indent=2, default=str))


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
    from chain.verifier.exhibit import exhibit
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
    shown = exhibit(report.to_json(), languages[0])
    if shown is not None:
        typer.echo(f"\n{shown[0]}\n{shown[1]}\n")
    for language in languages:
        colour = _STYLE[report.verdict.value][1]
        typer.secho(VERDICT_TEXTS[report.verdict][index[language]], fg=colour, bold=True)
    if root.test:
        typer.echo("TEST 信任根：结论没有法律意义。/ TEST trust root: this verdict has no legal meaning.")
