// What stands between the server and the worker's key: DER, PDF digest, the three inputs, the passkey's fall-back.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";

import { base64, base64url, concat, hex, sha256, unbase64, unbase64url, unhex, utf8 } from "./js/bytes.js";
import * as der from "./js/der.js";
import { WorkerKey, lowS } from "./js/key.js";
import { challengeOf, mayHavePasskey, tryPasskey } from "./js/passkey.js";
import { checkBasePrefix, documentDigest } from "./js/pdf.js";

const cases = JSON.parse(readFileSync(new URL("./cases.json", import.meta.url)));
const spki = unbase64(cases.spki);
const otherSpki = unbase64(cases.other_spki);
const info = unbase64(cases.request_info);
const attributes = unbase64(cases.attributes);
const certificate = unbase64(cases.certificate);
const digest = unhex(cases.document_digest);
const refused = { name: "Refused" };

test("encodings refuse what is not theirs", () => {
  assert.equal(hex(unbase64(base64(digest))), hex(digest));
  assert.equal(hex(unbase64url(base64url(digest))), hex(digest));
  for (const text of ["a", "a===", "äöüa", "ab c", 5, null]) assert.throws(() => unbase64(text), refused);
  for (const text of ["0", "zz", "0xABCD", 7]) assert.throws(() => unhex(text), refused);
  assert.throws(() => unhex("00", 32), refused);
});

test("server's certificate request is read as Python wrote it", () => {
  der.checkRequestInfo(info, spki);
  assert.throws(() => der.checkRequestInfo(info, otherSpki), /other_key/);
});

test("signed attributes are read as Python wrote them", async () => {
  await der.checkAttributes(attributes, digest, certificate);
  der.checkCertificate(certificate, spki);
  assert.throws(() => der.checkCertificate(certificate, otherSpki), /other_key/);
  await assert.rejects(der.checkAttributes(attributes, new Uint8Array(32), certificate), /other_document/);
  await assert.rejects(der.checkAttributes(attributes, digest, concat(certificate, Uint8Array.of(0))), /other_certificate/);
});

test("no changed byte of request or attributes passes unnoticed where it matters", async () => {
  const key = hex(spki);
  for (let i = 0; i < info.length; i++) {
    const changed = Uint8Array.from(info);
    changed[i] ^= 1;
    let passed = true;
    try { der.checkRequestInfo(changed, spki); } catch (error) { passed = false; assert.equal(error.name, "Refused"); }
    if (passed) assert.ok(hex(changed).includes(key), `byte ${i}`);
  }
  const bound = [hex(digest), hex(await sha256(certificate))];
  for (let i = 0; i < attributes.length; i++) {
    const changed = Uint8Array.from(attributes);
    changed[i] ^= 1;
    let passed = true;
    try { await der.checkAttributes(changed, digest, certificate); } catch (error) { passed = false; assert.equal(error.name, "Refused"); }
    if (passed) for (const value of bound) assert.ok(hex(changed).includes(value), `byte ${i}`);
  }
});

test("DER is strict", () => {
  for (const bad of ["", "30", "3081", "308000", "30810100", "3082000100", "300201", "1f0100", "3000aa", "3084000000010000"]) {
    assert.throws(() => der.single(unhex(bad), 0x30), refused, bad);
  }
  assert.equal(der.children(der.single(unhex("3006020100020101"), 0x30)).length, 2);
  assert.throws(() => der.checkSpki(spki.subarray(0, 90)), refused);
});

test("attributes out of order, twice or with two values are refused", () => {
  const attribute = (id, value) => `300906032a03${id}3102${value}`;
  const set = (...parts) => unhex("31" + (parts.join("").length / 2).toString(16).padStart(2, "0") + parts.join(""));
  assert.equal(der.readAttributes(set(attribute("04", "0500"), attribute("05", "0500"))).size, 2);
  assert.throws(() => der.readAttributes(set(attribute("05", "0500"), attribute("04", "0500"))), /order/);
  assert.throws(() => der.readAttributes(set(attribute("04", "0500"), attribute("04", "0500"))), refused);
  assert.throws(() => der.readAttributes(set("300b06032a0304310405000500")), refused);
});

