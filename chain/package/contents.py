"""What a package of each kind holds: names, which may be absent, shapes of the JSON files (spec, part 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from chain.package import schema as s
from signing import jcs
from signing.errors import InputRefused

FORMAT: Final = "concord.evidence/1"
CONTRACT: Final = "contract"
SUPERVISION: Final = "supervision"
ONE_CLAUSE: Final = "clause"
FIGURE: Final = "figure"
CONCLUDED: Final = "contracts.concluded"
"""The only figure so far: contract versions concluded, by region and month."""

PDF: Final = "document/contract.pdf"
OPENING: Final = "commitment/opening.json"
CLAUSES: Final = "commitment/clauses.json"
CHECK: Final = "statements/identity-check.json"
ATTESTATION: Final = "statements/attestation.json"
WORKER_CONSENT: Final = "statements/worker-consent.json"
EMPLOYER_CONSENT: Final = "statements/employer-consent.json"
SEAL_BINDING: Final = "statements/seal-binding.json"
AUTHORITY: Final = "statements/authority.json"
INTENT: Final = "statements/intent.json"
STREAM: Final = "events/stream.json"
CITED: Final = "events/cited.json"
CHECKPOINT: Final = "log/checkpoint.txt"
CHECKPOINT_TOKEN: Final = "log/checkpoint.tsr"  # noqa: S105  a file name
PROOFS: Final = "log/proofs.txt"
CHAIN_RECORD: Final = "chain/record.json"
JUDICIAL: Final = "judicial/receipt.json"
BRIDGE: Final = "log/bridge-cosignatures.json"
SHOWN_CLAUSE: Final = "clause/clause.json"
FIGURE_STATEMENT: Final = "figure/statement.json"
FIGURE_PROOF: Final = "figure/proof.json"
JUDICIAL_TYPE: Final = "anvil-mpt"

_RENEWAL = re.compile(r"log/renewals/[0-9]{2}\.tsr")
_REVOCATION = re.compile(r"revocation/[0-9]{2}\.(ocsp|crl)")
MAX_JSON: Final = 8_000_000


RENEWALS: Final = "log/renewals/"


def renewal_name(number: int) -> str:
    """Name of the `number`-th renewal (from 1) of the checkpoint's token."""
    return f"{RENEWALS}{number:02d}.tsr"


_uint64 = s.integer(0, 2**53 - 1)
_v1 = s.constant(1)
_contracts = s.mapping(s.name, s.members(address=s.address, code_hash=s.hex32), 20)

_consent: dict[str, s.Check] = {
    "commitment": s.hex32,
    "contract_id": s.hex32,
    "version": s.integer(1, 2**32 - 1),
    "prev": s.hex32,
    "signer_key_hash": s.hex32,
    "expiry": _uint64,
}
_event = s.members(
    v=_v1,
    suite=s.constant(4),
    log_origin=s.name,
    stream=s.name,
    seq=s.integer(1),
    type=s.event_type,
    actor=s.name,
    role=s.name,
    utc=s.utc,
    payload_schema=s.name,
    payload_digest=s.hex32,
    prev=s.hex32,
    salt=s.hex32,
)
_clause = s.members(salt=s.hex32, n=s.integer(1, 1000), id=s.text(200), title=s.text(1000), text=s.text())
_figure: dict[str, s.Check] = {
    "what": s.constant(CONCLUDED),
    "region": s.optional(s.integer(1, 2**53 - 1)),
    "month": s.optional(s.pattern(r"[0-9]{4}-(0[1-9]|1[0-2])", "a month YYYY-MM")),
}
EVENT: Final = _event
"""The shape of an event's own members, for those who read one outside of a package."""
_events = s.array(s.members(event=_event, payload=s.optional(s.mapping(s.text(100), s.anything))), 0, 490)


def _statement(kind: str, **message: s.Check) -> s.Check:
    return s.members(type=s.constant(kind), message=s.members(**message), signature=s.b64(65, 65))


