"""The platform's own processes and commands: background worker, migrations, OpenAPI document.

`scripts/cli.py` mounts this app as part of `concord`; the worker is also started as `python -m api.cli worker`.
"""

from __future__ import annotations

import json
import signal
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import asdict
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import structlog
import typer

from api.bootstrap.container import SLICES, Container
from api.bootstrap.exchange_commands import app as exchange_app
from api.bootstrap.risk_scoring_command import app as risk_app
from api.bootstrap.warning_commands import app as decisions_app
from api.infra import logging, problems
from api.infra.loops import PAUSE, Loop, Rounds
from api.infra.settings import Settings
from api.kernel.errors import DomainError
from chain.errors import ChainError

if TYPE_CHECKING:
    from api.evidence.service.trust_files import Published

log = structlog.get_logger(__name__)
app = typer.Typer(no_args_is_help=True, help="平台进程 / platform processes")
release_app = typer.Typer(
    no_args_is_help=True, help="发布签署页面与模板 / release signing page and templates"
)
app.add_typer(release_app, name="release")
risk_app.registered_commands.extend(decisions_app.registered_commands)
app.add_typer(risk_app, name="risk")
app.add_typer(exchange_app, name="exchange")


def due_work() -> dict[str, Loop]:
    """Every slice's `tasks.run_due`, with its `PAUSE` where it has one, and the further loops of its `LOOPS`."""
    found: dict[str, Loop] = {}
    for name in SLICES:
        if find_spec(f"api.{name}.tasks") is not None:
            tasks = import_module(f"api.{name}.tasks")
            found[name] = Loop(tasks.run_due, float(getattr(tasks, "PAUSE", PAUSE)))
            further: Mapping[str, Loop] = getattr(tasks, "LOOPS", {})
            found |= {f"{name}.{loop}": what for loop, what in further.items()}
    return found


def run_worker(container: Container, stop: threading.Event) -> None:
    """Run every slice's due work until `stop` is set.

    Each loop has a thread of its own, so that a slow outside service of one does not hold the others.
    """
    container.wire()

    rounds = Rounds(container.uow, container.clock, stop)
    rounds.begin()
    threads = [
        threading.Thread(target=rounds.go, args=(name, loop, container), name=name, daemon=True)
        for name, loop in due_work().items()
    ]
    for thread in threads:
        thread.start()
    log.info("worker.process.started", slices=[thread.name for thread in threads])
    while not stop.wait(1.0):
        pass
    deadline = time.monotonic() + 10
    for thread in threads:
        thread.join(max(0.1, deadline - time.monotonic()))


@app.command()
def worker() -> None:
    """后台进程：上链、通知、到期任务 / background worker: relay, index, notifications, deadlines."""
    settings = Settings()
    logging.configure(settings.log_level)
    container = Container(settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    print(json.dumps({"event": "worker.process.became_ready"}), flush=True)  # noqa: T201
    run_worker(container, stop)
    container.close()


@app.command()
def migrate() -> None:
    """升级数据库结构 / bring the database to the newest schema (forward only)."""
    from api.migrations.run import upgrade  # Alembic is not needed by any other command

    settings = Settings()
    upgrade(settings.effective_database_url)


KEY = Annotated[Path | None, typer.Option("--key", help="发布密钥文件 / the release key's file")]
SIGNED = Annotated[
    Path | None, typer.Option("--signed", help="别处签好的 note / the note that was signed elsewhere")
]
OUT = Annotated[
    Path | None,
    typer.Option("--out", help="没有密钥时写待签文本 / where to write what is to be signed elsewhere"),
]


def publish_root() -> None:
    """公布信任根 / bring the published trust root up to this installation's facts; print its fingerprint."""
    from api.bootstrap.trust_root import publish_trust_root

    container = Container(Settings()).wire()
    try:
        _say_root(publish_trust_root(container))
    except DomainError as error:
        raise _refused(error) from error
    finally:
        container.close()


def _say_root(made: Published) -> None:
    print(f"{made.state} {made.root.version} {made.root.fingerprint}")  # noqa: T201
    if made.candidate is not None:
        print(  # noqa: T201
            f"还差 {made.missing} 个根密钥签名 / {made.missing} more root keys must sign {made.candidate}: "
            "concord trust-root sign FILE --previous CURRENT --key KEY; concord trust-root publish"
        )


@app.command()
def publish() -> None:
    """公布信任根，首次启动时发布页面与模板 / publish the trust root and, the first time, release page and templates."""
    from api.bootstrap.releases import release_first
    from api.bootstrap.trust_root import publish_trust_root

    container = Container(Settings()).wire()
    try:
        _say_root(publish_trust_root(container))
        for line in release_first(container):
            print(line)  # noqa: T201
    except DomainError as error:
        raise _refused(error) from error
    finally:
        container.close()


@release_app.command("page")
def release_page(key: KEY = None, signed: SIGNED = None, out: OUT = None) -> None:
    """发布签署页面 / release the signing page of this source tree; it is served once its event is in the log."""
    _release("page", "signing-page", key, signed, out)


@release_app.command("template")
def release_template(
    template: Annotated[str, typer.Argument(help="模板 / the template's id")] = "agreement/1",
    key: KEY = None,
    signed: SIGNED = None,
    out: OUT = None,
) -> None:
    """发布文书模板 / release a document template of this source tree."""
    _release("template", template, key, signed, out)


@release_app.command("source")
def release_source(as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """程序源码清单的摘要，证据包中的运行版本 / digest of this program's source, as evidence packages name it."""
    from chain.source_manifest import source_digest, source_manifest

    print(json.dumps(source_manifest(), indent=1) if as_json else source_digest())  # noqa: T201


def _release(kind: str, release_id: str, key: Path | None, signed: Path | None, out: Path | None) -> None:
    from api.bootstrap.releases import release

    container = Container(Settings()).wire()
    try:
        print(release(container, kind, release_id, key, signed, out))  # noqa: T201
    except DomainError as error:
        raise _refused(error) from error
    except (OSError, ValueError, ChainError) as error:
        print(error, file=sys.stderr)  # noqa: T201
        raise typer.Exit(1) from error
    finally:
        container.close()


def _refused(error: DomainError) -> typer.Exit:
    """The refusal was told in both languages; what ends the command."""
    texts = (problems.text_of(error.code, error.facts, lang) for lang in ("zh", "en"))
    print(" / ".join(texts), file=sys.stderr)  # noqa: T201
    return typer.Exit(1)


@app.command()
def operator(login: Annotated[str, typer.Argument(help="login name of the first operator")]) -> None:
    """建立首个管理员 / create the first operator account; its password and TOTP address are shown once."""
    container = Container(Settings()).wire()
    made = container.identity.accounts.bootstrap_operator(login)
    print(json.dumps(asdict(made), ensure_ascii=False, indent=1))  # noqa: T201
    container.close()


@app.command()
def openapi(
    out: Annotated[Path | None, typer.Option(help="file to write; standard output if absent")] = None,
) -> None:
    """写出 OpenAPI 3.1 文档 / write the OpenAPI 3.1 document."""
    from api.app import create_app  # builds the whole application

    document = json.dumps(
        create_app(Container(Settings())).openapi(), ensure_ascii=False, indent=1, sort_keys=True
    )
    if out is None:
        print(document)  # noqa: T201
    else:
        out.write_text(document + "\n", encoding="utf-8")


if __name__ == "__main__":
    app()
