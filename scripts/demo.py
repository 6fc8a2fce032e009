"""`concord demo`: the main job on fresh data through the HTTP API, with its files left in the installation's `demo` folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from scripts.installation import Installation
from scripts.journey.client import ApiClient, Refused, TryAgain
from scripts.journey.contract import REPOSITORY, ContractPlay
from scripts.journey.stage import Stage


class DemoFailed(Exception):
    """A step of the demonstration was refused or came too late; the text says which."""


def play(installation: Installation, console: Console) -> None:
    """Play one contract from registration to verified package; raises DemoFailed."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    try:
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("准备账号 / accounts", total=None)

            def say(text: str) -> None:
                progress.console.print(f"[green]✓[/green] {text}", highlight=False)
                progress.update(task, description="…")

            files = _play(installation, say)
    except (Refused, TryAgain, TimeoutError, RuntimeError, LookupError, subprocess.CalledProcessError) as exc:
        raise DemoFailed(f"{type(exc).__name__}: {exc} (logs: {installation.logs})") from exc
    _verify(files, console)
    _addresses(installation, console)


def _play(installation: Installation, say: object) -> Path:
    assert callable(say)

    def connect() -> ApiClient:
        return ApiClient(installation.public_origin, patience=20)

    stage = Stage(installation, connect)
    say("平台已启动；TEST 身份源、CA、时间戳、短信服务就绪")
    employer = stage.employer(external_wallet=True)
    stage.remember(**employer.logins)
    say("用人单位注册、审核通过、制作电子印章、授权经办人")
    contract = ContractPlay(connect, stage.town, employer, say)
    played = contract.play(stage.newcomers(1)[0])
    contract.effective(played)
    say("合同生效；全部事件已上链")
    folder = installation.root / "demo"
    folder.mkdir(exist_ok=True)
    (folder / "contract.pdf").write_bytes(
        played.worker.download(f"/me/contracts/{played.contract}/document.pdf")
    )
    (folder / "evidence.zip").write_bytes(contract.package(played))
    with connect() as anyone:
        (folder / "trust-root.json").write_bytes(anyone.download("/trust-root"))
    say("证据包已下载")
    for role in ("regulator", "court"):
        stage.staff(role)
    return folder


def _verify(folder: Path, console: Console) -> None:
    command = [sys.executable, "-m", "scripts.cli", "verify", str(folder / "evidence.zip")]
    command += [
        "--trust-root",
        str(folder / "trust-root.json"),
        "--node-modules",
        str(REPOSITORY / "node_modules"),
    ]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    console.print(done.stdout, highlight=False, markup=False)
    if done.returncode:
        raise DemoFailed(f"the package does not verify (exit {done.returncode}): {done.stderr[-500:]}")


def _addresses(installation: Installation, console: Console) -> None:
    origin = installation.public_origin
    folder = installation.root / "demo"
    console.print(
        f"入口 / entrance          {origin}/\n"
        f"核验证据包 / verify       {origin}/verify\n"
        f"登录 / log in            {origin}/login   （账号与密码见 {folder / 'logins.json'}）\n"
        f"动态口令 / second factor  .venv/bin/concord code ROLE --data {installation.root}\n"
        f"短信 / TEST messages      {installation.url('sms')}/inbox\n"
        f"文件 / files             {folder}",
        highlight=False,
        markup=False,
    )
