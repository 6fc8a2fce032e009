"""Commands for the nodes of one machine."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from node.network.cli.application import (
    DEFAULT,
    Data,
    Json,
    Names,
    app,
    chosen,
    gate_of,
    network_of,
    show,
    told,
)


@app.command()
def start(names: Names = None, data: Data = DEFAULT, as_json: Json = False) -> None:
    """启动节点 / start nodes in the background; where enough of the network is here, wait for their first block."""
    with told():
        network = network_of(data)
        nodes = chosen(network, names)
        for node in nodes:
            network.start(node)
        if not network.joined and len(nodes) * 3 > len(network.nodes()) * 2:  # fewer than that make no block
            for node in nodes:
                network.wait(node, 1)
        show(
            [{"member": n.member.name, "evm": n.evm_url, "pid": network.pid(n)} for n in nodes],
            as_json,
        )


@app.command()
def stop(names: Names = None, data: Data = DEFAULT) -> None:
    """停止节点；systemd 运行的除外 / stop nodes; one that systemd runs is told with the line that stops it."""
    with told():
        network = network_of(data)
        for node in chosen(network, names):
            network.stop(node)


@app.command()
def status(
    data: Data = DEFAULT,
    strict: Annotated[bool, typer.Option("--strict", help="警告也算失败 / warnings fail as well.")] = False,
    as_json: Json = False,
) -> None:
    """高度、块龄、邻居、内存、成员、提案、程序摘要与告警 / what the nodes say, the members, and the alarms in two languages.

    Exit code 1 when there is a critical alarm (with --strict: any alarm), so that a timer or a cron job can call it.
    """
    from node.network.alarms import judge
    from node.network.program import facts

    with told():
        network = network_of(data)
        nodes = [{"member": node.member.name, **network.status(node)} for node in network.nodes()]
        found: dict[str, Any] = {"program": facts(network.program), "nodes": nodes}
        count, suspended = len(nodes), []
        if any(node["height"] is not None for node in nodes):
            with gate_of(network) as gate:
                members = [m | {"suspended": gate.suspended(m["consensus_key"])} for m in gate.members()]
                found |= {
                    "members": members,
                    "quorum": gate.quorum(),
                    "upgrade": gate.upgrade(),
                    "proposals": [p for p in gate.proposals() if not p["executed"]],
                }
            count = len(members)
            suspended = [str(m["name"]) for m in members if m["suspended"]]
        alarms = judge(nodes, count, suspended=suspended)
        found["halted"] = any(alarm.code == "network.halted" for alarm in alarms)
        found["alarms"] = [alarm.as_facts() for alarm in alarms]
        show(found if as_json else nodes + [{k: v for k, v in found.items() if k not in _APART}], as_json)
    for alarm in alarms:
        chinese, english = alarm.texts
        typer.echo(f"{'!!' if alarm.critical else '! '} {alarm.code}: {chinese} / {english}", err=True)
    if any(alarm.critical or strict for alarm in alarms):
        raise typer.Exit(1)


_APART = ("nodes", "alarms")
