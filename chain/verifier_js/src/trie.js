// Merkle-Patricia proofs (Ethereum yellow paper, appendix D) and what a block header commits to: receipts, storage.
// They say what the header says and nothing about the header itself.

import { bigEndian, concat, demand, hex, keccak256, unbase64, unhex } from "./bytes.js";
import { isObject } from "./json.js";
import { rlpDecode, rlpInteger } from "./rlp.js";
import { checksumAddress } from "./shapes.js";

export const TYPE = "anvil-mpt";
const MAX_NODES = 64;
const MAX_BASE64 = 400_000;
const EMPTY = new Uint8Array(0);
const EMPTY_ROOT = "56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421";
const [STATE_ROOT, RECEIPTS_ROOT, NUMBER, TIME] = [3, 5, 8, 11];

function nibblesOf(bytes) {
  const out = [];
  for (const byte of bytes) out.push(byte >> 4, byte & 15);
  return out;
}

/** {path: nibbles, leaf} of a compact-encoded path. */
function decodePath(bytes) {
  demand(bytes instanceof Uint8Array && bytes.length > 0, "a trie path is empty");
  const flag = bytes[0] >> 4;
  demand(flag <= 3 && (flag & 1 || (bytes[0] & 15) === 0), "a trie path is malformed");
  const nibbles = nibblesOf(bytes);
  return { path: nibbles.slice(flag & 1 ? 1 : 2), leaf: flag >= 2 };
}

/** The value at `key` under `root`; empty bytes when the nodes prove that there is none. Throws Malformed otherwise. */
export function lookUp(root, key, nodes) {
  const known = new Map(nodes.map((node) => [hex(keccak256(node)), node]));
  if (hex(root) === EMPTY_ROOT) return EMPTY;
  const nibbles = nibblesOf(key);
  let at = 0;
  let reference = root;
  for (let steps = 0; steps <= 2 * MAX_NODES; steps++) {
    let node = reference;
    if (node instanceof Uint8Array) {
      if (node.length === 0) return EMPTY;
      const found = known.get(hex(node));
      demand(found, "the nodes do not lead from the root to the key");
      node = rlpDecode(found);
    }
    if (node instanceof Uint8Array && node.length === 0) return EMPTY;
    demand(Array.isArray(node) && (node.length === 17 || node.length === 2), "a trie node has another shape");
    if (node.length === 17) {
      if (at === nibbles.length) return valueOf(node[16]);
      reference = node[nibbles[at++]];
      continue;
    }
    const { path, leaf } = decodePath(node[0]);
    const matches = path.every((nibble, i) => nibbles[at + i] === nibble);
    if (leaf) return matches && at + path.length === nibbles.length ? valueOf(node[1]) : EMPTY;
    // all keys of a trie have one length or none is another's beginning, so none ends inside an extension
    const ends = nibbles.length - at < path.length && nibbles.slice(at).every((nibble, i) => nibble === path[i]);
    demand(!ends, "the key ends inside an extension");
    if (!matches) return EMPTY;
    at += path.length;
    reference = node[1];
  }
  throw new Error("unreachable: every round follows one of at most 64 nodes or consumes a nibble");
}

function valueOf(value) {
  demand(value instanceof Uint8Array, "a trie's value is not bytes");
  return value;
}

function nodesOf(value) {
  demand(Array.isArray(value) && value.length <= MAX_NODES, "not a short list of nodes");
  return value.map(bytesOf);
}

function bytesOf(value) {
  demand(typeof value === "string" && value.length <= MAX_BASE64, "not base64 text of a sensible length");
  return unbase64(value);
}

/** {hash, stateRoot, receiptsRoot, number, time} of a header's RLP. */
export function readHeader(data) {
  const fields = rlpDecode(data);
  demand(Array.isArray(fields) && fields.length >= 15 && fields.length <= 32, "the header is not one");
  demand(fields.every((field) => field instanceof Uint8Array), "the header is not one");
  demand(fields[STATE_ROOT].length === 32 && fields[RECEIPTS_ROOT].length === 32, "the header's roots have 32 bytes");
  demand(fields[NUMBER].length <= 8 && fields[TIME].length <= 8, "the header's numbers are out of range");
  return {
    hash: keccak256(data),
    stateRoot: fields[STATE_ROOT],
    receiptsRoot: fields[RECEIPTS_ROOT],
    number: bigEndian(fields[NUMBER]),
    time: bigEndian(fields[TIME]),
  };
}

