"""Texts of the slice's error codes and alarms: Chinese first, English second."""

from __future__ import annotations

from api.infra.i18n import N_

STEP_NAMES = {
    "issue": N_("发出预警"),
    "raise": N_("升级"),
    "confirm": N_("确认自动签发"),
    "lift": N_("撤销自动签发"),
    "close": N_("销号"),
    "reopen": N_("重启"),
}
STATUS_NAMES = {
    "none": N_("尚无决定"),
    "unconfirmed": N_("自动签发，待确认"),
    "open": N_("生效中"),
    "lifted": N_("已撤销预警"),
    "closed": N_("已销号"),
}
STATE_NAMES = {
    "awaiting_statement": N_("等待签名"),
    "held": N_("等前一步签名"),
    "pending": N_("排队上链"),
    "staged": N_("正在上链"),
    "broadcast": N_("正在上链"),
    "anchored": N_("已上链"),
    "parked": N_("合约拒绝，待处理"),
    "void": N_("已作废"),
}
STATE_TONES = {"anchored": "success", "awaiting_statement": "warning", "held": "warning", "parked": "danger"}
COLOUR_NAMES = ("", N_("蓝色"), N_("黄色"), N_("橙色"), N_("红色"))
COLOUR_TONES = ("neutral", "info", "warning", "caution", "danger")
EVENT_NAMES = {
    "risk.W01/1": N_("发出"),
    "risk.W02/1": N_("升级"),
    "risk.W03/1": N_("确认"),
    "risk.W04/1": N_("撤销预警"),
    "risk.W05/1": N_("销号"),
    "risk.W06/1": N_("重启"),
    "risk.W07/1": N_("其后又有新的预警"),
}

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
    "anchoring.warnings_not_deployed": (
        "本安装的链上还没有预警决定登记合约；升级后重新启动即可补建。",
        "This installation's chain has no registry of warning decisions yet; the next start after the upgrade adds it.",
    ),
    "anchoring.warning_unknown": (
        "没有这个预警的决定记录。",
        "There is no such decision about a warning.",
    ),
    "anchoring.warning_malformed": (
        "预警决定的内容有误（字段 {field}）。",
        "The decision about the warning is malformed (field {field}).",
    ),
    "anchoring.warning_step_refused": (
        "预警目前的状态（{status}）不允许这一步（{step}），或等级不符。",
        "A warning that is {status} cannot take this step ({step}), or not with this grade.",
    ),
    "anchoring.warning_town_differs": (
        "预警在发出时登记的区划代码是 {town_code}，以后各步不能更改。",
        "The warning was issued under the code {town_code}; later steps keep it.",
    ),
    "anchoring.warning_signed": (
        "预警 {warning} 的第 {sequence} 步已有签署，不能再改。",
        "Step {sequence} of warning {warning} has its statements already and cannot be changed.",
    ),
    "anchoring.warning_signature": (
        "签名不是 65 字节的钱包签名，或无法核对。",
        "The signature is not a wallet's 65 bytes, or it cannot be checked.",
    ),
    "anchoring.not_an_officer": (
        "钱包 {wallet} 不是预警签署人员的钱包。",
        "The wallet {wallet} does not belong to an officer who decides about warnings.",
    ),
    "anchoring.not_your_wallet": (
        "钱包 {wallet} 登记在另一位签署人员名下，请由本人登录后提交签名。",
        "The wallet {wallet} belongs to another officer: its holder hands in what it signed.",
    ),
    "anchoring.wallet_without_holder": (
        "钱包 {wallet} 还没有指定持有人，请分管领导先在“签名人员”页面指定。",
        "The wallet {wallet} has no holder yet: a director names one on the page of officers.",
    ),
    "anchoring.holder_unknown": (
        "没有这个账号，或者它的角色不能对预警作出决定。",
        "There is no such account, or its roles do not decide about warnings.",
    ),
    "anchoring.officer_has_wallet": (
        "该账号已有在用的签名钱包；一人一个钱包，请先解除原来的。",
        "This account has a wallet already. One person, one wallet: dismiss the present one first.",
    ),
    "anchoring.warning_erased": (
        "这一预警与链上记录的关联已按规定清除。",
        "What linked this warning to the chain has been erased.",
    ),
    "anchoring.warning_unsigned": (
        "这一预警的决定还没有人签名，没有可以证明的内容。",
        "Nobody has signed this warning's first decision yet, so there is nothing to prove.",
    ),
    "anchoring.purpose_missing": (
        "请写明用途（不超过 {limit} 字），案号不超过 80 字。",
        "State the purpose in at most {limit} characters, and a case number of at most 80.",
    ),
    "warnings.no_officer": (
        "有预警决定等待签名，但没有任何签名人员；请分管领导任命。",
        "Decisions about warnings wait for signatures, but nobody may sign: a director must appoint an officer.",
    ),
    "warnings.unsigned": (
        "有预警决定超过三天无人签名，尚未上链；请督促签名人员。",
        "Decisions about warnings have been waiting for signatures for more than three days and are not on chain.",
    ),
    "anchoring.not_a_registrar": (
        "钱包 {wallet} 不是登记员的钱包。",
        "The wallet {wallet} is not a registrar's.",
    ),
    "anchoring.second_person": (
        "销号需要另一人复核签署：同一钱包不能签两次。",
        "Closing needs a second person: the same wallet cannot sign twice.",
    ),
    "anchoring.officer_known": (
        "钱包 {wallet} 已经任命过；解除后也不能再次任命，请换用新的钱包。",
        "The wallet {wallet} was appointed before. A dismissed one is never appointed again: use a new wallet.",
    ),
    "anchoring.officer_has_work": (
        "钱包 {wallet} 签过的步骤还在等另一个签署，请先办完再解除。",
        "A step that the wallet {wallet} signed still waits for another statement: finish it before the dismissal.",
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
