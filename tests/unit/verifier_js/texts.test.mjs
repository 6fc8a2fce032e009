// JSON, shapes, ZIP, notes, policies: what is read, and what is refused without a hang.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import test from "node:test";

import { base64, concat, hex, unbase64, unhex, utf8 } from "../../../chain/verifier_js/src/bytes.js";
import { coseKey, skipCbor } from "../../../chain/verifier_js/src/cbor.js";
import { Unexpected } from "../../../chain/verifier_js/src/cms_der.js";
import { checkDer } from "../../../chain/verifier_js/src/der.js";
import { canonical, parseCanonical, parseLoose } from "../../../chain/verifier_js/src/json.js";
import { parseCheckpoint, parseNote, parseHead, parseVkey, splitHeads } from "../../../chain/verifier_js/src/notes.js";
import { allOf, anyOf, atLeastLevel, defaultPolicy, noStepFailed, requireStep, witnessesAtLeast } from "../../../chain/verifier_js/src/policy.js";
import * as s from "../../../chain/verifier_js/src/shapes.js";
import { parseTrustRoot } from "../../../chain/verifier_js/src/trust_root.js";
import { crc32, goodName, readPackage } from "../../../chain/verifier_js/src/zip.js";

const folder = process.env.VECTORS;
const skip = folder && existsSync(folder) ? false : "public vectors are not on this machine";
const malformed = { name: "Malformed" };

test("RFC 8785: of the public vectors, those within the profile come out the same", { skip }, () => {
  const vectors = Object.entries(JSON.parse(readFileSync(`${folder}/jcs-rfc8785.json`)));
  let inside = 0;
  for (const [name, { input, output }] of vectors) {
    const value = JSON.parse(input);
    let made = null;
    try {
      made = canonical(value);
    } catch (error) {
      assert.equal(error.name, "Malformed", name); // floats and keys that are not ASCII
    }
    if (made !== null) assert.equal(hex(made), hex(utf8(output)), name);
    inside += made !== null;
  }
  assert.ok(inside >= 2, String(inside));
});

test("only canonical bytes are read", () => {
  assert.deepEqual(parseCanonical(utf8('{"a":[1,null,"\u4e00"],"b":{}}')), { a: [1, null, "一"], b: {} });
  const bad = [
    '{"b":1,"a":2}', '{"a":1,"a":1}', '{"a": 1}', '{"a":1.0}', '{"a":1e2}', '{"a":-0}', '{"a":9007199254740992}', '{"a":1.5}',
    '"\\ud800"', '"\\u0041"', '"\\/"', "\ufeff{}", "[1,]", "{'a':1}", "01", "nul", "", "{}{}", "[1e21]", '{"é":1}', "NaN",
  ];
  for (const text of bad) assert.throws(() => parseCanonical(utf8(text)), malformed, text);
  assert.throws(() => parseCanonical(Uint8Array.of(0x22, 0xff, 0x22)), malformed);
});

test("nesting is bounded before anything recurses", () => {
  const nested = (levels) => utf8("[".repeat(levels) + "]".repeat(levels));
  assert.ok(parseCanonical(nested(65)));
  assert.throws(() => parseCanonical(nested(66)), malformed);
  assert.throws(() => parseCanonical(nested(500_000), 8_000_000), malformed);
  assert.throws(() => parseLoose(utf8("[".repeat(900_000))), malformed);
  assert.ok(parseCanonical(utf8(`["${"[".repeat(100)}"]`))); // brackets inside a text are no levels
});

test("__proto__ is a key like any other", () => {
  const value = parseCanonical(utf8('{"__proto__":{"v":1}}'));
  assert.throws(() => s.members({ v: s.constant(1) })(value, ""), { name: "ShapeError" });
  assert.equal({}.v, undefined);
});

test("base64 and hexadecimal have one spelling", () => {
  assert.equal(hex(unbase64("AAE=")), "0001");
  for (const bad of ["AAE", "AAF=", "AA E=", "AAE=\n", "AA-_", "=AAE", "AAE==="]) assert.throws(() => unbase64(bad), malformed, bad);
  for (const bad of ["0", "0G", "AB", "0x00"]) assert.throws(() => unhex(bad), malformed, bad);
});

test("times are in the calendar", () => {
  assert.equal(s.parseUtc("2026-02-28T23:59:59.999Z"), Date.UTC(2026, 1, 28, 23, 59, 59, 999));
  assert.equal(s.parseUtc("0001-01-01T00:00:00.000Z"), new Date("0001-01-01T00:00:00.000Z").getTime());
  assert.ok(s.parseUtc("2024-02-29T00:00:00.000Z"));
  for (const bad of ["2026-02-29T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-01-01T24:00:00.000Z", "0000-01-01T00:00:00.000Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000Z\n", "2026-01-00T00:00:00.000Z", "２026-01-01T00:00:00.000Z"]) {
    assert.equal(s.parseUtc(bad), null, bad);
  }
});

