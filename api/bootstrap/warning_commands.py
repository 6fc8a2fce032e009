"""`concord risk waiting|sign|verify|forget`: decisions about warnings from the command line.

`sign` and `verify` need no installation: an officer signs where his key is, a court checks where it is.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer

from api.kernel.errors import DomainError

app = typer.Typer()
AS_JSON = Annotated[bool, typer.Option("--json", help="机器可读 / print JSON")]
LARGEST = 1_000_000
WRONG, UNUSABLE = 1, 3


def _refuse(zh: str, en: str, exit_code: int = UNUSABLE) -> NoReturn:
    typer.echo(f"{zh} / {en}", err=True)
    raise typer.Exit(exit_code)


@app.command("sign")
def sign(
    statement: Annotated[
        Path, typer.Argument(help="签名原文 JSON（页面或接口给出），- 为标准输入 / typed data")
    ],
    key_file: Annotated[
        Path, typer.Option("--key-file", help="私钥（十六进制）或 V3 密钥文件 / private key or V3 keystore")
    ],
    yes: Annotated[bool, typer.Option("--yes", help="不再询问 / do not ask")] = False,
) -> None:
    """用密钥文件对预警决定签名，输出签名 / sign a decision about a warning with a key file; prints the signature."""
    from signing.errors import SigningError

    try:
        text = sys.stdin.read(LARGEST) if str(statement) == "-" else statement.read_text("utf-8")[:LARGEST]
        typed = json.loads(text)
        digest = _digest(typed)
        for name, value in typed["message"].items():
            typer.echo(f"{name}: {value}", err=True)
        if not yes and not typer.confirm("签名？/ Sign?", err=True):
            raise typer.Exit(UNUSABLE)
        typer.echo("0x" + _signature(key_file.read_text("utf-8").strip(), digest).hex())
    except SigningError as error:
        _refuse(error.zh, error.en)
    except OSError as error:
        _refuse(f"读不到文件：{error.filename}", f"the file cannot be read: {error.filename}")
    except (KeyError, TypeError, ValueError) as error:
        kind = type(error).__name__
        _refuse(f"不是可签名的预警决定：{kind}", f"not a statement about a warning: {kind}")


def _digest(typed: dict[str, Any]) -> bytes:
    """What the wallet signs of typed data. Raises ValueError, KeyError or InputRefused for anything but such a statement."""
    from signing.eip712 import digest, from_message, typed_data
    from signing.warning_statements import AppointOfficer, DismissOfficer, WarningStep

    kinds = {kind.__name__: kind for kind in (WarningStep, AppointOfficer, DismissOfficer)}
    statement = from_message(kinds[typed["primaryType"]], typed["message"])
    named = typed["domain"]
    domain = _stated_domain()(
        named["name"],
        int(named["chainId"]),
        named["verifyingContract"],
        "",
        str(named["version"]),
        bytes.fromhex(named["salt"].removeprefix("0x")),
    )
    if typed_data(domain, statement)["types"] != typed["types"]:
        raise ValueError("other types")
    return digest(domain, statement)


def _stated_domain() -> Any:
    """A domain whose salt is stated: the origin of the log, of which it is the digest, does not stand in typed data."""
    from dataclasses import dataclass

    from signing.eip712 import Domain

    @dataclass(frozen=True)
    class Stated(Domain):
        stated: bytes = b""

        @property
        def salt(self) -> bytes:
            return self.stated

    return Stated


def _signature(text: str, digest: bytes) -> bytes:
    from signing.wallets import sign_digest, sign_with_keystore

    if text.startswith("{"):
        return sign_with_keystore(
            json.loads(text), typer.prompt("口令 / passphrase", hide_input=True, err=True), digest
        )
    return sign_digest(bytes.fromhex(text.removeprefix("0x")), digest)


@app.command("verify")
def verify(
    file: Annotated[Path, typer.Argument(help="证明文件 / proof of a warning's decisions")],
    trust_root: Annotated[
        Path | None,
        typer.Option(
            "--trust-root", help="信任根：日志公钥和合约地址 / trust root: the log's key, the contract"
        ),
    ] = None,
    vkey: Annotated[
        str, typer.Option("--vkey", help="没有信任根时的日志公钥 / the log's key, without a trust root")
    ] = "",
    rpc: Annotated[
        str, typer.Option("--rpc", help="链节点地址，给出则查询合约 / a node of the chain, asked when given")
    ] = "",
    as_json: AS_JSON = False,
) -> None:
    """离线核对预警决定的证明；给出节点时再查询链上合约 / check a proof offline, and the contract where a node is named.

    Exit codes: 0 it holds, 1 it does not, 3 input that can't be used or no answer.
    """
    from chain.checkpoint import Verifier
    from chain.errors import ChainError
    from chain.gateway_rpc import RpcGateway
    from chain.trust_root import TrustRoot, TrustRootError
    from chain.warning_calls import CONTRACT
    from chain.warning_proof import WarningProofMalformed, check, on_chain

    if (trust_root is None) == (not vkey):
        _refuse("请给出 --trust-root 或 --vkey 其中之一", "give either --trust-root or --vkey")
    differing: list[int] | None = None
    try:
        root = None if trust_root is None else TrustRoot.parse(trust_root.read_bytes()).value
        log = Verifier.parse(vkey if root is None else root["log_vkey"])
        checked = check(file.read_bytes(), log)
        if root is not None and root["contracts"].get(CONTRACT, {}).get("address") != checked.contract:
            _refuse(
                "证明所指的合约不在信任根里，请用新版信任根核对",
                "the trust root does not name the proof's contract: use its newest version",
                WRONG,
            )
        if rpc:
            gateway = RpcGateway(rpc)
            try:
                differing = on_chain(checked, gateway.call)
            finally:
                gateway.close()
    except (WarningProofMalformed, TrustRootError) as error:
        _refuse(error.zh, error.en)
    except ChainError as error:
        _refuse(error.zh, error.en, UNUSABLE if error.code.startswith(("gateway.", "rpc.")) else WRONG)
    except OSError as error:
        _refuse(f"读不到文件：{error.filename}", f"the file cannot be read: {error.filename}")
    facts = {
        "holds": not differing,
        "warning": checked.warning,
        "chain_id": checked.chain_id.hex(),
        "contract": checked.contract,
        "status": checked.status,
        "grade": checked.grade,
        "steps": [
            {
                "sequence": s.sequence,
                "kind": s.kind,
                "grade": s.grade,
                "automatic": s.automatic,
                "signers": s.signers,
            }
            for s in checked.steps
        ],
        "events_in_log": checked.included,
        "events_not_in_log_yet": checked.outside,
        "registry_asked": differing is not None,
        "registry_differs_at": differing or [],
    }
    if as_json:
        typer.echo(json.dumps(facts, ensure_ascii=False, sort_keys=True))
    else:
        _tell(facts)
    if differing:
        raise typer.Exit(WRONG)


def _tell(facts: dict[str, Any]) -> None:
    typer.echo(f"{facts['warning']} · {facts['status']} · {facts['contract']}")
    for step in facts["steps"]:
        by = " + ".join(step["signers"]) + (" (rules)" if step["automatic"] else "")
        typer.echo(f"  {step['sequence']}. {step['kind']} {step['grade']} · {by}")
    typer.echo(f"日志内事件 / events in the log: {len(facts['events_in_log'])}")
    if not facts["registry_asked"]:
        typer.echo("未查询链上合约，加 --rpc / the contract was not asked: add --rpc")
    elif facts["registry_differs_at"]:
        typer.echo(f"✗ 链上合约不符 / the contract differs at {facts['registry_differs_at']}")
    else:
        typer.echo("✓ 链上合约一致 / the contract holds the same")


@app.command("waiting")
def waiting(as_json: AS_JSON = False) -> None:
    """列出等待签名的预警决定 / decisions that wait for officers' signatures."""
    with _platform() as (container, who), container.uow.read() as session:
        found = list(container.anchoring.inbox.waiting(session, who, limit=200))
        count, oldest, by_rules = container.anchoring.inbox.counts(session)
    rows = [
        {"warning": s.warning, "sequence": s.sequence, "kind": s.kind, "grade": s.grade, "missing": s.missing,
         "stated_at": s.stated_at.isoformat()}
        for s in found
    ]  # fmt: skip
    if as_json:
        facts = {"waiting": count, "oldest": oldest.isoformat() if oldest else None, "for_rule_key": by_rules}
        typer.echo(json.dumps({**facts, "steps": rows}, sort_keys=True))
        return
    for row in rows:
        typer.echo(" ".join(str(value) for value in row.values()))
    typer.echo(
        f"{count} 项等待人员签名，{by_rules} 项等待规则运行密钥 / waiting for officers, for the rule run's key"
    )