_authority = s.tagged(
    "type",
    RegisterOrganisation=_statement(
        "RegisterOrganisation",
        org_id=s.hex32,
        region_code=_uint64,
        representative=s.address,
        seal_key_hash=s.hex32,
        nonce=_uint64,
    ),
    ReplaceRepresentative=_statement(
        "ReplaceRepresentative", org_id=s.hex32, representative=s.address, nonce=_uint64
    ),
    SetSealKey=_statement("SetSealKey", org_id=s.hex32, seal_key_hash=s.hex32, nonce=_uint64),
    GrantAgent=_statement(
        "GrantAgent",
        org_id=s.hex32,
        agent=s.address,
        scope=s.integer(0, 255),
        valid_until=_uint64,
        nonce=_uint64,
    ),
    RevokeAgent=_statement("RevokeAgent", org_id=s.hex32, agent=s.address, nonce=_uint64),
)

_judicial_receipt = s.members(
    v=_v1,
    type=s.constant(JUDICIAL_TYPE),
    chain_id=s.integer(1),
    address=s.address,
    header=s.b64(1, 4096),
    seal=s.optional(s.text(4000)),
    receipt_index=s.integer(0, 2**32 - 1),
    receipt_proof=s.array(s.b64(1, 100_000), 1, 64),
)
_kind_of_receipt = s.pattern(r"[\x20-\x7e]{1,40}", "1 to 40 printable ASCII characters")


def _receipt(value: Any, path: str) -> None:
    """The judicial receipt: exact for the type that is known, open for types to come (step 18 leaves those undecided)."""
    s.mapping(s.text(100), s.anything)(value, path)
    if value.get("type") == JUDICIAL_TYPE:
        _judicial_receipt(value, path)
        return
    _v1(value.get("v"), f"{path}/v")
    _kind_of_receipt(value.get("type"), f"{path}/type")


SHAPES: Final[Mapping[str, s.Check]] = {
    OPENING: s.members(
        v=_v1,
        log_origin=s.name,
        contract_id=s.hex32,
        version=s.integer(1, 2**32 - 1),
        prev=s.hex32,
        clause_root=s.hex32,
        base_pdf_sha256=s.hex32,
        template_sha256=s.hex32,
        renderer_id=s.name,
        salt=s.hex32,
    ),
    CLAUSES: s.members(
        v=_v1,
        clauses=s.array(_clause, 1, 1000),
    ),
    SHOWN_CLAUSE: s.members(v=_v1, count=s.integer(1, 1000), clause=_clause, path=s.array(s.hex32, 0, 10)),
    FIGURE_STATEMENT: s.members(v=_v1, value=_uint64, block=_uint64, **_figure),
    FIGURE_PROOF: s.mapping(s.text(100), s.anything),
    CHECK: s.members(
        v=_v1,
        statement=s.members(
            commitment=s.hex32,
            subject=s.hex32,
            factors=s.integer(0, 65535),
            level=s.integer(0, 255),
            time=_uint64,
        ),
        signature=s.b64(65, 65),
    ),
    ATTESTATION: s.members(
        v=_v1,
        statement=s.members(
            commitment=s.hex32,
            contract_id=s.hex32,
            signer_key_hash=s.hex32,
            subject=s.hex32,
            level=s.integer(0, 255),
            check_digest=s.hex32,
            time=_uint64,
        ),
        signature=s.b64(65, 65),
    ),
    WORKER_CONSENT: s.members(
        v=_v1, consent=s.members(**_consent, role=s.constant(2)), spki=s.b64(91, 91), signature=s.b64(64, 64)
    ),
    EMPLOYER_CONSENT: s.members(
        v=_v1, consent=s.members(**_consent, role=s.constant(1)), wallet=s.address, signature=s.b64(65, 65)
    ),
    SEAL_BINDING: s.members(
        v=_v1,
        statement=s.members(
            v=_v1,
            kind=s.constant("concord.seal-binding/1"),
            log_origin=s.name,
            org_id=s.hex32,
            wallet=s.address,
            seal_cert_sha256=s.hex32,
            utc=s.utc,
        ),
        signature=s.b64(8, 80),
    ),
    AUTHORITY: s.members(v=_v1, statements=s.array(_authority, 1, 100)),
    INTENT: s.tagged(
        "method",
        otp=s.members(v=_v1, method=s.constant("otp"), nonce=s.hex32),
        passkey=s.members(
            v=_v1,
            method=s.constant("passkey"),
            nonce=s.hex32,
            credential_id=s.b64(1, 1023),
            public_key=s.b64(1, 1000),
            authenticator_data=s.b64(37, 4096),
            client_data_json=s.b64(1, 4096),
            signature=s.b64(8, 80),
        ),
    ),
    STREAM: s.members(v=_v1, stream=s.name, events=_events),
    CITED: s.members(v=_v1, events=_events),
    CHAIN_RECORD: s.anything,
    JUDICIAL: _receipt,
    BRIDGE: s.members(
        v=_v1, cosignatures=s.array(s.members(name=s.name, time=_uint64, signature=s.b64(65, 65)), 0, 50)
    ),
}

