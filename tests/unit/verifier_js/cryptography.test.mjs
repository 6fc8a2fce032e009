// Signatures, trees and RLP against public vectors (Wycheproof, RFC 6962 test data, Ethereum's RLP tests).
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";

import { bigEndian, concat, hex, keccak256, sha256Sync, unbase64, unhex, utf8, word } from "../../../chain/verifier_js/src/bytes.js";
import { checkEd25519, checkP256, p256Point, rawOfDer, recoverAddress } from "../../../chain/verifier_js/src/keys.js";
import { rlpDecode, rlpInteger } from "../../../chain/verifier_js/src/rlp.js";
import { checksumAddress } from "../../../chain/verifier_js/src/shapes.js";
import { leafHash, treeRoot, verifyInclusion } from "../../../chain/verifier_js/src/tree.js";
import * as page from "../../../signing/js/tree.js";

const folder = process.env.VECTORS;
const skip = folder && existsSync(folder) ? false : "public vectors are not on this machine";
const read = (name) => JSON.parse(readFileSync(`${folder}/${name}.json`));

const holds = (check) => {
  try {
    check();
    return true;
  } catch (error) {
    assert.equal(error.name, "Malformed", String(error.stack));
    return false;
  }
};

test("Ed25519: Wycheproof", { skip }, () => {
  let count = 0;
  for (const group of read("wycheproof-ed25519_test").testGroups) {
    for (const item of group.tests) {
      const found = holds(() => checkEd25519(unhex(group.publicKey.pk), unhex(item.msg), unhex(item.sig)));
      assert.equal(found, item.result === "valid", `${item.tcId} ${item.comment}`);
      count += 1;
    }
  }
  assert.ok(count >= 100);
});

for (const secure of [true, false]) {
  test(`P-256 r‖s: Wycheproof ${secure ? "by WebCrypto" : "without a secure context"}`, { skip }, async () => {
    const subtle = globalThis.crypto;
    if (!secure) Object.defineProperty(globalThis, "crypto", { value: undefined, configurable: true });
    try {
      let count = 0;
      for (const group of read("wycheproof-ecdsa_secp256r1_sha256_p1363_test").testGroups) {
        const spki = unhex(group.publicKeyDer);
        for (const item of group.tests) {
          const found = await checkP256(spki, unhex(item.msg), unhex(item.sig), { anyS: true }).then(
            () => true,
            (error) => assert.equal(error.name, "Malformed", String(error.stack)) ?? false,
          );
          assert.equal(found, item.result === "valid", `${item.tcId} ${item.comment}`);
          count += 1;
        }
      }
      assert.ok(count >= 200);
    } finally {
      if (!secure) Object.defineProperty(globalThis, "crypto", { value: subtle, configurable: true });
    }
  });
}

test("P-256: the key has one encoding and lies on the curve; s must be low where that is asked", async () => {
  const curve = { name: "ECDSA", namedCurve: "P-256" };
  const pair = await crypto.subtle.generateKey(curve, true, ["sign", "verify"]);
  const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
  const message = utf8("one");
  const raw = new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message));
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const s = bigEndian(raw.subarray(32));
  const low = concat(raw.subarray(0, 32), word(s > order / 2n ? order - s : s));
  const high = concat(raw.subarray(0, 32), word(s > order / 2n ? s : order - s));
  await checkP256(spki, message, low);
  await checkP256(spki, message, high, { anyS: true });
  await assert.rejects(checkP256(spki, message, high), { name: "Malformed" });
  await assert.rejects(checkP256(spki, utf8("two"), low), { name: "Malformed" });
  const off = spki.slice();
  off[90] ^= 1;
  assert.throws(() => p256Point(off), { name: "Malformed" });
  assert.throws(() => p256Point(spki.subarray(0, 90)), { name: "Malformed" });
});

test("DER signatures: minimal forms only", () => {
  const good = unhex("300602010102017f");
  assert.equal(hex(rawOfDer(good)), hex(concat(word(1), word(127))));
  const bad = ["30060201010201ff", "30070201010202007f", "3006020101020101ff", "300502010102017f", "3106020101020101", "3081060201010201", "30060200010201 7f".replace(" ", "")];
  for (const text of bad) assert.throws(() => rawOfDer(unhex(text)), { name: "Malformed" }, text);
});

