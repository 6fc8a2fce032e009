// Ed25519 where libraries differ: points of small and mixed order, other spellings. With WebCrypto and without it.
import assert from "node:assert/strict";
import test from "node:test";

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bigEndian, concat, unhex, utf8 } from "../../../chain/verifier_js/src/bytes.js";
import { holdsEd25519, holdsEd25519Sync } from "../../../chain/verifier_js/src/ed25519.js";

const { Point } = ed25519;
const ORDER = Point.Fn.ORDER;
const PRIME = Point.Fp.ORDER;
const message = utf8("a vote");
const secret = 4711n;
const nonce = 815n;

const number = (bytes) => bigEndian(Uint8Array.from(bytes).reverse());
const littleEndian = (value) => unhex(value.toString(16).padStart(64, "0")).reverse();
const challenge = (r, key) => number(sha512(concat(r, key, message))) % ORDER;
const times = (point, count) => (count === 0n ? Point.ZERO : point.multiplyUnsafe(count));

/** A point of order 8, and its multiples. */
const eighth = Point.fromBytes(littleEndian(2707385501144840649318225287225658788936804267575313519463743609750303402022n));
const torsion = Array.from({ length: 8 }, (_, i) => times(eighth, BigInt(i)));

async function answers(key, r, s) {
  const signature = concat(r, littleEndian(s));
  const one = await holdsEd25519(key, message, signature);
  assert.equal(holdsEd25519Sync(key, message, signature), one);
  return one;
}

test("the honest signature holds, and S has one spelling", async () => {
  const [key, r] = [Point.BASE.multiply(secret).toBytes(), Point.BASE.multiply(nonce).toBytes()];
  const s = (nonce + challenge(r, key) * secret) % ORDER;
  assert.equal(await answers(key, r, s), true);
  assert.equal(await answers(key, r, s + ORDER), false);
  assert.equal(await answers(key, r, (s + 1n) % ORDER), false);
  assert.equal(holdsEd25519Sync(key.subarray(1), message, concat(r, littleEndian(s))), false);
  assert.equal(holdsEd25519Sync(key, message, concat(r, littleEndian(s)).subarray(1)), false);
});

test("R with a part of small order does not hold: the equation is not multiplied by the cofactor", async () => {
  const key = Point.BASE.multiply(secret).toBytes();
  for (const [i, part] of torsion.entries()) {
    const r = Point.BASE.multiply(nonce).add(part).toBytes();
    assert.equal(await answers(key, r, (nonce + challenge(r, key) * secret) % ORDER), i === 0, String(i));
  }
});

test("a key with a part of small order holds where the equation does", async () => {
  const seen = new Set();
  for (const part of torsion) {
    const key = Point.BASE.multiply(secret).add(part).toBytes();
    for (let i = 0n; i < 12n; i++) {
      const r = Point.BASE.multiply(nonce + i).toBytes();
      const k = challenge(r, key);
      const holds = times(part, k % 8n).equals(Point.ZERO);
      assert.equal(await answers(key, r, (nonce + i + k * secret) % ORDER), holds);
      seen.add(holds);
    }
  }
  assert.equal(seen.size, 2);
});

test("keys and R of small order never hold, in no spelling", async () => {
  const spellings = torsion.flatMap((point) => {
    const bytes = point.toBytes();
    const other = number(bytes) % 2n ** 255n + PRIME;
    const flipped = bytes.with(31, bytes[31] ^ 0x80);
    return other < 2n ** 255n ? [bytes, flipped, littleEndian(other), littleEndian(other + 2n ** 255n)] : [bytes, flipped];
  });
  assert.ok(spellings.length > 16);
  const key = Point.BASE.multiply(secret).toBytes();
  for (const small of spellings) {
    for (let i = 0n; i < 16n; i++) {
      const r = Point.BASE.multiply(nonce + i).toBytes();
      assert.equal(await answers(small, r, nonce + i), false);
    }
    assert.equal(await answers(key, small, (challenge(small, key) * secret) % ORDER), false);
  }
});

test("what is no point of the curve does not hold", async () => {
  const r = Point.BASE.multiply(nonce).toBytes();
  for (const y of [2n, 7n, PRIME + 3n]) assert.equal(await answers(littleEndian(y), r, nonce), false);
});
