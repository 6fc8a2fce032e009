// The trust root (spec §4): whom the verifier's user believes. Handed in, never looked up, never out of a package.

import { Malformed, demand, hex, unbase64 } from "./bytes.js";
import { domainSeparator } from "./eip712.js";
import { digestOf, parseObject } from "./json.js";
import { ED25519, parseVkey } from "./notes.js";
import * as s from "./shapes.js";
import { readAnchors } from "./x509_anchor.js";

export const REGISTRY = "LaborContractRegistry";
export const PARTICIPANTS = "ParticipantRegistry";
export const LOG_CONTRACT = "EvidenceLog";
const MAX_BYTES = 2_000_000;

const periods = s.array(s.members({ address: s.address, valid_from: s.utc, valid_until: s.optional(s.utc) }), 0, 100);

/** The validators' network (spec §4.3): its own name, seconds of trust, and headers that are trusted. */
const network = s.members({
  chain_id: s.networkName,
  trusting_period: s.integer(1, 10 ** 10),
  headers: s.array(s.members({ height: s.integer(1), hash: s.hex32 }), 1, 1000),
});

const members = {
  v: s.constant(1),
  version: s.integer(1),
  predecessor: s.optional(s.hex32),
  test: s.boolean,
  log_origin: s.name,
  log_vkey: s.vkey,
  chain_id: s.integer(1),
  genesis_hash: s.hex32,
  contracts: s.mapping(s.name, s.members({ address: s.address, code_hash: s.hex32 }), 20),
  web_origins: s.array(s.members({ origin: s.name, rp_id: s.name }), 0, 20),
  cas: s.array(s.b64(1, 8192), 1, 100),
  tsas: s.array(s.members({ name: s.name, certs: s.array(s.b64(1, 8192), 1, 10) }), 1, 50),
  identity_issuers: periods,
  registrars: periods,
  witnesses: s.array(s.members({ name: s.name, vkey: s.vkey, address: s.optional(s.address) }), 0, 50),
  witness_threshold: s.integer(0, 50),
  judicial: s.array(
    s.members({
      chain_id: s.integer(1),
      genesis_hash: s.hex32,
      address: s.address,
      code_hash: s.hex32,
      seal_vkey: s.optional(s.vkey),
    }),
    0,
    10,
  ),
  page_release_keys: s.array(s.vkey, 0, 20),
  root_keys: s.array(s.vkey, 0, 20),
  root_threshold: s.integer(0, 20),
  retired_algorithms: s.array(s.members({ name: s.name, from: s.utc }), 0, 100),
  templates: s.mapping(s.hex32, s.name, 1000),
  renderers: s.array(s.name, 0, 100),
  valid_from: s.utc,
  valid_until: s.optional(s.utc),
  network,
};
const shape = s.members(members, ["network"]);

// Each public key once: a key listed twice would count twice.
function checkKeys(vkeys, path) {
  const seen = new Set();
  vkeys.forEach((vkey, number) => {
    const key = hex(parseVkey(vkey, ED25519).key);
    demand(!seen.has(key), `${path}/${number}: the same key twice`);
    seen.add(key);
  });
}

// Damage to the verifier's own file shows here, and not as a verdict about evidence.
async function anchorsOf(path, certificates) {
  try {
    return await readAnchors(certificates.map(unbase64));
  } catch {
    throw new Malformed(`${path}: a certificate is damaged`);
  }
}

/**
 * Read the canonical file (newlines at its end are ignored); throws Malformed for anything else.
 * @returns {Promise<{value: object, fingerprint: string, test: boolean, cas: Anchor[], tsas: {name, certs: Anchor[]}[]}>}
 */
export async function parseTrustRoot(bytes) {
  let end = bytes.length;
  while (end > 0 && bytes[end - 1] === 0x0a) end--;
  const value = parseObject(bytes.subarray(0, end), MAX_BYTES);
  try {
    shape(value, "");
  } catch (error) {
    throw error instanceof s.ShapeError ? new Malformed(error.message) : error;
  }
  demand(value.witness_threshold <= value.witnesses.length, "/witness_threshold: more than there are witnesses");
  for (const member of ["witnesses", "tsas"]) {
    const names = new Set(value[member].map(({ name }) => name));
    demand(names.size === value[member].length, `/${member}: the same name twice`);
  }
  const keys = value.root_keys.length;
  const threshold = value.root_threshold;
  demand(threshold <= keys && threshold >= Math.min(1, keys), "/root_threshold: from 1 to the number of root keys");
  checkKeys(value.page_release_keys, "/page_release_keys");
  checkKeys(value.root_keys, "/root_keys");
  for (const needed of [REGISTRY, PARTICIPANTS, LOG_CONTRACT]) {
    demand(Object.hasOwn(value.contracts, needed), `/contracts: ${needed} is missing`);
  }
  const heights = (value.network?.headers ?? []).map(({ height }) => height);
  demand(heights.every((height, i) => i === 0 || heights[i - 1] < height), "/network/headers: heights do not ascend");
  const tsas = [];
  const cas = await anchorsOf("/cas", value.cas);
  for (const { name, certs } of value.tsas) tsas.push({ name, certs: await anchorsOf(`/tsas: ${name}`, certs) });
  return { value, fingerprint: hex(digestOf(value)), test: value.test, cas, tsas };
}

/** Domain separator of one of the root's contracts. */
export function separatorOf(trustRoot, contract) {
  const { value } = trustRoot;
  return domainSeparator({
    test: value.test,
    chainId: value.chain_id,
    contract: value.contracts[contract].address,
    logOrigin: value.log_origin,
  });
}

/** Whether one of the periods with this address covers the moment (milliseconds, both ends included). */
export function covers(list, address, moment) {
  return list.some(
    (one) =>
      one.address === address &&
      s.parseUtc(one.valid_from) <= moment &&
      (one.valid_until === null || moment <= s.parseUtc(one.valid_until)),
  );
}