test("secp256k1: addresses are recovered, high s and other forms are refused", { skip }, () => {
  // Wycheproof's signatures are over SHA-256; recovery must name the key that verifies, for one of the two v
  let count = 0;
  for (const group of read("wycheproof-ecdsa_secp256k1_sha256_bitcoin_test").testGroups) {
    const address = checksumAddress(keccak256(unhex(group.publicKey.uncompressed).subarray(1)).subarray(12));
    for (const item of group.tests) {
      if (item.result !== "valid") continue;
      const raw = rawOfDer(unhex(item.sig));
      const digest = sha256Sync(unhex(item.msg));
      const found = [27, 28].map((v) => {
        try {
          return recoverAddress(digest, concat(raw, Uint8Array.of(v)));
        } catch (error) {
          assert.equal(error.name, "Malformed");
          return null;
        }
      });
      if (item.flags.includes("ArithmeticError") || raw.every((byte) => byte === 0)) continue;
      if (found.includes(address)) count += 1;
    }
  }
  assert.ok(count >= 50, String(count));
  const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
  const digest = sha256Sync(utf8("x"));
  const signature = (r, s, v) => concat(word(r), word(s), Uint8Array.of(v));
  for (const bad of [signature(1, order / 2n + 1n, 27), signature(0, 1, 27), signature(1, 0, 27), signature(order, 1n, 27), signature(1, 1, 0), signature(1, 1, 29), new Uint8Array(64)]) {
    assert.throws(() => recoverAddress(digest, bad), { name: "Malformed" });
  }
});

test("RFC 9162 inclusion: public vectors, and the signing page's tree agrees", { skip }, async () => {
  const vectors = Object.entries(read("rfc6962-inclusion"));
  for (const [name, item] of vectors) {
    const proof = (item.proof ?? []).map(unbase64);
    const [leaf, root] = [unbase64(item.leafHash), unbase64(item.root ?? "")];
    const [index, size] = [BigInt(item.leafIdx), BigInt(item.treeSize)];
    const mine = verifyInclusion(leaf, index, size, proof, root);
    assert.equal(mine, !item.wantErr, name);
    assert.equal(await page.verifyInclusion(leaf, index, size, proof, root), mine, name);
  }
  assert.ok(vectors.length >= 90);
});

test("tree roots: the signing page's tree agrees at every size up to 40", async () => {
  for (let size = 0; size <= 40; size++) {
    const leaves = Array.from({ length: size }, (_, i) => leafHash(utf8(`leaf ${i}`)));
    assert.equal(hex(treeRoot(leaves)), hex(await page.root(leaves)), String(size));
  }
});

test("RLP: Ethereum's vectors decode, its invalid ones are refused", { skip }, () => {
  const plain = (item) => (item instanceof Uint8Array ? hex(item) : item.map(plain));
  const expected = (value) => {
    if (Array.isArray(value)) return value.map(expected);
    if (typeof value === "number" || value.startsWith("#")) {
      const text = BigInt(String(value).replace("#", "")).toString(16);
      return text === "0" ? "" : text.padStart(text.length + (text.length % 2), "0");
    }
    return hex(utf8(value));
  };
  const good = Object.entries(read("ethereum-rlptest"));
  for (const [name, { in: value, out }] of good) {
    assert.deepEqual(plain(rlpDecode(unhex(out.replace("0x", "")))), expected(value), name);
  }
  for (const [name, { out }] of Object.entries(read("ethereum-invalidRLPTest"))) {
    const text = out.replace("0x", "");
    assert.throws(() => rlpDecode(unhex(text.length % 2 ? `0${text}` : text)), { name: "Malformed" }, name);
  }
  assert.ok(good.length >= 20);
});

test("RLP: integers, and nesting without end", () => {
  for (const [number, text] of [[0, "80"], [1, "01"], [127, "7f"], [128, "8180"], [256, "820100"], [2 ** 32 - 1, "84ffffffff"]]) {
    assert.equal(hex(rlpInteger(number)), text);
  }
  const deep = new Uint8Array(300_000).fill(0xc0);
  assert.throws(() => rlpDecode(deep), { name: "Malformed" });
  let nested = Uint8Array.of(0xc0);
  for (let i = 0; i < 80; i++) nested = nested.length < 56 ? concat(Uint8Array.of(0xc0 + nested.length), nested) : concat(Uint8Array.of(0xf8, nested.length), nested);
  assert.throws(() => rlpDecode(nested), { name: "Malformed" });
});