const prepared = (gap = "<0000>", rest = "tail", text) => {
  const head = "%PDF-1.7 base\nrevision /ByteRange ";
  const range = (start, end, tail) => `[0 ${String(start).padStart(4, "0")} ${String(end).padStart(4, "0")} ${String(tail).padStart(4, "0")}]/Contents `;
  const start = head.length + range(0, 0, 0).length;
  return utf8(text ?? head + range(start, start + gap.length, rest.length) + gap + rest);
};

test("the document digest leaves out the placeholder only", async () => {
  const pdf = prepared();
  const found = await documentDigest(pdf);
  assert.equal(new TextDecoder().decode(pdf.subarray(found.start, found.end)), "<0000>");
  const again = await documentDigest(prepared("<0000>", "tale"));
  assert.notEqual(hex(found.digest), hex(again.digest));
  for (const gap of ["<0010>", "(0000)", "<>", "<00 0>"]) await assert.rejects(documentDigest(prepared(gap)), refused, gap);
  await assert.rejects(documentDigest(utf8("%PDF no field")), refused);
  await assert.rejects(documentDigest(concat(pdf, utf8("x"))), refused);
  await assert.rejects(documentDigest(prepared("<0000>", "t", "/ByteRange [1 2 3 4]")), refused);
  await assert.rejects(documentDigest(prepared("<0000>", "t", "/ByteRange [0 2 1 99]")), refused);
});

test("the base document is the head of the file, before the placeholder", async () => {
  const pdf = prepared();
  const { start } = await documentDigest(pdf);
  const base = hex(await sha256(pdf.subarray(0, 14)));
  assert.equal(hex(await checkBasePrefix(pdf, 14, base, start)), base);
  await assert.rejects(checkBasePrefix(pdf, 13, base, start), refused);
  for (const length of [0, -1, 1.5, pdf.length + 1, start + 1]) await assert.rejects(checkBasePrefix(pdf, length, base, start), refused);
});

// a request, attributes and certificate for a key that is born in the test: Python's bytes with the key exchanged
const withKey = (bytes, key) => {
  const at = hex(bytes).indexOf(cases_spki_hex) / 2;
  return concat(bytes.subarray(0, at), key, bytes.subarray(at + 91));
};
const cases_spki_hex = hex(spki);
const attributesFor = async (own) => {
  const old = hex(await sha256(certificate));
  const text = hex(attributes);
  assert.ok(text.includes(old));
  return unhex(text.replace(old, hex(await sha256(own))));
};

test("the key signs three inputs, once each, with low s", async () => {
  const key = await WorkerKey.create();
  const own = withKey(certificate, key.spki);
  const signed = await attributesFor(own);
  const preimage = concat(Uint8Array.of(0x19, 1), new Uint8Array(64));
  const inputs = [withKey(info, key.spki), signed, preimage];
  const signatures = [await key.signRequest(inputs[0]), await key.signAttributes(signed, digest, own), await key.signConsent(preimage)];
  const verifying = await crypto.subtle.importKey("spki", key.spki, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  for (const [i, signature] of signatures.entries()) {
    assert.equal(signature.length, 64);
    assert.deepEqual(lowS(signature), signature);
    assert.ok(await crypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, verifying, signature, inputs[i]));
  }
  await assert.rejects(key.signConsent(preimage), /signed_before/);
  assert.equal(key.alive, false);
});

test("s is always brought into the lower half", async () => {
  const key = await WorkerKey.create();
  const order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
  const high = concat(new Uint8Array(32).fill(1), unhex((order - 5n).toString(16).padStart(64, "0")));
  assert.equal(hex(lowS(high).subarray(32)), "5".padStart(64, "0"));
  assert.throws(() => lowS(high.subarray(1)), refused);
  assert.ok(key.alive);
});

