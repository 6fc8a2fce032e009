// The page's own modules: texts in both languages, requests with their keys, and the release it was served from.
import assert from "node:assert/strict";
import test from "node:test";

import { Api, Offline, Problem } from "./api.js";
import { pageRelease } from "./signing.js";
import { TEXTS } from "./texts.js";

test("every text has Chinese and English with the same fields", () => {
  const fields = (text) => [...text.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
  for (const [key, pair] of Object.entries(TEXTS)) {
    assert.equal(pair.length, 2, key);
    assert.match(pair[0], /[\u4e00-\u9fff]/, key);
    assert.doesNotMatch(pair[1], /[\u4e00-\u9fff]/, key);
    assert.deepEqual(fields(pair[0]), fields(pair[1]), key);
  }
});

test("the release is the folder of the page's address", () => {
  const digest = "ab".repeat(32);
  assert.equal(pageRelease(`https://example.test/signing-page/${digest}/signing.js`), digest);
  for (const address of ["https://example.test/static/signing.js", "https://example.test/signing-page/abc/signing.js"]) {
    assert.throws(() => pageRelease(address), { name: "Refused" });
  }
});

const answer = (status, body) => ({ ok: status < 400, status, json: async () => body });

test("a request is repeated under the same key while the network is down", async () => {
  const seen = [];
  const fetch = async (path, options) => {
    seen.push(options.headers["idempotency-key"]);
    if (seen.length < 3) throw new TypeError("network");
    return answer(200, { done: true });
  };
  const api = new Api("csrf", { fetch, pause: async () => {} });
  assert.deepEqual(await api.post("/x", { a: 1 }), { done: true });
  assert.equal(seen.length, 3);
  assert.equal(new Set(seen).size, 1);
  assert.match(seen[0], /^[0-9a-f]{32}$/);
  await api.post("/x", {});
  assert.notEqual(seen.at(-1), seen[0]);
});

test("when the network stays down, that is said", async () => {
  const api = new Api("csrf", { fetch: async () => { throw new TypeError("network"); }, pause: async () => {} });
  await assert.rejects(api.get("/x"), Offline);
});

test("a refusal carries the platform's code and words, and is not repeated", async () => {
  let calls = 0;
  const fetch = async () => {
    calls += 1;
    return answer(409, { code: "signing.closed", detail_zh: "已撤回", detail_en: "withdrawn" });
  };
  const api = new Api("csrf", { fetch, pause: async () => {} });
  await assert.rejects(api.post("/x"), (error) => error instanceof Problem && error.code === "signing.closed" && error.detail("zh") === "已撤回" && error.detail("en") === "withdrawn");
  assert.equal(calls, 1);
});
