// Merkle-Patricia proofs against what Python's trie library made (cases.json, written by test_modules.py).
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { concat, hex, unbase64, unhex, word } from "../../../chain/verifier_js/src/bytes.js";
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

test("a node that refers to itself does not loop", () => {
  // an extension with an empty path is an empty step: 130 of them are more than a proof can hold
  const empty = unhex("00");
  let node = concat(unhex("c2"), empty, empty);
  assert.throws(() => lookUp(new Uint8Array(32).fill(7), unhex("aa"), [node]), malformed);
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
