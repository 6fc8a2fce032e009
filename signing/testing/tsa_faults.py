"""Lies of a TEST time-stamping authority: tokens that are well formed and wrong in exactly one respect."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

# asn1crypto carries no types: its modules are taken as Any in this file only.
tsp: Any = importlib.import_module("asn1crypto.tsp")
cms: Any = importlib.import_module("asn1crypto.cms")
core: Any = importlib.import_module("asn1crypto.core")


def with_wrong_imprint(query: bytes) -> bytes:
    """The query for another digest."""
    parsed = tsp.TimeStampReq.load(query)
    imprint = bytes(parsed["message_imprint"]["hashed_message"].native)
    parsed["message_imprint"]["hashed_message"] = bytes([imprint[0] ^ 1]) + imprint[1:]
    return bytes(parsed.dump(force=True))


def with_wrong_nonce(query: bytes) -> bytes:
    """The query with another nonce."""
    parsed = tsp.TimeStampReq.load(query)
    parsed["nonce"] = (parsed["nonce"].native or 0) + 1
    return bytes(parsed.dump(force=True))


def shifted(reply: bytes, seconds: int, key: ec.EllipticCurvePrivateKey) -> bytes:
    """The reply with another genTime, signed again by the TSA's own key: a clock that is wrong, not a forgery."""
    response = tsp.TimeStampResp.load(reply)
    signed = response["time_stamp_token"]["content"]
    info = signed["encap_content_info"]["content"].parsed
    info["gen_time"] = info["gen_time"].native + timedelta(seconds=seconds)
    content = bytes(info.dump(force=True))
    signed["encap_content_info"]["content"] = core.ParsableOctetString(content)
    signer = signed["signer_infos"][0]
    for attribute in signer["signed_attrs"]:
        if attribute["type"].native == "message_digest":
            digest = hashes.Hash(hashes.SHA256())
            digest.update(content)
            attribute["values"] = cms.SetOfOctetString([core.OctetString(digest.finalize())])
    attributes = signer["signed_attrs"].untag().dump(force=True)
    signer["signature"] = core.OctetString(key.sign(bytes(attributes), ec.ECDSA(hashes.SHA256())))
    return bytes(response.dump(force=True))


def rejection() -> bytes:
    """A TimeStampResp that refuses (RFC 3161 §2.4.2, status 2)."""
    status = tsp.PKIStatusInfo({"status": "rejection", "status_string": ["TEST fault: reject"]})
    inner = bytes(status.dump())
    return bytes([0x30, len(inner)]) + inner  # the library's TimeStampResp cannot be without a token
