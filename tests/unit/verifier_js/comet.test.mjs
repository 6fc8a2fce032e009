// Headers, votes, validators and ICS-23 proofs against what CometBFT, IAVL and ICS-23 themselves make of the same
// (comet/vectors.json, written by comet/main.go; the network's tests write it again).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { concat, hex, sha256Sync, unhex, utf8 } from "../../../chain/verifier_js/src/bytes.js";
import { addressOf, headerHash, precommitBytes, validatorsHash } from "../../../chain/verifier_js/src/comet.js";
import { IAVL, SIMPLE, checkAbsence, checkExistence } from "../../../chain/verifier_js/src/ics23.js";
import { varint } from "../../../chain/verifier_js/src/protobuf.js";

const vectors = JSON.parse(readFileSync(new URL("comet/vectors.json", import.meta.url)));
const TREES = { iavl: IAVL, simple: SIMPLE };
const malformed = { name: "Malformed" };

const bytes = (text) => unhex(text.toLowerCase());
const block = ({ hash, parts }) => ({ hash: bytes(hash), parts: { total: parts.total, hash: bytes(parts.hash) } });
const step = ({ prefix, suffix }) => ({ prefix: bytes(prefix), suffix: bytes(suffix) });
const proofOf = (item) =>
  item && { key: bytes(item.key), value: bytes(item.value), prefix: bytes(item.prefix), path: item.path.map(step) };

function header(item) {
  const hashes = Object.entries(item).filter(([name]) => name.endsWith("_hash") || name === "proposer_address");
  const decoded = Object.fromEntries(hashes.map(([name, text]) => [name, bytes(text)]));
  return { ...item, ...decoded, last_block_id: block(item.last_block_id) };
}

const holds = (check) => {
  try {
    check();
    return true;
  } catch (error) {
    assert.equal(error.name, "Malformed", String(error.stack));
    return false;
  }
};

const exists = ({ spec, root, key, value, proof }) => checkExistence(TREES[spec], bytes(root), proofOf(proof), bytes(key), bytes(value));
const absent = ({ spec, root, key, left, right }) =>
  checkAbsence(TREES[spec], bytes(root), { left: proofOf(left), right: proofOf(right) }, bytes(key));

test("varints at the ends of their lengths", () => {
  for (const [number, text] of [[0, "00"], [127, "7f"], [128, "8001"], [16383, "ff7f"], [16384, "808001"], [2 ** 53 - 1, "ffffffffffffff0f"]]) {
    assert.equal(hex(varint(number)), text);
  }
});

test("header hashes are CometBFT's, and every field counts", () => {
  for (const item of vectors.headers) assert.equal(hex(headerHash(header(item))), item.hash.toLowerCase());
  assert.ok(vectors.headers.length >= 40);
  const whole = header(vectors.headers[0]);
  const changes = [{ chain_id: "another" }, { height: 1 }, { time: { seconds: 1, nanos: 1 } }, { version: { block: 10, app: 0 } }];
  const hashes = Object.keys(whole).filter((name) => name.endsWith("_hash") || name === "proposer_address");
  for (const name of hashes) changes.push({ [name]: unhex("77".repeat(32)) });
  for (const change of changes) assert.notEqual(hex(headerHash({ ...whole, ...change })), hex(headerHash(whole)));
  assert.equal(hashes.length, 9);
});

test("the published example of a header", () => {
  // CometBFT's own constant, types/block_test.go, TestHeaderHash
  const names = ["last_commit_hash", "data_hash", "validators_hash", "next_validators_hash", "consensus_hash", "app_hash"];
  const hashes = [...names, "last_results_hash", "evidence_hash"].map((name) => [name, sha256Sync(utf8(name))]);
  const empty = new Uint8Array(32);
  const found = headerHash({
    version: { block: 1, app: 2 },
    chain_id: "chainId",
    height: 3,
    time: { seconds: Date.UTC(2019, 9, 13, 16, 14, 44) / 1000, nanos: 0 },
    last_block_id: { hash: empty, parts: { total: 6, hash: empty } },
    ...Object.fromEntries(hashes),
    proposer_address: addressOf(utf8("proposer_address")),
  });
  assert.equal(hex(found), "f740121f553b5418c3efbd343c2dbfe9e007bb67b0d020a0741374bab65242a4");
});

test("votes are signed over CometBFT's bytes", () => {
  for (const item of vectors.votes) {
    assert.equal(hex(precommitBytes({ ...item, block: block(item.block) })), item.bytes);
  }
  assert.ok(vectors.votes.some(({ round }) => round === 0) && vectors.votes.some(({ round }) => round > 0));
});

test("hashes of validator sets and addresses are CometBFT's", () => {
  for (const { validators, hash } of vectors.validators) {
    const set = validators.map(({ key, power }) => ({ key: bytes(key), power }));
    assert.equal(hex(validatorsHash(set)), hash);
    for (const { key, address } of validators) assert.equal(hex(addressOf(bytes(key))), address.toLowerCase());
    if (set.length > 1) assert.notEqual(hex(validatorsHash([...set].reverse())), hash);
  }
});

