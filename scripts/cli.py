"""The `concord` command: installation, demo, verification, chain, keys, benchmarks, backups.

Heavy parts are imported inside the commands, so that `concord verify` starts fast and needs no server code.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

console = Console(stderr=True)
DATA = Annotated[Path, typer.Option("--data", help="安装目录 / folder of the installation")]
PORT = Annotated[
    int, typer.Option("--port", help="首个端口，0 为自动 / first of the ports, 0 takes free ones")
]
NETWORK = Annotated[
    str | None,
    typer.Option(
        "--network",
        help="本机验证人网络：local4 / a validator network on this machine: local4 (four members)",
    ),
]
AS_JSON = Annotated[
    bool, typer.Option("--json", help="机器可读输出 / machine-readable facts on standard output")
]
DEFAULT_DATA = Path("var")


def _fail(text: str, code: int = 1) -> typer.Exit:
    console.print(f"[red]✗[/red] {text}", markup=True, highlight=False)
    return typer.Exit(code)


def _platform(data: Path, port: int, network: str | None) -> Any:
    from scripts.installation import InstallationError, prepare
    from scripts.up import Platform

    try:
        made = prepare(data, port, network=network)
        return Platform(made, lambda text: console.print(f"  {text}", highlight=False))
    except InstallationError as exc:
        raise _fail(str(exc)) from exc


def _start(platform: Any) -> None:
    from scripts.installation import InstallationError
    from scripts.processes import StartFailed

    try:
        platform.start()
    except (InstallationError, StartFailed) as exc:
        platform.stop()
        raise _fail(str(exc)) from exc
    except BaseException:
        platform.stop()
        raise


def _until_stopped() -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    while not stop.wait(1.0):
        pass


def up(data: DATA = DEFAULT_DATA, port: PORT = 8080, network: NETWORK = None) -> None:
    """启动整套平台（单机、TEST 服务）/ start everything on this machine, with TEST authorities; Ctrl-C ends it."""
    platform = _platform(data, port, network)
    _start(platform)
    console.print(f"[green]✓[/green] {platform.installation.public_origin}", highlight=False)
    _until_stopped()
    platform.stop()
    console.print("[green]✓[/green] 已停止 / stopped", highlight=False)


def demo(
    context: typer.Context,
    data: DATA = DEFAULT_DATA,
    port: PORT = 8080,
    network: NETWORK = None,
    once: Annotated[
        bool, typer.Option("--once", help="完成后退出 / end when the demonstration is done")
    ] = False,
    rewrite: Annotated[
        bool,
        typer.Option(
            "--rewrite", help="全体验证人改写历史，看谁发现 / all validators rewrite history: who notices"
        ),
    ] = False,
) -> None:
    """演示主流程：注册、起草、签署、存证、离线核验 / play the main job through the HTTP API, then stay up."""
    if context.invoked_subcommand is not None:
        return
    from scripts.demo import DemoFailed, play

    if rewrite:
        _rewrite()
        return
    platform = _platform(data, port, network)
    _start(platform)
    try:
        play(platform.installation, console)
        if not once:
            console.print("Ctrl-C 结束 / Ctrl-C ends it", highlight=False)
            _until_stopped()
    except DemoFailed as exc:
        raise _fail(str(exc)) from exc
    finally:
        platform.stop()


def demo_risk(
    data: DATA = DEFAULT_DATA,
    port: PORT = 8080,
    network: NETWORK = None,
    full: Annotated[
        bool, typer.Option("--full", help="整个区县 35,834 户 / the whole district, else 2,000 enterprises")
    ] = False,
    seed: Annotated[int, typer.Option("--seed", help="种子 / seed")] = 1,
    as_json: AS_JSON = False,
) -> None:
    """风险预警演示：真实接入、评分、预警、处置、上链 / departments' files through intake, runs, a closed and anchored case."""
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import asdict

    from scripts.demo_risk import RiskDemoFailed, district, last_month, play
    from scripts.district.cli import PROFILES

    enterprises, month = PROFILES["full" if full else "small"], last_month()
    platform = _platform(data, port, network)
    # The departments' files are made while the programs start.
    with ThreadPoolExecutor(1) as beside:
        files = beside.submit(district, platform.installation.root, enterprises, month, seed)
        _start(platform)
    try:
        files.result()
        done = play(
            platform.installation,
            lambda text: console.print(f"[green]✓[/green] {text}", highlight=False),
            enterprises=enterprises,
            seed=seed,
            end=month,
        )
    except RiskDemoFailed as exc:
        raise _fail(str(exc)) from exc
    finally:
        platform.stop()
    if as_json:
        typer.echo(json.dumps(asdict(done), ensure_ascii=False))
        return
    for name, value in asdict(done).items():
        typer.echo(f"{name:20} {value}")


def _rewrite() -> None:
    from scripts.rewrite import NotCaught, play

    try:
        play(Console())
    except NotCaught as exc:
        raise _fail(str(exc)) from exc


def status(data: DATA = DEFAULT_DATA, as_json: AS_JSON = False) -> None:
    """各程序、链、待上链事项 / programs, chain height, ms a block, what is pending, parked or behind."""
    from scripts.installation import InstallationError
    from scripts.status import collect

    try:
        facts = collect(data)
    except InstallationError as exc:
        raise _fail(str(exc)) from exc
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, indent=1, default=str))
    else:
        table = Table(show_header=False, box=None)
        for section, values in facts.items():
            table.add_row(f"[bold]{section}[/bold]", "")
            for name, value in values.items():
                table.add_row(f"  {name}", str(value))
        Console().print(table)
    if not all(item == "ready" for item in facts["programs"].values()):
        raise typer.Exit(1)


