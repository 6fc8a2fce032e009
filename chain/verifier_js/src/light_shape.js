// Shapes of light proofs (spec §3.6), and what they say as bytes and numbers.

import { demand, unbase64, unhex } from "./bytes.js";
import { headerHash } from "./comet.js";
import * as s from "./shapes.js";

export const LIGHT = "cometbft-ics23";
const LAST_SECOND = 253402300799; // the end of the year 9999
const NOTHING = new Uint8Array(0);

const v1 = s.constant(1);
const uint = s.integer(0);
const height = s.integer(1);
const version = s.integer(1, 2 ** 32 - 1);
const total = s.integer(1, 2 ** 32 - 1);
const time = s.tuple(s.integer(0, LAST_SECOND), s.integer(0, 999_999_999));
const hex20 = s.matching(/^[0-9a-f]{40}$/, "40 lower-case hex characters");

const HASHES = [
  "last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash",
  "last_results_hash", "evidence_hash",
];

const header = s.members({
  version: s.tuple(uint, uint),
  height,
  time,
  last_block: s.optional(s.members({ hash: s.hex32, total, parts: s.hex32 })),
  ...Object.fromEntries(HASHES.map((name) => [name, s.hex32])),
  proposer: hex20,
});

const commit = s.members({
  round: s.integer(0, 2 ** 31 - 1),
  total,
  parts: s.hex32,
  signatures: s.array(s.optional(s.members({ time, signature: s.b64(64, 64) })), 1, 100),
});

const block = s.members({
  header,
  validators: s.array(s.members({ key: s.b64(32, 32), power: s.integer(1, 10 ** 12) }), 1, 100),
  commit: s.optional(commit),
});

const refuse = (path, want) => {
  throw new s.ShapeError(path, want);
};

function light(value, path) {
  lightMembers(value, path);
  value.trail.forEach(({ validators, commit: signed }, number) => {
    const at = `${path}/trail/${number}`;
    if ((signed === null) !== (number === 0)) refuse(`${at}/commit`, "null in the first block alone");
    if (signed !== null && signed.signatures.length !== validators.length) {
      refuse(`${at}/commit/signatures`, "as many as there are validators");
    }
    if (new Set(validators.map(({ key }) => key)).size !== validators.length) refuse(`${at}/validators`, "no key twice");
  });
}

const lightMembers = s.members({
  chain_id: s.networkName,
  trail: s.array(block, 2, 32),
  token: s.optional(s.b64(1, 16_384)),
});

const path = s.array(s.tuple(s.b64(1, 64), s.b64(0, 64)), 0, 64);
const prefix = s.b64(3, 12);
const leaf = s.members({ prefix, path });
const neighbour = s.members({ key: s.b64(1, 1024), value: s.b64(1, 65_536), prefix, path });
const sides = s.members({ left: s.optional(neighbour), right: s.optional(neighbour) });

function absent(value, at) {
  sides(value, at);
  if (value.left === null && value.right === null) refuse(at, "a neighbour at least on one side");
}

function slot(value, at) {
  slotMembers(value, at);
  (value.value === null ? absent : leaf)(value.proof, `${at}/proof`);
}

const slotMembers = s.members({ slot: s.hex32, value: s.optional(s.hex32), proof: s.anything });

const state = s.members({ address: s.address, code: leaf, slots: s.array(slot, 1, 1), store: path });

function result(value, at) {
  resultMembers(value, at);
  if (value.index >= value.total) refuse(`${at}/index`, "below the total");
}

const resultMembers = s.members({
  index: s.integer(0, 2 ** 31 - 1),
  total: s.integer(1, 2 ** 31 - 1),
  path: s.array(s.hex32, 0, 32),
  code: s.integer(0, 2 ** 32 - 1),
  data: s.b64(0, 100_000),
  gas_wanted: uint,
  gas_used: uint,
});

const common = { v: v1, type: s.constant(LIGHT), light, state };

/** chain/record.json and figure/proof.json of this type. */
export const recordShape = s.members({
  ...common,
  conclusion: s.members({ contract_id: s.hex32, version, commitment: s.hex32 }),
  result: s.optional(result),
});
export const figureShape = s.members(common);

const nanoseconds = ([seconds, nanos]) => BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
const moment = ([seconds, nanos]) => ({ seconds, nanos });
const blockOf = (hash, { total: count, parts }) => ({ hash, parts: { total: count, hash: unhex(parts) } });
const NO_BLOCK = { hash: NOTHING, parts: { total: 0, hash: NOTHING } };

/**
 * A block of the trail: {height, time (BigInt nanoseconds), hash, hashes: {validators, nextValidators, app, lastResults},
 * validators: [{key, power, name}], round, id (null in the first), signatures: [null | {time, signature}]}.
 */
export function readBlock(chainId, { header: item, validators, commit: signed }) {
  const hashes = Object.fromEntries(HASHES.map((name) => [name, unhex(item[name])]));
  const hash = headerHash({
    ...hashes,
    version: { block: item.version[0], app: item.version[1] },
    chain_id: chainId,
    height: item.height,
    time: moment(item.time),
    last_block_id: item.last_block === null ? NO_BLOCK : blockOf(unhex(item.last_block.hash), item.last_block),
    proposer_address: unhex(item.proposer),
  });
  return {
    height: item.height,
    time: nanoseconds(item.time),
    hash,
    hashes,
    validators: validators.map(({ key, power }) => ({ key: unbase64(key), power, name: key })),
    round: signed?.round,
    id: signed && blockOf(hash, signed),
    signatures: (signed?.signatures ?? []).map((one) => one && { time: moment(one.time), signature: unbase64(one.signature) }),
  };
}

const readPath = (items) => items.map(([before, after]) => ({ prefix: unbase64(before), suffix: unbase64(after) }));

/** An ICS-23 proof of existence of this key and value, from a leaf of the format. */
export const readLeaf = (item, key, value) => ({ key, value, prefix: unbase64(item.prefix), path: readPath(item.path) });

/** The neighbours of a proof of absence. */
export function readAbsence({ left, right }) {
  const read = (item) => item && readLeaf(item, unbase64(item.key), unbase64(item.value));
  demand(left !== null || right !== null, "a proof of absence needs a neighbour");
  return { left: read(left), right: read(right) };
}

/** The steps from a store's root to the root over all stores. */
export const readStore = (items) => readPath(items);
