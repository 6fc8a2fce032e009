"""`concord district`: make the raw departmental files of an invented district, and measure warnings against its labels."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

app = typer.Typer(
    no_args_is_help=True, help="虚构区县的部门原始数据 / raw departmental files of an invented district"
)
console = Console(stderr=True)
PROFILES = {"small": 2_000, "full": 35_834}
DEFAULT_END = "2026-10"


@app.command("generate")
def generate_files(
    out: Annotated[Path, typer.Option("--out", help="输出文件夹 / folder to make")],
    enterprises: Annotated[
        int | None, typer.Option("--enterprises", help="单位数 / enterprises, else the profile's")
    ] = None,
    months: Annotated[int, typer.Option("--months", help="月数 / months")] = 36,
    seed: Annotated[int, typer.Option("--seed", help="种子 / seed")] = 1,
    profile: Annotated[str, typer.Option("--profile", help="small | full")] = "small",
    end: Annotated[str, typer.Option("--end", help="最后月份 YYYY-MM / last month")] = DEFAULT_END,
    recent: Annotated[
        int, typer.Option("--recent", min=1, help="逐月文件的月数 / months that come one a file")
    ] = 12,
    optional: Annotated[
        bool, typer.Option("--optional", help="含考勤与派遣 / attendance and dispatch too")
    ] = False,
) -> None:
    """生成虚构的部门原始文件 / write invented departmental files, a manifest, and the labels apart from them."""
    from scripts.district.deliveries import Rhythm
    from scripts.district.generate import GenerationError, Plan, generate

    if profile not in PROFILES:
        raise typer.BadParameter(f"small | full: {profile}", param_hint="--profile")
    try:
        plan = Plan.until(
            end,
            enterprises=enterprises or PROFILES[profile],
            months=months,
            seed=seed,
            optional=optional,
            rhythm=Rhythm(recent),
        )
        manifest = generate(plan, out, lambda text: console.print(f"  {text}", highlight=False))
    except GenerationError as exc:
        console.print(f"[red]✗[/red] {exc}", highlight=False)
        raise typer.Exit(1) from exc
    facts = {
        name: manifest[name]
        for name in ("enterprises", "months", "seed", "rows", "rows_by_dataset", "planted")
    }
    typer.echo(json.dumps(facts | {"files": len(manifest["files"])}, ensure_ascii=False, indent=1))


@app.command("report")
def report_warnings(
    labels: Annotated[Path, typer.Option("--labels", help="标签文件夹 / folder of the labels")],
    warnings: Annotated[
        Path,
        typer.Option(
            "--warnings", help="预警 CSV / warnings: episode, uscc, issued_on, closed_on, grade, points"
        ),
    ],
    level: Annotated[str, typer.Option("--level", help="blue | yellow | orange | red")] = "yellow",
) -> None:
    """预警与植入情形对照：查准、查全、提前天数 / precision, recall and lead time on the planted stories, with intervals."""
    from scripts.district.report import ReportError, read_habits, read_stories, read_warnings, whole_report

    try:
        facts = whole_report(
            read_stories(labels), read_warnings(warnings), level=level, habits=read_habits(labels)
        )
    except ReportError as exc:
        console.print(f"[red]✗[/red] {exc}", highlight=False)
        raise typer.Exit(1) from exc
    typer.echo(json.dumps(facts, ensure_ascii=False, indent=1))


@app.command("play")
def play_district(
    folder: Annotated[Path, typer.Option("--folder", help="文件夹，可续跑 / folder; goes on where it was")],
    enterprises: Annotated[
        int | None, typer.Option("--enterprises", help="单位数 / enterprises, else the profile's")
    ] = None,
    months: Annotated[int, typer.Option("--months", help="月数 / months")] = 36,
    seed: Annotated[int, typer.Option("--seed", help="种子 / seed")] = 1,
    profile: Annotated[str, typer.Option("--profile", help="small | full")] = "small",
    end: Annotated[str, typer.Option("--end", help="最后月份 YYYY-MM / last month")] = DEFAULT_END,
    level: Annotated[str, typer.Option("--level", help="blue | yellow | orange | red")] = "yellow",
) -> None:
    """逐月经真实入库与评分跑完虚构区县并如实报告 / play a district month by month through intake and runs, and report."""
    from api.infra import logging
    from scripts.district.deliveries import Rhythm
    from scripts.district.generate import LABELS, MANIFEST, GenerationError, Plan, generate
    from scripts.district.play import COLOURED, Play, PlayError
    from scripts.district.report import ReportError, read_habits, read_stories, read_warnings, whole_report

    if profile not in PROFILES:
        raise typer.BadParameter(f"small | full: {profile}", param_hint="--profile")

    logging.configure("WARNING")

    def say(text: str) -> None:
        console.print(f"  {text}", highlight=False)

    count = enterprises or PROFILES[profile]
    district = folder / f"district-{count}-{months}-{end}-{seed}"
    product = folder / f"product-{count}-{months}-{end}-{seed}"
    try:
        if not (district / MANIFEST).exists():
            plan = Plan.until(end, enterprises=count, months=months, seed=seed, rhythm=Rhythm(recent=months))
            generate(plan, district, say)
        warnings = Play(district, product, say).run()
        coloured = json.loads((product / COLOURED).read_text("utf-8"))
        facts = whole_report(
            read_stories(district / LABELS),
            read_warnings(warnings),
            level=level,
            habits=read_habits(district / LABELS),
            coloured=coloured,
        )
    except (GenerationError, PlayError, ReportError) as exc:
        console.print(f"[red]✗[/red] {exc}", highlight=False)
        raise typer.Exit(1) from exc
    typer.echo(json.dumps(facts, ensure_ascii=False, indent=1))