test("texts are counted in characters", () => {
  s.text(2)("𠮷𠮷", "");
  assert.throws(() => s.text(2)("𠮷𠮷𠮷", ""), { name: "ShapeError" });
  assert.throws(() => s.text(2)("abc", ""), { name: "ShapeError" });
});

test("addresses need their checksum", () => {
  s.address("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "");
  for (const bad of ["0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed", "5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD", 1, null]) {
    assert.throws(() => s.address(bad, ""), { name: "ShapeError" });
  }
});

/** A package of the profile, written independently of the reader. */
function pack(entries) {
  const [local, central] = [[], []];
  let offset = 0;
  const le = (value, size) => Uint8Array.from({ length: size }, (_, i) => (value / 256 ** i) & 255);
  for (const [name, content] of entries) {
    const crc = crc32(content);
    const common = [le(10, 2), le(0, 6), le(0x21, 2), le(crc, 4), le(content.length, 4), le(content.length, 4), le(name.length, 2), le(0, 2)];
    const head = concat(le(0x04034b50, 4), ...common, utf8(name), content);
    central.push(concat(le(0x02014b50, 4), le(10, 2), ...common, le(0, 10), le(offset, 4), utf8(name)));
    local.push(head);
    offset += head.length;
  }
  const directory = concat(...central);
  const end = concat(le(0x06054b50, 4), le(0, 4), le(entries.length, 2), le(entries.length, 2), le(directory.length, 4), le(offset, 4), le(0, 2));
  return concat(...local, directory, end);
}

test("ZIP: the profile is read, every single flipped bit is refused", () => {
  const data = pack([["manifest.json", utf8("{}")], ["manifest.sig", utf8("s")], ["a/b.txt", utf8("hello")]]);
  assert.deepEqual([...readPackage(data).keys()], ["manifest.json", "manifest.sig", "a/b.txt"]);
  for (let bit = 0; bit < data.length * 8; bit++) {
    const changed = data.slice();
    changed[bit >> 3] ^= 1 << (bit & 7);
    assert.throws(() => readPackage(changed), malformed, `bit ${bit}`);
  }
  for (let cut = 0; cut < data.length; cut++) assert.throws(() => readPackage(data.subarray(0, cut)), malformed, `cut ${cut}`);
  assert.throws(() => readPackage(concat(data, Uint8Array.of(0))), malformed);
  assert.throws(() => readPackage(concat(Uint8Array.of(0), data)), malformed);
});

test("ZIP: order, doubles and names", () => {
  const one = utf8("1");
  assert.throws(() => readPackage(pack([["b", one], ["a", one]])), malformed);
  assert.throws(() => readPackage(pack([["a", one], ["a", one]])), malformed);
  assert.throws(() => readPackage(pack([["a", one], ["manifest.json", one]])), malformed);
  assert.throws(() => readPackage(pack([])), malformed);
  assert.ok(readPackage(pack([["a", one]])));
  for (const bad of ["A", "a/", "/a", "a//b", "a..b", ".a", "a b", "", "a".repeat(101), "a/../b", "a\n"]) assert.equal(goodName(bad), false, bad);
});

const LINE = "\u2014 log.example AAAAAAA=";

test("notes: strict reading", () => {
  const note = (text) => parseNote(utf8(text));
  assert.equal(note(`a\nb\n\n${LINE}\n`).signatures[0].name, "log.example");
  for (const bad of [`a\n\n${LINE}`, "a\n\n", `a\n${LINE}\n`, `a\r\n\n${LINE}\n`, `a\n\n${LINE}\n${LINE}\n`, `a\n\n— log+x AAAAAAA=\n`, `a\n\n- log AAAAAAA=\n`, `a\n\n— log AAAA\n`, `a\n\n— log  AAAAAAA=\n`]) {
    assert.throws(() => note(bad), malformed, bad);
  }
  assert.throws(() => parseNote(utf8(`${"a".repeat(70_000)}\n\n${LINE}\n`)), malformed);
  assert.throws(() => parseVkey("x", 1), malformed);
});

test("checkpoints and proofs: strict reading", () => {
  const root = base64(new Uint8Array(32));
  assert.equal(parseCheckpoint(utf8(`log\n9223372036854775807\n${root}\nmore\n`)).size, 2n ** 63n - 1n);
  for (const bad of [`log\n01\n${root}\n`, `log\n9223372036854775808\n${root}\n`, `log\n1\nAAAA\n`, `log\n1\n${root}`, `lo g\n1\n${root}\n`, `log\n1\n${root}\n\n`, `log\n-1\n${root}\n`]) {
    assert.throws(() => parseCheckpoint(utf8(bad)), malformed, bad);
  }
  const proof = (head) => {
    const [first, ...others] = splitHeads(utf8(`c2sp.org/tlog-proof@v1\n${head}\n`));
    assert.deepEqual(others, []);
    return parseHead(first);
  };
  assert.deepEqual(splitHeads(utf8("")), []);
  assert.equal(splitHeads(utf8("a\nb\n\nc\n\n")).length, 2);
  assert.equal(splitHeads(utf8("\n".repeat(5_000_000))).length, 1001);
  for (const bad of ["a", "a\n", "a\n\nb\n"]) assert.throws(() => splitHeads(utf8(bad)), malformed, bad);
  assert.equal(proof(`index 7\n${root}\n`).path.length, 1);
  assert.equal(proof(`extra abc\nindex 7\n${root}\n`).index, 7n);
  assert.equal(proof(`extra ${"a".repeat(100_000)}\nindex 7\n${`${root}\n`.repeat(64)}`).path.length, 64);
  assert.throws(() => proof(`index 7\n${`${root}\n`.repeat(100_000)}`), malformed);
  for (const bad of ["", "index 07\n", `index 7\nAAAA\n`, `${root}\n`, `index 7\n${`${root}\n`.repeat(65)}`, "index 12345678901234567\n", "extra a\n"]) {
    assert.throws(() => proof(bad), malformed, bad);
  }
});

test("CBOR: COSE keys, and lengths that lie", () => {
  const key = concat(unhex("a5010203262001215820"), new Uint8Array(32).fill(1), unhex("225820"), new Uint8Array(32).fill(2));
  assert.equal(coseKey(key).length, 91);
  assert.throws(() => coseKey(concat(key, Uint8Array.of(0))), malformed);
  assert.throws(() => coseKey(concat(Uint8Array.of(4), new Uint8Array(64))), malformed);
  for (const bad of ["bfff", "9affffffff", "baffffffff00", "5affffffff", "81".repeat(9), "c0".repeat(50_000), "1b0000000000000000"]) {
    assert.throws(() => skipCbor(unhex(bad), 0), malformed, bad.slice(0, 20));
  }
});

test("DER by its lengths: the vectors of the first verifier, depth and number of values", () => {
  const vectors = JSON.parse(readFileSync(new URL("../../golden/der-lengths.json", import.meta.url)));
  for (const text of Object.values(vectors.der)) checkDer(unhex(text));
  for (const [name, text] of Object.entries(vectors.other)) assert.throws(() => checkDer(unhex(text)), Unexpected, name);
  let nested = new Uint8Array();
  for (let i = 0; i < 40; i++) nested = concat(Uint8Array.of(0x30, nested.length), nested);
  checkDer(nested);
  assert.throws(() => checkDer(concat(Uint8Array.of(0x30, nested.length), nested)), Unexpected);
  const many = new Uint8Array(40_000).map((_, place) => (place % 2 ? 0 : 5));
  checkDer(concat(Uint8Array.of(0x30, 0x82, 39_998 >> 8, 39_998 & 255), many.subarray(2)));
  assert.throws(() => checkDer(concat(Uint8Array.of(0x30, 0x82, 40_000 >> 8, 40_000 & 255), many)), Unexpected);
});

test("trust roots: anything amiss is refused with a reason", async () => {
  for (const text of ["", "{}", "[]", '{"v":1}', "not json"]) await assert.rejects(parseTrustRoot(utf8(text)), malformed, text);
});

test("policies compose, and nothing passes by omission", () => {
  const steps = (outcomes) => new Map(Object.entries(outcomes).map(([no, outcome]) => [Number(no), { outcome, facts: { level: 2, valid: 2 } }]));
  const good = steps({ 1: "passed", 8: "passed", 15: "passed" });
  assert.equal(allOf()(good), "failed");
  assert.equal(anyOf()(good), "failed");
  assert.equal(noStepFailed()(new Map()), "failed");
  assert.equal(allOf(noStepFailed(), requireStep(1))(good), "passed");
  assert.equal(requireStep(2)(good), "indeterminate");
  assert.equal(anyOf(requireStep(2), requireStep(1))(good), "passed");
  assert.equal(atLeastLevel(3)(good), "failed");
  assert.equal(witnessesAtLeast(3)(good), "indeterminate");
  assert.equal(allOf(noStepFailed())(steps({ 1: "passed", 17: "failed" })), "failed");
  const root = { value: { witness_threshold: 1, page_release_keys: [] } };
  const all = Object.fromEntries([1, 2, 3, 13, 14, 16].map((no) => [no, "passed"]));
  assert.equal(defaultPolicy("supervision", root)(steps(all)), "indeterminate");
  assert.equal(defaultPolicy("supervision", root)(steps({ ...all, 15: "passed" })), "passed");
});