_manifest_common: dict[str, s.Check] = {
    "v": _v1,
    "format": s.constant(FORMAT),
    "created": s.utc,
    "installation": s.members(
        log_origin=s.name, chain_id=s.integer(1), genesis_hash=s.hex32, contracts=_contracts
    ),
    "producer": s.members(name=s.name, release=s.name),
    "entries": s.array(s.members(name=s.name, size=s.integer(0, 20_000_000), sha256=s.hex32), 1, 500),
}
MANIFEST_SHAPE: Final = s.tagged(
    "kind",
    contract=s.members(
        kind=s.constant(CONTRACT),
        subject=s.members(
            contract_id=s.hex32, version=s.integer(1, 2**32 - 1), base_pdf_size=s.integer(1, 20_000_000)
        ),
        **_manifest_common,
    ),
    supervision=s.members(kind=s.constant(SUPERVISION), subject=s.members(stream=s.name), **_manifest_common),
    clause=s.members(
        kind=s.constant(ONE_CLAUSE),
        subject=s.members(contract_id=s.hex32, version=s.integer(1, 2**32 - 1), clause=s.integer(1, 1000)),
        **_manifest_common,
    ),
    figure=s.members(kind=s.constant(FIGURE), subject=s.members(**_figure), **_manifest_common),
)


@dataclass(frozen=True)
class Contents:
    """The names that a kind must hold and may hold, beside renewals and revocation data.

    `sealed`: the log's key has signed the manifest. A package that anybody makes offline has no such signature.
    """

    required: frozenset[str]
    optional: frozenset[str]
    revocation: bool = False
    sealed: bool = True
    renewals: bool = False

    def problem(self, names: set[str]) -> tuple[str, str] | None:
        """Return (missing | foreign, name) for the first name that breaks the list, None when all is well."""
        for name in sorted(self.required - names):
            return "missing", name
        for name in sorted(names - self.required - self.optional):
            renewal = self.renewals and _RENEWAL.fullmatch(name)
            if not renewal and not (self.revocation and _REVOCATION.fullmatch(name)):
                return "foreign", name
        return None


_LOG = frozenset({STREAM, CITED, CHECKPOINT, CHECKPOINT_TOKEN, PROOFS})
KINDS: Final[Mapping[str, Contents]] = {
    CONTRACT: Contents(
        _LOG
        | {
            PDF,
            OPENING,
            CLAUSES,
            CHECK,
            ATTESTATION,
            WORKER_CONSENT,
            EMPLOYER_CONSENT,
            SEAL_BINDING,
            AUTHORITY,
            INTENT,
        },
        frozenset({CHAIN_RECORD, JUDICIAL, BRIDGE}),
        revocation=True,
        renewals=True,
    ),
    SUPERVISION: Contents(_LOG, frozenset({CHAIN_RECORD, JUDICIAL, BRIDGE})),
    ONE_CLAUSE: Contents(
        _LOG | {SHOWN_CLAUSE, OPENING, CHECK, ATTESTATION, WORKER_CONSENT, EMPLOYER_CONSENT, AUTHORITY},
        frozenset({JUDICIAL, BRIDGE}),
        sealed=False,
    ),
    FIGURE: Contents(frozenset({FIGURE_STATEMENT, FIGURE_PROOF}), frozenset()),
}


def read_json(name: str, data: bytes) -> dict[str, Any]:
    """Return the object of a JSON entry; raises ShapeError unless it is canonical and of its shape."""
    try:
        value: Any = jcs.parse_object(data, max_bytes=MAX_JSON)
    except InputRefused as error:
        raise ShapeError("", error.code) from error
    SHAPES[name](value, "")
    return dict(value)


ShapeError = s.ShapeError
