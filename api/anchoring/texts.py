"""Texts of the slice's error codes and alarms: Chinese first, English second."""

from __future__ import annotations

TEXTS: dict[str, tuple[str, str]] = {
    "anchoring.event_malformed": (
        "存证事件的格式不符合规范（{reason}），未作记录。",
        "The event does not fit the format of evidence events ({reason}); nothing was recorded.",
    ),
    "anchoring.event_unknown": ("没有这个存证事件。", "There is no such event."),
    "anchoring.index_unknown": (
        "日志中还没有这个位置，无法出具证明。",
        "The log does not reach this position, so nothing can be proven.",
    ),
    "anchoring.call_malformed": (
        "登记上链的内容有误（字段 {field}）。",
        "The registry call is malformed (field {field}).",
    ),
    "anchoring.call_unknown": ("没有这个上链登记。", "There is no such registry call."),
    "anchoring.call_void": (
        "该上链登记已作废，不能再放行。",
        "This registry call was voided and cannot be released.",
    ),
    "anchoring.call_in_flight": (
        "该上链登记已经发出，不能再撤回。",
        "This registry call is already under way and cannot be taken back.",
    ),
    "anchoring.call_not_parked": (
        "该上链登记并未搁置，无需处理。",
        "This registry call is not parked: there is nothing to do.",
    ),
    "anchoring.alarm_unknown": (
        "没有这个未处理的告警。",
        "There is no such open alarm.",
    ),
    "anchoring.not_anchored_yet": (
        "仍有事件尚未上链，暂时不能销毁其内容；请稍后再试。",
        "Some events are not in the log yet, so their content cannot be destroyed now; try again later.",
    ),
    "anchoring.not_deployed": (
        "本系统的合约尚未部署，请先启动链节点并完成部署。",
        "The contracts of this installation are not deployed yet: start the node and deploy first.",
    ),
    "anchoring.region_malformed": ("区划代码只能是数字。", "A region code has digits only."),
    "anchoring.state_unknown": ("没有“{state}”这种合同状态。", "There is no contract state '{state}'."),
    "anchoring.group_unknown": ("不能按“{by}”汇总。", "Figures cannot be grouped by '{by}'."),
    "anchoring.cursor_malformed": (
        "翻页参数无效，请从第一页重新开始。",
        "The paging parameter is not valid: start from the first page.",
    ),
    "anchoring.no_checkpoint": (
        "日志还没有检查点；首批事件上链后几秒内生成。",
        "The log has no checkpoint yet: the first one follows seconds after the first events.",
    ),
    "anchoring.integrity": (
        "链上记录与本地记录不一致，上链已停止，请立即核查：{reason}",
        "The chain and our records contradict each other; anchoring has stopped and must be looked into now: {reason}",
    ),
    "anchoring.stopped": (
        "完整性告警（{alarm}）尚未处理，上链保持停止：{reason}",
        "Anchoring stays stopped until integrity alarm {alarm} is dealt with: {reason}",
    ),
    "log.integrity": (
        "完整性告警：链上记录与本地记录不一致（{reason}）。上链已停止。",
        "Integrity alarm: the chain and our records contradict each other ({reason}). Anchoring has stopped.",
    ),
    "witness.conflict": (
        "完整性告警：见证人 {witness} 与本日志在规模 {size} 处矛盾（{reason}）。上链已停止。",
        "Integrity alarm: witness {witness} and this log contradict each other at size {size} ({reason}). "
        "Anchoring has stopped.",
    ),
    "relay.call_parked": (
        "合约拒绝了一项登记，已搁置待人工处理：{reason}",
        "A contract refused a registry call; it is parked for a person: {reason}",
    ),
    "relay.append_refused": (
        "日志合约拒绝了一批存证（起始位置 {first_index}），将核对后重新上链：{reason}",
        "The log refused a batch at index {first_index}; it will be checked and staged again: {reason}",
    ),
    "relay.send_refused": (
        "链节点拒收交易（序号 {nonce}）：{reason}。请检查发送账户是否在许可名单中。",
        "The node refused transaction {nonce}: {reason}. See whether the sending account is on the allow-list.",
    ),
    "relay.transaction_displaced": (
        "序号 {nonce} 的交易被同一账户的另一笔交易占用，已重新排队。请确认发送私钥没有在别处使用。",
        "Transaction {nonce} was displaced by another one of the same account and is queued again. "
        "Make sure the sending key is used nowhere else.",
    ),
    "light.contradiction": (
        "验证人 {validator} 在区块 {block} 处的应答自相矛盾（{reason}），已改向其他验证人取证；请通知该单位核查。",
        "Validator {validator} contradicts itself at block {block} ({reason}); another one was asked instead. "
        "Tell that organisation to look into it.",
    ),
    "light.record_late": (
        "合同 {contract}（区块 {block}）的轻证明迟迟未能做出，缺 {missing}。节点几天后会修剪旧状态，请尽快处理。",
        "The light record of contract {contract} (block {block}) is late: {missing} missing. Nodes drop old states "
        "after days, so see to it soon.",
    ),
    "light.no_trusted_header": (
        "公布的信任根没有列出验证人网络的区块头，做不出轻证明；请运行 concord trust-root publish。",
        "The published trust root names no header of the validator network, so no light record can be made: "
        "run concord trust-root publish.",
    ),
    "light.header_old": (
        "信任根所列区块头（高度 {height}）的信任期将满或已满；请运行 concord trust-root publish。",
        "The trusting period of the trust root's header at height {height} is ending or over: "
        "run concord trust-root publish.",
    ),
    "judicial.checkpoint_parked": (
        "司法链拒绝了规模 {size} 的检查点，已搁置待人工处理：{reason}",
        "The judicial chain refused the checkpoint of size {size}; it is parked for a person: {reason}",
    ),
    "judicial.history_differs": (
        "完整性告警：司法链保存的历史与本日志矛盾（{reason}）。上链已停止。",
        "Integrity alarm: the judicial chain's history and this log contradict each other ({reason}). Anchoring has stopped.",
    ),
    "judicial.send_refused": (
        "法院节点拒收交易（序号 {nonce}）：{reason}。请检查提交账户是否在其许可名单中。",
        "The court's node refused transaction {nonce}: {reason}. See whether the relay's account is on its allow-list.",
    ),
    "judicial.transaction_displaced": (
        "司法链上序号 {nonce} 的交易被同一账户的另一笔交易占用，已重新排队。请确认提交私钥没有在别处使用。",
        "On the judicial chain transaction {nonce} was displaced by another one of the same account and is queued again. "
        "Make sure the relay's key is used nowhere else.",
    ),
    "judicial.contract_missing": (
        "司法链上 {address} 处不是本版本的 JudicialAnchor 合约；请核对司法链设置。",
        "At {address} on the judicial chain there is no JudicialAnchor of this release; check the judicial settings.",
    ),
    "chain.mismatch": (
        "司法链节点属于另一条链：应为 {expected}，实为 {actual}。",
        "The judicial node belongs to another chain: expected {expected}, found {actual}.",
    ),
    "anchoring.checkpoint_not_parked": (
        "没有这个规模的搁置检查点。",
        "There is no parked checkpoint of this size.",
    ),
}