@app.command("forget")
def forget(
    warning: Annotated[str, typer.Argument(help="预警编号 / id of the warning")],
    reason: Annotated[str, typer.Option("--reason", help="依据，记入审计 / basis, audited")],
    as_json: AS_JSON = False,
) -> None:
    """清除一个预警与链上记录的关联，不可恢复 / destroy what links a warning to the chain; there is no way back."""
    from api.bootstrap.rights import AllHoldings
    from api.infra import audit

    if not reason.strip():
        raise typer.BadParameter("--reason")
    with _platform() as (container, who):
        with container.uow() as session:
            gone = container.anchoring.erasure.destroy(session, f"warning/{warning}")
            audit.record(session, who, "anchoring.warning_erased", "warning", warning, reason.strip()[:400])
        AllHoldings(container).settle()
    typer.echo(json.dumps({"warning": warning, "events": gone}) if as_json else f"{warning}: {gone}")


def _platform() -> Any:
    """The container and the operator of the command line; a refusal is said in both languages, exit 1."""
    from contextlib import contextmanager

    from api.bootstrap.container import Container
    from api.infra import problems
    from api.infra.auth import Principal
    from api.infra.settings import Settings

    @contextmanager
    def opened() -> Any:
        container = Container(Settings()).wire()
        who = Principal(kind="staff", account_id="command-line", roles=frozenset({"operator"}))
        try:
            yield container, who
        except DomainError as error:
            zh, en = (problems.text_of(error.code, error.facts, lang) for lang in ("zh", "en"))
            _refuse(zh, en, WRONG)
        finally:
            container.close()

    return opened()
