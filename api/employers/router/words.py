"""Words of the pages: states, materials, scopes, statements. Chinese message ids; English stands in the catalogue."""

from __future__ import annotations

from typing import Any

from api.employers.model import Scope, StatementType
from api.infra.i18n import N_

STATES: dict[str, tuple[str, str]] = {
    "pending": (N_("待审核"), "warning"),
    "verified": (N_("已通过"), "success"),
    "rejected": (N_("已退回"), "danger"),
    "disputed": (N_("争议中"), "danger"),
    "merged": (N_("已并入"), "neutral"),
}

MATERIALS: dict[str, str] = {
    "licence": N_("营业执照（登记证书）"),
    "representative_identity": N_("法定代表人身份证明"),
    "authorisation_letter": N_("平台使用授权书"),
    "wallet": N_("法定代表人的钱包"),
}

KINDS: dict[str, str] = {
    "enterprise": N_("企业"),
    "sole_trader": N_("个体工商户"),
    "cooperative": N_("农民专业合作社"),
    "organ": N_("机关"),
    "institution": N_("事业单位"),
    "social": N_("社会组织"),
    "other": N_("其他"),
}

SCOPES: tuple[tuple[int, str, str], ...] = (
    (int(Scope.DRAFT), "draft", N_("起草合同")),
    (int(Scope.SEND), "send", N_("发送合同")),
    (int(Scope.SIGN), "sign", N_("代表单位签署")),
)

STATEMENTS: dict[str, str] = {
    StatementType.REGISTER_ORGANISATION: N_("登记用人单位"),
    StatementType.REPLACE_REPRESENTATIVE: N_("更换法定代表人钱包"),
    StatementType.SET_SEAL_KEY: N_("启用电子印章"),
    StatementType.GRANT_AGENT: N_("授权经办人"),
    StatementType.REVOKE_AGENT: N_("撤销经办人授权"),
}

WALLETS: dict[str, str] = {
    "active": N_("在用"),
    "lost": N_("已报失"),
    "revoked": N_("已更换"),
    "keystore": N_("平台代存（口令解锁）"),
    "external": N_("自行保管"),
}

PICTURES: dict[str, str] = {
    "none": N_("未提交"),
    "pending": N_("待核对"),
    "approved": N_("已核对，用于签章"),
    "refused": N_("未通过核对"),
}

FIELDS: dict[str, str] = {
    "orgId": N_("单位编号"),
    "regionCode": N_("行政区划代码"),
    "representative": N_("法定代表人钱包地址"),
    "sealKeyHash": N_("印章公钥摘要"),
    "agent": N_("经办人钱包地址"),
    "scope": N_("权限"),
    "validUntil": N_("有效期至"),
    "nonce": N_("声明序号"),
}


def words() -> dict[str, Any]:
    """All of them, for a template's context."""
    return {
        "states": STATES,
        "material_names": MATERIALS,
        "kinds": KINDS,
        "scopes": SCOPES,
        "statement_names": STATEMENTS,
        "wallet_names": WALLETS,
        "picture_names": PICTURES,
        "field_names": FIELDS,
    }
