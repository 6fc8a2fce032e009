"""`concord backup` and `concord restore`: one archive of a running installation, sealed to the operator's public key.

MLPS level 3 (GB/T 22239) asks for backups off site and restore drills; the archive may lie anywhere, because only the
holder of the private key opens it. That key belongs on paper or a token, never on the platform's machine.
"""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from nacl.public import PrivateKey, PublicKey
from rich.console import Console

from scripts.backup_archive import BackupError, extract_archive, write_archive
from scripts.backup_sources import DUMP_NAME, collect, restore_postgres

console = Console(stderr=True)
AsJson = Annotated[bool, typer.Option("--json", help="机器可读输出 / facts as JSON on standard output")]


def _key_bytes(path: Path, what: str) -> bytes:
    try:
        data = bytes.fromhex(path.read_text("ascii").strip())
    except (OSError, ValueError) as error:
        raise BackupError(f"{what} {path} cannot be read (32 bytes as hex): {error}") from error
    if len(data) != 32:
        raise BackupError(f"{what} {path} does not hold 32 bytes as hex")
    return data


def recipient_of(data: Path, to: Path | None) -> PublicKey:
    """The public key to seal to: the given one, or that of the installation's own backup key."""
    if to is not None:
        return PublicKey(_key_bytes(to, "public key"))
    own = data / "keys" / "backup"
    if not own.exists():
        raise BackupError(
            "no public key to seal to: make a pair with `concord backup --new-key NAME` and give --to NAME.pub"
        )
    return PrivateKey(_key_bytes(own, "private key")).public_key


def make_backup(data: Path, out: Path, recipient: PublicKey) -> dict[str, Any]:
    """Archive the installation in `data`, running or not; gives the manifest. Raises ``BackupError``."""
    installation = data / "installation.json"
    facts: dict[str, Any] = {"created": datetime.now(UTC).isoformat(timespec="seconds")}
    if installation.exists():
        facts["log_origin"] = json.loads(installation.read_text("utf-8")).get("log_origin")
    with tempfile.TemporaryDirectory(prefix="concord-backup-", dir=out.parent) as staging:
        return write_archive(out, recipient, collect(data, Path(staging)), facts)


REPLAY = Path("data") / "erasures.replay.jsonl"
"""Where the platform looks, before it serves, for erasures that it must repeat."""


def restore_backup(
    archive: Path, secret: PrivateKey, into: Path, database_url: str = "", erasures: Path | None = None
) -> dict[str, Any]:
    """Unpack an archive into an empty folder (and a PostgreSQL dump into an empty database); gives the manifest.

    `erasures` is the ledger of erasures as it stands today: the platform repeats it before it serves.
    """
    ledger = b"" if erasures is None else _ledger(erasures)
    manifest = extract_archive(archive, secret, into)
    if ledger:
        (into / REPLAY).write_bytes(ledger)
    dump = into / "data" / DUMP_NAME
    if dump.exists():
        if not database_url:
            raise BackupError(
                f"the archive holds a PostgreSQL dump: load it with --database-url, it lies at {dump}"
            )
        restore_postgres(dump, database_url)
        dump.unlink()
    return manifest


def _ledger(path: Path) -> bytes:
    try:
        data = path.read_bytes()
        for line in data.splitlines():
            if line.strip():
                json.loads(line)
    except (OSError, ValueError) as error:
        raise BackupError(f"the ledger of erasures {path} cannot be read: {error}") from error
    return data


def new_key(name: Path) -> dict[str, str]:
    """Make a key pair: `NAME.key` (private, 0600) and `NAME.pub`. Raises ``BackupError`` when one exists."""
    private, public = name.with_suffix(".key"), name.with_suffix(".pub")
    if private.exists() or public.exists():
        raise BackupError(f"{private} or {public} exists already")
    secret = PrivateKey.generate()
    private.touch(mode=0o600)
    private.write_text(bytes(secret).hex() + "\n", encoding="ascii")
    public.write_text(bytes(secret.public_key).hex() + "\n", encoding="ascii")
    return {"private": str(private), "public": str(public)}


def _say(facts: dict[str, Any], as_json: bool, text: str) -> None:
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False))
    else:
        console.print(f"[green]✓[/green] {text}", highlight=False)


def backup(
    out: Annotated[
        Path, typer.Argument(help="归档文件 / archive to write; with --new-key: name of the pair")
    ],
    data: Annotated[Path, typer.Option("--data", help="安装目录 / folder of the installation")] = Path("var"),
    to: Annotated[
        Path | None, typer.Option("--to", help="公钥文件 / public key to seal to (NAME.pub)")
    ] = None,
    make_key: Annotated[bool, typer.Option("--new-key", help="只生成密钥对 / only make a key pair")] = False,
    as_json: AsJson = False,
) -> None:
    """备份：数据库、文书、链日志、密钥，加密成一个文件 / everything in one sealed archive, while the platform runs."""
    try:
        if make_key:
            made = new_key(out)
            _say(
                made,
                as_json,
                f"{made['public']} (public), {made['private']} (private: keep it off this machine)",
            )
            return
        manifest = make_backup(data, out, recipient_of(data, to))
    except BackupError as error:
        console.print(f"[red]✗[/red] {error}", highlight=False)
        raise typer.Exit(1) from error
    facts = {"archive": str(out), "bytes": out.stat().st_size, "files": len(manifest["files"])}
    _say(facts, as_json, f"{out}: {facts['files']} files, {facts['bytes']} bytes")
    if to is None and not as_json:
        console.print(
            "[yellow]sealed to the installation's own key (keys/backup), which is not in the archive: copy it away, "
            "or give --to[/yellow]"
        )


def restore(
    archive: Annotated[Path, typer.Argument(help="归档文件 / archive")],
    into: Annotated[Path, typer.Option("--into", help="空目录 / empty folder")],
    key: Annotated[Path, typer.Option("--key", help="私钥文件 / private key (NAME.key)")],
    database_url: Annotated[str, typer.Option(help="空的 PostgreSQL / empty PostgreSQL database")] = "",
    erasures: Annotated[
        Path | None,
        typer.Option("--erasures", help="最新的清除台账 data/erasures.jsonl / today's ledger of erasures"),
    ] = None,
    no_erasures: Annotated[
        bool, typer.Option("--no-erasures", help="备份后没有清除过 / nothing was erased since the backup")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """恢复到空目录，逐个文件核对摘要 / unpack into an empty folder, every file compared with the manifest."""
    if (erasures is None) != no_erasures:
        console.print(
            "[red]✗[/red] 请用 --erasures 指明最新的清除台账；确认备份后没有清除过任何合同时，用 --no-erasures / give today's "
            "ledger with --erasures, or say --no-erasures when nothing was erased since the backup",
            highlight=False,
        )
        raise typer.Exit(2)
    try:
        secret = PrivateKey(_key_bytes(key, "private key"))
        manifest = restore_backup(archive, secret, into, database_url, erasures)
    except BackupError as error:
        console.print(f"[red]✗[/red] {error}", highlight=False)
        raise typer.Exit(1) from error
    facts = {"into": str(into), "files": len(manifest["files"]), "created": manifest["created"]}
    _say(
        facts,
        as_json,
        f"{into}: {facts['files']} files as of {facts['created']}; start with `concord up --data {into}`",
    )