test("proofs of existence: what ICS-23 refuses is refused, what the trees made holds", () => {
  const answers = new Set();
  for (const item of vectors.exist) {
    assert.equal(holds(() => exists(item)), item.holds, JSON.stringify(item).slice(0, 400));
    answers.add(`${item.spec} ${item.holds}`);
  }
  assert.equal(answers.size, 4);
});

test("proofs of absence: gaps hold, neighbours that are none do not", () => {
  const answers = new Set();
  for (const item of vectors.absent) {
    assert.equal(holds(() => absent(item)), item.holds, JSON.stringify(item).slice(0, 400));
    answers.add(`${item.spec} ${item.holds}`);
  }
  assert.equal(answers.size, 4);
});

test("a step is a node's encoding and nothing longer, where ICS-23 itself takes more", () => {
  const refused = (spec, change) => {
    const item = vectors.exist.find((one) => one.spec === spec && one.holds && one.proof.path.length >= 2);
    const proof = change(structuredClone(item.proof));
    // with a root made to fit, so that the form alone decides
    const content = concat(bytes(proof.prefix), varint(proof.key.length / 2), bytes(proof.key), Uint8Array.of(32), sha256Sync(bytes(proof.value)));
    const root = proof.path.reduce((node, at) => sha256Sync(concat(bytes(at.prefix), node, bytes(at.suffix))), sha256Sync(content));
    const check = () => exists({ ...item, proof, root: hex(root) });
    assert.throws(check, malformed, `${spec} ${change}`);
  };
  const inner = (change) => (proof) => ({ ...proof, path: proof.path.map((at, i) => (i === 1 ? change(at) : at)) });
  refused("simple", (proof) => ({ ...proof, prefix: "0000" }));
  refused("simple", (proof) => ({ ...proof, prefix: "01" }));
  refused("simple", (proof) => ({ ...proof, prefix: "" }));
  refused("simple", inner((at) => ({ ...at, prefix: at.prefix.replace("01", "02") })));
  refused("simple", inner((at) => ({ prefix: "01", suffix: "" })));
  refused("simple", inner((at) => ({ prefix: at.prefix, suffix: `${at.suffix}${"00".repeat(32)}` })));
  refused("iavl", (proof) => ({ ...proof, prefix: proof.prefix.replace(/^00/, "8000") }));
  refused("iavl", (proof) => ({ ...proof, prefix: proof.prefix.replace(/^0002/, "0004") }));
  refused("iavl", (proof) => ({ ...proof, prefix: `${proof.prefix}00` }));
  refused("iavl", (proof) => ({ ...proof, prefix: "0002feffffffffffff20" }));
  refused("iavl", inner((at) => ({ ...at, prefix: `02${at.prefix.slice(2)}` })));
  refused("iavl", inner((at) => ({ ...at, prefix: `05${at.prefix.slice(2)}` })));
  refused("iavl", inner((at) => ({ ...at, prefix: at.prefix.replace(/20/, "21"), suffix: at.suffix.replace(/^20/, "21") })));
  refused("iavl", inner(() => ({ prefix: "04040420", suffix: "" })));
  refused("iavl", (proof) => ({ ...proof, path: Array(65).fill({ prefix: "fe7f040420", suffix: `20${"11".repeat(32)}` }) }));
  refused("iavl", (proof) => ({ ...proof, value: "" }));
});

test("neighbours that stand in the wrong order are none: a tree that is not sorted proves no absence", () => {
  const [a, b] = [utf8("a"), utf8("b")];
  const value = utf8("v");
  for (const [tree, leafPrefix, head, mark] of [[IAVL, "000202", "02040220", "20"], [SIMPLE, "00", "01", ""]]) {
    const prefix = unhex(leafPrefix);
    const leaf = (key) => sha256Sync(concat(prefix, varint(1), key, Uint8Array.of(32), sha256Sync(value)));
    const pair = (left, right) => {
      const ofLeft = { prefix: unhex(head), suffix: concat(unhex(mark), leaf(right)) };
      const ofRight = { prefix: concat(unhex(head), leaf(left), unhex(mark)), suffix: new Uint8Array(0) };
      const root = sha256Sync(concat(ofLeft.prefix, leaf(left), ofLeft.suffix));
      const proof = (key, at) => ({ key, value, prefix, path: [at] });
      return { root, left: proof(left, ofLeft), right: proof(right, ofRight) };
    };
    const sorted = pair(a, b);
    checkAbsence(tree, sorted.root, sorted, utf8("aa"));
    assert.throws(() => checkAbsence(tree, sorted.root, sorted, utf8("c")), malformed);
    const unsorted = pair(b, a);
    assert.throws(() => checkAbsence(tree, unsorted.root, { left: unsorted.right, right: unsorted.left }, utf8("aa")), malformed);
  }
});