test("every first byte but its own is refused and drops the key", async () => {
  for (let first = 0; first < 256; first++) {
    for (const [method, own] of [["signRequest", 0x30], ["signAttributes", 0x31], ["signConsent", 0x19]]) {
      if (first === own) continue;
      if (first % 16 !== 0 && ![0x19, 0x30, 0x31].includes(first)) continue;
      const key = await WorkerKey.create();
      await assert.rejects(key[method](Uint8Array.of(first, 1, 0), digest, certificate), /input_refused/);
      assert.equal(key.alive, false);
      await assert.rejects(key.signRequest(withKey(info, key.spki)), /dropped/);
    }
  }
});

test("a failed check drops the key: another key, another document, another certificate, a short preimage", async () => {
  const attempts = [
    (key) => key.signRequest(info),
    async (key) => key.signAttributes(await attributesFor(withKey(certificate, key.spki)), new Uint8Array(32), withKey(certificate, key.spki)),
    (key) => key.signAttributes(attributes, digest, withKey(certificate, key.spki)),
    (key) => key.signAttributes(attributes, digest, certificate),
    (key) => key.signConsent(concat(Uint8Array.of(0x19, 1), new Uint8Array(63))),
    (key) => key.signConsent(concat(Uint8Array.of(0x19, 0x45), new Uint8Array(64))),
    (key) => key.signConsent("\u0019\u0001"),
  ];
  for (const attempt of attempts) {
    const key = await WorkerKey.create();
    await assert.rejects(async () => attempt(key), refused);
    assert.equal(key.alive, false);
  }
});

test("the private key cannot be taken out", async () => {
  const key = await WorkerKey.create();
  assert.ok(!JSON.stringify(key).includes("private"));
  assert.equal(Object.keys(key).includes("private"), false);
});

test("passkey: an assertion comes back as JSON, a silent web view falls back, an error falls back", async () => {
  const buffer = (text) => utf8(text).buffer;
  const credential = {
    id: "abc", rawId: buffer("raw"), type: "public-key",
    response: { authenticatorData: buffer("auth"), clientDataJSON: buffer("{}"), signature: buffer("sig"), userHandle: null },
  };
  let asked;
  const give = { get: async (options) => { asked = options; return credential; } };
  const common = { rpId: "localhost", credentialIds: ["AQID"], challenge: new Uint8Array(32) };
  const given = await tryPasskey({ ...common, credentials: give });
  assert.equal(given.assertion.response.signature, base64url(utf8("sig")));
  assert.equal(asked.publicKey.userVerification, "required");
  assert.deepEqual([...asked.publicKey.allowCredentials[0].id], [1, 2, 3]);
  let signal;
  const silent = { get: (options) => { signal = options.signal; return new Promise(() => {}); } };
  assert.deepEqual(await tryPasskey({ ...common, credentials: silent, timeout: 30 }), { reason: "timeout" });
  assert.ok(signal.aborted);
  const error = { get: async () => { throw Object.assign(new Error("x"), { name: "NotAllowedError" }); } };
  assert.deepEqual(await tryPasskey({ ...common, credentials: error }), { reason: "NotAllowedError" });
  assert.deepEqual(await tryPasskey({ ...common, credentials: { get: async () => null } }), { reason: "none" });
});

test("passkey is not tried in WeChat, without the interface or in an insecure context", () => {
  const scope = (agent, more = {}) => ({ isSecureContext: true, PublicKeyCredential: class {}, navigator: { userAgent: agent, credentials: { get() {} } }, ...more });
  assert.equal(mayHavePasskey(scope("Chrome")), true);
  assert.equal(mayHavePasskey(scope("Mozilla MicroMessenger/8.0")), false);
  assert.equal(mayHavePasskey(scope("Chrome", { isSecureContext: false })), false);
  assert.equal(mayHavePasskey(scope("Chrome", { PublicKeyCredential: undefined })), false);
});

test("the passkey's challenge binds consent, key and nonce", async () => {
  const preimage = unhex(cases.statements[0].preimage);
  const nonce = new Uint8Array(32).fill(9);
  const found = hex(await challengeOf(preimage, spki, nonce));
  const expected = hex(await sha256(concat(utf8("concord-wa-v1"), unhex(cases.statements[0].digest), await sha256(spki), nonce)));
  assert.equal(found, expected);
});
