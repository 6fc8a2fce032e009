// What a package of each kind holds: names, which may be absent, shapes of the JSON files (spec §3 and annex A).

import * as s from "./shapes.js";

export const FORMAT = "concord.evidence/1";
export const MANIFEST = "manifest.json";
export const MANIFEST_SIGNATURE = "manifest.sig";
export const PDF = "document/contract.pdf";
export const OPENING = "commitment/opening.json";
export const CLAUSES = "commitment/clauses.json";
export const CHECK = "statements/identity-check.json";
export const ATTESTATION = "statements/attestation.json";
export const WORKER_CONSENT = "statements/worker-consent.json";
export const EMPLOYER_CONSENT = "statements/employer-consent.json";
export const SEAL_BINDING = "statements/seal-binding.json";
export const AUTHORITY = "statements/authority.json";
export const INTENT = "statements/intent.json";
export const STREAM = "events/stream.json";
export const CITED = "events/cited.json";
export const CHECKPOINT = "log/checkpoint.txt";
export const CHECKPOINT_TOKEN = "log/checkpoint.tsr";
export const PROOFS = "log/proofs.txt";
export const CHAIN_RECORD = "chain/record.json";
export const JUDICIAL = "judicial/receipt.json";
export const BRIDGE = "log/bridge-cosignatures.json";
export const CLAUSE = "clause/clause.json";
export const FIGURE = "figure/statement.json";
export const FIGURE_PROOF = "figure/proof.json";

const RENEWAL = /^log\/renewals\/[0-9]{2}\.tsr$/;
const REVOCATION = /^revocation\/[0-9]{2}\.(ocsp|crl)$/;
export const MAX_JSON = 8_000_000;

const uint = s.integer(0);
const v1 = s.constant(1);

const consent = (role) =>
  s.members({
    commitment: s.hex32,
    contract_id: s.hex32,
    version: s.integer(1, 2 ** 32 - 1),
    prev: s.hex32,
    signer_key_hash: s.hex32,
    expiry: uint,
    role: s.constant(role),
  });

const event = s.members({
  v: v1,
  suite: s.constant(4),
  log_origin: s.name,
  stream: s.name,
  seq: s.integer(1),
  type: s.eventType,
  actor: s.name,
  role: s.name,
  utc: s.utc,
  payload_schema: s.name,
  payload_digest: s.hex32,
  prev: s.hex32,
  salt: s.hex32,
});

const payload = s.optional(s.mapping(s.text(100), s.anything));
const events = s.array(s.members({ event, payload }), 0, 490);

const statement = (kind, message) =>
  s.members({ type: s.constant(kind), message: s.members(message), signature: s.b64(65, 65) });

const authority = s.tagged("type", {
  RegisterOrganisation: statement("RegisterOrganisation", {
    org_id: s.hex32,
    region_code: uint,
    representative: s.address,
    seal_key_hash: s.hex32,
    nonce: uint,
  }),
  ReplaceRepresentative: statement("ReplaceRepresentative", { org_id: s.hex32, representative: s.address, nonce: uint }),
  SetSealKey: statement("SetSealKey", { org_id: s.hex32, seal_key_hash: s.hex32, nonce: uint }),
  GrantAgent: statement("GrantAgent", {
    org_id: s.hex32,
    agent: s.address,
    scope: s.integer(0, 255),
    valid_until: uint,
    nonce: uint,
  }),
  RevokeAgent: statement("RevokeAgent", { org_id: s.hex32, agent: s.address, nonce: uint }),
});

const shortAscii = (value, path) => {
  if (typeof value !== "string" || !/^[\x20-\x7e]{1,40}$/.test(value)) {
    throw new s.ShapeError(path, "1 to 40 printable ASCII characters");
  }
};

const anvilReceipt = s.members({
  v: v1,
  type: s.constant("anvil-mpt"),
  chain_id: s.integer(1),
  address: s.address,
  header: s.b64(1, 4096),
  seal: s.optional(s.text(4000)),
  receipt_index: s.integer(0, 2 ** 32 - 1),
  receipt_proof: s.array(s.b64(1), 1, 64),
});

const judicial = (value, path) => {
  s.mapping(s.text(100), s.anything)(value, path);
  if (value.type === "anvil-mpt") anvilReceipt(value, path);
  else {
    v1(value.v, `${path}/v`);
    shortAscii(value.type, `${path}/type`);
  }
};

const leaf = s.members({ salt: s.hex32, n: s.integer(1, 1000), id: s.text(200), title: s.text(1000), text: s.text() });

const month = (value, path) => {
  if (typeof value !== "string" || !/^[0-9]{4}-(0[1-9]|1[0-2])$/.test(value)) {
    throw new s.ShapeError(path, "a month YYYY-MM");
  }
};

const counter = {
  what: s.constant("contracts.concluded"),
  region: s.optional(s.integer(1)),
  month: s.optional(month),
};

