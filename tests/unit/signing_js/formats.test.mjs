// Canonical JSON, EIP-712, commitment and trees: public vectors and Python's answers.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { hex, unbase64, unhex, utf8 } from "./js/bytes.js";
import { checkOpening, commitmentOf, consentPreimage } from "./js/commitment.js";
import * as eip712 from "./js/eip712.js";
import { canonical, canonicalize } from "./js/jcs.js";
import * as tree from "./js/tree.js";

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url)));
const cases = read("./cases.json");
const skip = process.env.VECTORS ? false : "public vectors are not on this machine";

test("RFC 8785 vectors", { skip }, () => {
  const vectors = Object.values(read("./jcs-rfc8785.json"));
  assert.equal(vectors.length, 6);
  for (const { input, output } of vectors) assert.equal(canonicalize(JSON.parse(input)), output);
});

test("canonical bytes are Python's", () => {
  for (const { value, bytes } of cases.canonical) assert.equal(hex(canonical(value)), bytes);
});

test("what the profile forbids is refused", () => {
  for (const value of [1.5, 2 ** 53, -0, NaN, Infinity, { ключ: 1 }, "\ud800", ["\udc00x"], undefined, new Date(), 1n]) {
    assert.throws(() => canonical(value), { name: "Refused" }, String(value));
  }
  assert.equal(hex(canonical("𠮷")), hex(utf8('"𠮷"')));
});

test("keys sort by UTF-16 unit, not by code point", () => {
  assert.equal(canonicalize({ "\ufb33": 1, "\ud83d\ude02": 2 }), '{"\ud83d\ude02":2,"\ufb33":1}');
});

test("EIP-712 preimages and digests are Python's", () => {
  assert.equal(hex(eip712.separator(cases.domain)), cases.separator);
  for (const { type, message, preimage, digest } of cases.statements) {
    assert.equal(hex(eip712.preimage(cases.domain, type, message)), preimage);
    assert.equal(hex(eip712.digest(cases.domain, type, message)), digest);
  }
});

test("EIP-712 refuses values that do not fit their type", () => {
  const { message } = cases.statements[0];
  for (const change of [{ role: 256 }, { version: -1 }, { expiry: 1.5 }, { prev: "0x00" }, { commitment: undefined }, { role: "2" }]) {
    assert.throws(() => eip712.preimage(cases.domain, "Consent", { ...message, ...change }), { name: "Refused" });
  }
  assert.throws(() => eip712.preimage(cases.domain, "Consent", { ...message, extra: 1 }), { name: "Refused" });
  assert.throws(() => eip712.preimage(cases.domain, "Permit", message), { name: "Refused" });
  assert.throws(() => eip712.separator({ ...cases.domain, verifyingContract: "0x12" }), { name: "Refused" });
});

test("the commitment opens as Python made it", async () => {
  assert.equal(hex(await commitmentOf(cases.opening)), cases.commitment);
  const base = unhex(cases.opening.base_pdf_sha256);
  await checkOpening(cases.opening, unhex(cases.commitment), base);
  const refused = (opening, commitment = unhex(cases.commitment), digest = base) =>
    assert.rejects(checkOpening(opening, commitment, digest), { name: "Refused" });
  await refused({ ...cases.opening, version: 4 });
  await refused({ ...cases.opening, salt: "44" });
  await refused({ ...cases.opening, more: 1 });
  await refused(cases.opening, new Uint8Array(32));
  await refused(cases.opening, unhex(cases.commitment), new Uint8Array(32));
});

test("the consent is rebuilt from the opening, for this installation only", async () => {
  const spki = unbase64(cases.spki);
  const given = { domain: cases.domain, opening: cases.opening, spki, expiry: cases.expiry, test: true };
  assert.equal(hex(await consentPreimage(given)), cases.statements[0].preimage);
  const refused = (change) => assert.rejects(consentPreimage({ ...given, ...change }), { name: "Refused" });
  await refused({ domain: { ...cases.domain, salt: "0x" + "00".repeat(32) } });
  await refused({ test: false });
  await refused({ domain: { ...cases.domain, name: "Concord TEST 2" } });
  await refused({ opening: { ...cases.opening, log_origin: "other.example/log" } });
});

test("clause tree: leaves, root and paths are Python's", async () => {
  const leaves = await Promise.all(cases.leaves.map((data) => tree.leafHash(unhex(data))));
  const root = unhex(cases.root);
  assert.equal(hex(await tree.root(leaves)), cases.root);
  for (const [n, path] of cases.paths.entries()) {
    const proof = path.map((node) => unhex(node));
    assert.equal(await tree.verifyInclusion(leaves[n], n, leaves.length, proof, root), true);
    assert.equal(await tree.verifyInclusion(leaves[n], (n + 1) % 7, leaves.length, proof, root), false);
    assert.equal(await tree.verifyInclusion(leaves[n], n, leaves.length, [...proof, root], root), false);
  }
});

test("RFC 9162 inclusion vectors", { skip }, async () => {
  const vectors = Object.entries(read("./rfc6962-inclusion.json"));
  assert.equal(vectors.length, 98);
  for (const [name, v] of vectors) {
    const proof = (v.proof ?? []).map((node) => unbase64(node));
    const found = await tree.verifyInclusion(unbase64(v.leafHash), BigInt(v.leafIdx), BigInt(v.treeSize), proof, unbase64(v.root));
    assert.equal(found, !v.wantErr, name);
  }
});

test("RFC 9162 consistency vectors", { skip }, async () => {
  const vectors = Object.entries(read("./rfc6962-consistency.json"));
  assert.equal(vectors.length, 98);
  for (const [name, v] of vectors) {
    const proof = (v.proof ?? []).map((node) => unbase64(node));
    const found = await tree.verifyConsistency(v.size1, unbase64(v.root1 ?? ""), v.size2, unbase64(v.root2 ?? ""), proof);
    assert.equal(found, !v.wantErr, name);
  }
});

test("the empty tree is consistent with itself only", async () => {
  const empty = await tree.root([]);
  const other = await tree.leafHash(utf8("x"));
  assert.equal(await tree.verifyConsistency(0, empty, 0, empty, []), true);
  assert.equal(await tree.verifyConsistency(0, other, 0, other, []), false);
  assert.equal(await tree.verifyConsistency(0, empty, 1, other, []), false);
  assert.equal(await tree.verifyInclusion(other, 0, 0, [], empty), false);
});