/** {ok, logs: [{address (bytes), topics, data}]} of the receipt at `index` under `root`. */
export function readReceipt(root, index, nodes) {
  const value = lookUp(root, rlpInteger(index), nodes);
  demand(value.length > 0, "there is no receipt at this index");
  const fields = rlpDecode(value[0] < 0x7f ? value.subarray(1) : value);
  demand(Array.isArray(fields) && fields.length === 4 && Array.isArray(fields[3]), "the receipt has another shape");
  const logs = fields[3].map((log) => {
    demand(Array.isArray(log) && log.length === 3, "a log has another shape");
    const [address, topics, data] = log;
    demand(address instanceof Uint8Array && address.length === 20 && data instanceof Uint8Array, "a log has another shape");
    demand(Array.isArray(topics) && topics.every((topic) => topic instanceof Uint8Array), "a log has another shape");
    return { address, topics, data };
  });
  const [status] = fields;
  return { ok: status instanceof Uint8Array && status.length === 1 && status[0] === 1, logs };
}

function checkShape(proof, kind, members) {
  demand(isObject(proof) && proof.type === TYPE && proof.kind === kind, `not a ${kind} proof of type ${TYPE}`);
  const wanted = ["v", "type", "kind", ...members];
  const exact = Object.keys(proof).length === wanted.length && wanted.every((name) => Object.hasOwn(proof, name));
  demand(exact && proof.v === 1, "the proof has missing or further fields");
}

/** A receipt proof of chain/record.json: header and receipt. */
export function receiptProof(proof) {
  checkShape(proof, "receipt", ["header", "index", "nodes"]);
  const { index } = proof;
  demand(Number.isSafeInteger(index) && index >= 0 && index < 2 ** 32, "the index is not a number");
  const header = readHeader(bytesOf(proof.header));
  return { header, ...readReceipt(header.receiptsRoot, index, nodesOf(proof.nodes)) };
}

/** A storage proof: {header, address, codeHash, slots: [{slot, value (BigInt)}]}. */
export function storageProof(proof) {
  checkShape(proof, "storage", ["header", "address", "account_nodes", "slots"]);
  const header = readHeader(bytesOf(proof.header));
  demand(Array.isArray(proof.slots) && proof.slots.length <= MAX_NODES, "slots have another shape");
  const address = addressOf(proof.address);
  const account = rlpDecode(lookUp(header.stateRoot, keccak256(address), nodesOf(proof.account_nodes)));
  demand(Array.isArray(account) && account.length === 4, "there is no account at this address");
  demand(account.every((member) => member instanceof Uint8Array), "the account has another shape");
  const [, , storageRoot, codeHash] = account;
  const slots = proof.slots.map((item) => {
    const exact = isObject(item) && Object.keys(item).length === 2 && Array.isArray(item.nodes);
    demand(exact && typeof item.slot === "string", "a slot has another shape");
    const slot = unhex(item.slot, 32);
    const found = lookUp(storageRoot, keccak256(slot), nodesOf(item.nodes));
    const value = found.length > 0 ? rlpDecode(found) : EMPTY;
    demand(value instanceof Uint8Array && value.length <= 32, "a stored value has another shape");
    return { slot, value: bigEndian(value) };
  });
  return { header, address, codeHash, slots };
}

// EIP-55, or all of one case (no checksum to check).
function addressOf(text) {
  demand(typeof text === "string" && text.length === 42 && text.startsWith("0x"), "the address is malformed");
  const digits = text.slice(2);
  const bytes = unhex(digits.toLowerCase(), 20);
  const plain = digits === digits.toLowerCase() || digits === digits.toUpperCase();
  demand(plain || checksumAddress(bytes) === text, "the address's checksum is wrong");
  return bytes;
}

/** Slot of a Solidity mapping's value, keys (BigInt or bytes words) from the outermost in. */
export function mappingSlot(base, ...keys) {
  return keys.reduce((slot, key) => keccak256(concat(key, slot)), base);
}