export const SHAPES = {
  [OPENING]: s.members({
    v: v1,
    log_origin: s.name,
    contract_id: s.hex32,
    version: s.integer(1, 2 ** 32 - 1),
    prev: s.hex32,
    clause_root: s.hex32,
    base_pdf_sha256: s.hex32,
    template_sha256: s.hex32,
    renderer_id: s.name,
    salt: s.hex32,
  }),
  [CLAUSES]: s.members({
    v: v1,
    clauses: s.array(leaf, 1, 1000),
  }),
  [CHECK]: s.members({
    v: v1,
    statement: s.members({
      commitment: s.hex32,
      subject: s.hex32,
      factors: s.integer(0, 65535),
      level: s.integer(0, 255),
      time: uint,
    }),
    signature: s.b64(65, 65),
  }),
  [ATTESTATION]: s.members({
    v: v1,
    statement: s.members({
      commitment: s.hex32,
      contract_id: s.hex32,
      signer_key_hash: s.hex32,
      subject: s.hex32,
      level: s.integer(0, 255),
      check_digest: s.hex32,
      time: uint,
    }),
    signature: s.b64(65, 65),
  }),
  [WORKER_CONSENT]: s.members({ v: v1, consent: consent(2), spki: s.b64(91, 91), signature: s.b64(64, 64) }),
  [EMPLOYER_CONSENT]: s.members({ v: v1, consent: consent(1), wallet: s.address, signature: s.b64(65, 65) }),
  [SEAL_BINDING]: s.members({
    v: v1,
    statement: s.members({
      v: v1,
      kind: s.constant("concord.seal-binding/1"),
      log_origin: s.name,
      org_id: s.hex32,
      wallet: s.address,
      seal_cert_sha256: s.hex32,
      utc: s.utc,
    }),
    signature: s.b64(8, 80),
  }),
  [AUTHORITY]: s.members({ v: v1, statements: s.array(authority, 1, 100) }),
  [INTENT]: s.tagged("method", {
    otp: s.members({ v: v1, method: s.constant("otp"), nonce: s.hex32 }),
    passkey: s.members({
      v: v1,
      method: s.constant("passkey"),
      nonce: s.hex32,
      credential_id: s.b64(1, 1023),
      public_key: s.b64(1, 1000),
      authenticator_data: s.b64(37, 4096),
      client_data_json: s.b64(1, 4096),
      signature: s.b64(8, 80),
    }),
  }),
  [STREAM]: s.members({ v: v1, stream: s.name, events }),
  [CITED]: s.members({ v: v1, events }),
  [CHAIN_RECORD]: s.anything,
  [JUDICIAL]: judicial,
  [BRIDGE]: s.members({
    v: v1,
    cosignatures: s.array(s.members({ name: s.name, time: uint, signature: s.b64(65, 65) }), 0, 50),
  }),
  [CLAUSE]: s.members({
    v: v1,
    count: s.integer(1, 1000),
    clause: leaf,
    path: s.array(s.hex32, 0, 10),
  }),
  [FIGURE]: s.members({
    v: v1,
    value: uint,
    block: uint,
    ...counter,
  }),
  [FIGURE_PROOF]: s.mapping(s.text(100), s.anything),
};

const subjects = {
  contract: s.members({
    contract_id: s.hex32,
    version: s.integer(1, 2 ** 32 - 1),
    base_pdf_size: s.integer(1, 20_000_000),
  }),
  supervision: s.members({ stream: s.name }),
  clause: s.members({ contract_id: s.hex32, version: s.integer(1, 2 ** 32 - 1), clause: s.integer(1, 1000) }),
  figure: s.members(counter),
};

const common = {
  v: v1,
  format: s.constant(FORMAT),
  created: s.utc,
  installation: s.members({
    log_origin: s.name,
    chain_id: s.integer(1),
    genesis_hash: s.hex32,
    contracts: s.mapping(s.name, s.members({ address: s.address, code_hash: s.hex32 }), 20),
  }),
  producer: s.members({ name: s.name, release: s.name }),
  entries: s.array(s.members({ name: s.name, size: s.integer(0, 20_000_000), sha256: s.hex32 }), 1, 500),
};

export const MANIFEST_SHAPE = s.tagged(
  "kind",
  Object.fromEntries(
    Object.entries(subjects).map(([kind, subject]) => [kind, s.members({ kind: s.constant(kind), subject, ...common })]),
  ),
);

const LOG = [STREAM, CITED, CHECKPOINT, CHECKPOINT_TOKEN, PROOFS];
const KINDS = {
  contract: {
    required: [
      ...LOG, PDF, OPENING, CLAUSES, CHECK, ATTESTATION, WORKER_CONSENT, EMPLOYER_CONSENT, SEAL_BINDING, AUTHORITY, INTENT,
    ],
    optional: [CHAIN_RECORD, JUDICIAL, BRIDGE],
    families: [RENEWAL, REVOCATION],
  },
  clause: {
    required: [...LOG, CLAUSE, OPENING, CHECK, ATTESTATION, WORKER_CONSENT, EMPLOYER_CONSENT, AUTHORITY],
    optional: [JUDICIAL, BRIDGE],
    families: [],
  },
  figure: { required: [FIGURE, FIGURE_PROOF], optional: [], families: [] },
  supervision: { required: LOG, optional: [CHAIN_RECORD, JUDICIAL, BRIDGE], families: [] },
};

/** The first name that is missing or does not belong to this kind: {missing} or {foreign}; null when all is well. */
export function contentsProblem(kind, names) {
  const { required, optional, families } = KINDS[kind];
  for (const name of [...required].sort()) if (!names.includes(name)) return { missing: name };
  for (const name of [...names].sort()) {
    const known = required.includes(name) || optional.includes(name) || families.some((one) => one.test(name));
    if (!known) return { foreign: name };
  }
  return null;
}
