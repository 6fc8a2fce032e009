// Merkle-Patricia proofs against what Python's trie library made (cases.json, written by test_modules.py).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { concat, hex, keccak256, unbase64, unhex, utf8, word } from "../../../chain/verifier_js/src/bytes.js";
import { lookUp, mappingSlot, receiptProof, storageProof } from "../../../chain/verifier_js/src/trie.js";

const cases = JSON.parse(readFileSync(process.env.CASES));
const malformed = { name: "Malformed" };

test("values and proven absence are what Python's trie says", () => {
  for (const { root, key, value, nodes } of cases.tries) {
    assert.equal(hex(lookUp(unhex(root), unhex(key), nodes.map(unbase64))), value, key);
  }
  assert.ok(cases.tries.length >= 100);
  assert.ok(cases.tries.some((item) => item.value === "") && cases.tries.some((item) => item.value !== ""));
});

test("a node left out or altered proves nothing", () => {
  const { root, key, nodes } = cases.tries.find((item) => item.nodes.length >= 3 && item.value !== "");
  const whole = nodes.map(unbase64);
  for (let i = 0; i < whole.length; i++) {
    assert.throws(() => lookUp(unhex(root), unhex(key), whole.filter((_, at) => at !== i)), malformed);
    for (let byte = 0; byte < whole[i].length; byte++) {
      const changed = whole.map((node) => node.slice());
      changed[i][byte] ^= 1;
      assert.throws(() => lookUp(unhex(root), unhex(key), changed), malformed);
    }
  }
});

test("nodes that no trie holds are refused, even under their own root", () => {
  const under = (node) => () => lookUp(keccak256(node), unhex("aa"), [node]);
  const node = (path) => concat(unhex("c6"), unhex("8240aa").with(1, path), unhex("827878"));
  assert.equal(hex(under(concat(unhex("c6"), unhex("8220aa"), unhex("827878")))()), "7878");
  for (const flag of [0x40, 0x50, 0x21, 0x01, 0xf0]) assert.throws(under(node(flag)), malformed, String(flag));
  for (const text of ["c0", "c101", "c3010203", "80", "01", "d2" + "80".repeat(18)]) {
    const bytes = unhex(text);
    if (text === "80") assert.equal(lookUp(keccak256(bytes), unhex("aa"), [bytes]).length, 0);
    else assert.throws(under(bytes), malformed, text);
  }
});

test("no key ends inside an extension", () => {
  const { root, nodes } = cases.tries.find((item) => item.key === hex(utf8("common prefix 7")));
  assert.throws(() => lookUp(unhex(root), utf8("comm"), nodes.map(unbase64)), malformed);
});

test("empty steps do not go on for ever", () => {
  // an extension with an empty path, inlined in itself as deep as RLP allows
  let inner = unhex("c20080");
  for (let i = 0; i < 40 && inner.length < 52; i++) inner = concat(Uint8Array.of(0xc0 + 1 + inner.length), unhex("00"), inner);
  assert.equal(lookUp(keccak256(inner), unhex("aa"), [inner]).length, 0);
});

test("receipts and storage: good proofs hold, every other shape is refused", () => {
  const receipt = receiptProof(cases.receipt);
  assert.equal(receipt.ok, true);
  assert.equal(receipt.logs.length, 1);
  const storage = storageProof(cases.storage);
  assert.equal(storage.slots[0].value, BigInt(cases.stored));
  assert.equal(storageProof(cases.absent).slots[0].value, 0n);
  for (const [proof, check] of [[cases.receipt, receiptProof], [cases.storage, storageProof]]) {
    for (const name of Object.keys(proof)) {
      const without = { ...proof };
      delete without[name];
      assert.throws(() => check(without), malformed, name);
      for (const other of [null, {}, "x", -1, true]) assert.throws(() => check({ ...proof, [name]: other }), malformed, name);
    }
    assert.throws(() => check({ ...proof, more: 1 }), malformed);
  }
});

test("the slot of a mapping of mappings", () => {
  assert.equal(hex(mappingSlot(word(3), word(310101001), word(202611))), cases.slot);
});