def keys(data: DATA = DEFAULT_DATA, as_json: AS_JSON = False) -> None:
    """公开的密钥指纹与地址 / public halves of the installation's keys (never the secrets)."""
    from scripts.installation import SECP256K1_KEYS, prepare
    from scripts.up_chain import address_of

    installation = prepare(data)
    facts: dict[str, str] = {name: address_of(installation.key(name)) for name in SECP256K1_KEYS}
    from chain.checkpoint import LogKey

    facts["log"] = LogKey.from_seed(installation.log_origin, installation.key("log")).vkey
    facts |= {name: installation.note_key(name).vkey for name in ("root", "release")}
    if installation.trust_root.exists():
        from chain.trust_root import TrustRoot

        facts["trust-root fingerprint"] = TrustRoot.parse(installation.trust_root.read_bytes()).fingerprint
    if as_json:
        typer.echo(json.dumps(facts, indent=1))
        return
    for name, value in facts.items():
        typer.echo(f"{name:24} {value}")


def code(role: str, data: DATA = DEFAULT_DATA) -> None:
    """TEST 账号的动态口令 / present second factor of a test login that the demonstration made."""
    from scripts.journey.people import Login

    path = data / "demo" / "logins.json"
    kept = json.loads(path.read_text("utf-8")) if path.exists() else {}
    if role not in kept:
        raise _fail(
            f"no test login {role!r}: known are {', '.join(kept) or 'none, run the demonstration first'}"
        )
    login = Login(**kept[role])
    typer.echo(f"{login.login}\t{login.password}\t{login.code()}")


def build_app(first: str | None = None) -> typer.Typer:
    """The command line; with `first` (the first word typed) only what that command needs is imported."""
    app = typer.Typer(no_args_is_help=True, add_completion=False, help="Concord 和谐劳动关系公共服务平台")
    for command in (up, status, keys, code):
        app.command()(command)
    demonstrations = typer.Typer(invoke_without_command=True)
    demonstrations.callback()(demo)
    demonstrations.command("risk")(demo_risk)
    app.add_typer(demonstrations, name="demo")
    if first in {None, "verify"}:
        from chain.verifier.cli import verify

        app.command("verify")(verify)
    if first in {None, "audit-log"}:
        from chain.audit_cli import audit_log

        app.command("audit-log")(audit_log)
    if first in {None, "witness"}:
        from chain.witness.cli import witness

        passed = {"allow_extra_args": True, "ignore_unknown_options": True}
        app.command("witness", context_settings=passed, add_help_option=False)(witness)
    if first in {None, "disclose"}:
        from scripts.disclose import disclose

        app.command("disclose")(disclose)
    if first in {None, "proofs"}:
        from scripts.proofs import proofs

        app.command("proofs")(proofs)
    if first in {None, "chain"}:
        from node.cli import app as chain_app

        app.add_typer(chain_app, name="chain")
    if first in {None, "network"}:
        from node.network.cli import app as network_app

        app.add_typer(network_app, name="network")
    if first is None or first in PLATFORM_COMMANDS:
        from api.cli import app as api_app
        from api.cli import publish_root, release_app
        from chain.release_cli import sign_release
        from chain.trust_root_cli import app as root_app

        app.registered_commands.extend(api_app.registered_commands)
        app.registered_groups.extend(api_app.registered_groups)
        release_app.command("sign")(sign_release)
        root_app.command("publish")(publish_root)
        app.add_typer(root_app, name="trust-root")
    if first in {None, "page-check"}:
        from chain.release_cli import page_check

        app.command("page-check")(page_check)
    if first in {None, "court"}:
        from chain.judicial_cli import app as court_app

        app.add_typer(court_app, name="court")
    if first in {None, "bench"}:
        from scripts.bench import app as bench_app

        app.add_typer(bench_app, name="bench")
    if first in {None, "district"}:
        from scripts.district.cli import app as district_app

        app.add_typer(district_app, name="district")
    if first in {None, "vectors"}:
        from scripts.vectors import app as vectors_app

        app.add_typer(vectors_app, name="vectors")
    if first in {None, "conformance"}:
        from scripts.conformance import conformance

        app.command("conformance")(conformance)
    if first in {None, "backup", "restore"}:
        from scripts.backup import backup, restore

        app.command("backup")(backup)
        app.command("restore")(restore)
    return app


COMMANDS = frozenset(
    [
        "up",
        "demo",
        "status",
        "keys",
        "verify",
        "disclose",
        "chain",
        "network",
        "worker",
        "migrate",
        "openapi",
        "publish",
        "release",
        "trust-root",
        "page-check",
        "operator",
        "risk",
        "exchange",
        "audit-log",
        "witness",
    ]
    + ["bench", "backup", "restore", "vectors", "conformance", "district"]
)
PLATFORM_COMMANDS = frozenset(
    {"worker", "migrate", "openapi", "publish", "release", "trust-root", "operator", "risk", "exchange"}
)


def _load_settings() -> None:
    """Commands of the platform run in an installation's settings where the environment gives none."""
    path = DEFAULT_DATA / "settings.json"
    if path.exists() and not any(name.startswith("CONCORD_") for name in os.environ):
        os.environ.update(json.loads(path.read_text("utf-8")))


def main() -> None:
    """Entry point of `concord`."""
    first = sys.argv[1] if len(sys.argv) > 1 and sys.argv[1] in COMMANDS else None
    if first in PLATFORM_COMMANDS:
        _load_settings()
    build_app(first)()


if __name__ == "__main__":
    main()
