// Shapes of light proofs: the golden ones fit, and everything that the specification forbids does not.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import test from "node:test";
import { gunzipSync } from "node:zlib";

import { figureShape, recordShape } from "../../../chain/verifier_js/src/light_shape.js";

const cases = JSON.parse(gunzipSync(readFileSync(new URL("../../golden/light/cases.json.gz", import.meta.url))));
const proofOf = (fits) => cases.find(({ outcome, proof }) => outcome === "passed" && fits(proof)).proof;
const record = proofOf(({ result }) => result);
const figure = proofOf(({ conclusion, state }) => !conclusion && state.slots[0].value !== null);
const absence = proofOf(({ conclusion, state }) => !conclusion && state.slots[0].value === null);

const refused = (shape, proof, change) => {
  const copy = structuredClone(proof);
  change(copy);
  assert.throws(() => shape(copy, ""), { name: "ShapeError" }, String(change));
};

test("golden proofs have the shape", () => {
  recordShape(record, "");
  recordShape({ ...record, result: null }, "");
  figureShape(figure, "");
  figureShape(absence, "");
  assert.throws(() => figureShape(record, ""), { name: "ShapeError" });
});

test("what belongs together comes together", () => {
  for (const change of [
    (proof) => (proof.light.trail[0].commit = proof.light.trail[1].commit),
    (proof) => (proof.light.trail[1].commit = null),
    (proof) => proof.light.trail[1].commit.signatures.pop(),
    (proof) => proof.light.trail[1].commit.signatures.push(null),
    (proof) => (proof.light.trail[1].validators[1].key = proof.light.trail[1].validators[0].key),
    (proof) => proof.light.trail.splice(1),
    (proof) => (proof.light.trail = Array(33).fill(proof.light.trail[0])),
    (proof) => proof.state.slots.push(proof.state.slots[0]),
    (proof) => proof.state.slots.pop(),
    (proof) => (proof.state.slots[0].value = null),
    (proof) => (proof.light.token = ""),
    (proof) => (proof.light.chain_id = "a b"),
  ]) {
    refused(figureShape, figure, change);
  }
  refused(figureShape, absence, (proof) => (proof.state.slots[0].value = "00".repeat(32)));
  refused(figureShape, absence, (proof) => (proof.state.slots[0].proof = { left: null, right: null }));
  refused(recordShape, record, (proof) => (proof.result.index = proof.result.total));
});

test("numbers stay within their bounds, members are neither missing nor more", () => {
  const bounds = [
    [(proof) => proof.light.trail[1].header.version, 0, -1],
    [(proof) => proof.light.trail[1].header, "height", 0],
    [(proof) => proof.light.trail[1].header.time, 1, 1_000_000_000],
    [(proof) => proof.light.trail[1].header.time, 0, 253402300800],
    [(proof) => proof.light.trail[1].header.last_block, "total", 0],
    [(proof) => proof.light.trail[1].header, "proposer", "AB".repeat(20)],
    [(proof) => proof.light.trail[1].validators[0], "power", 0],
    [(proof) => proof.light.trail[1].validators[0], "power", 10 ** 12 + 1],
    [(proof) => proof.light.trail[1].commit, "round", 2 ** 31],
    [(proof) => proof.light.trail[1].commit, "total", 2 ** 32],
    [(proof) => proof.result, "code", 2 ** 32],
    [(proof) => proof.result, "gas_used", -1],
    [(proof) => proof.conclusion, "version", 0],
    [(proof) => proof.state, "address", "0x00"],
  ];
  for (const [place, name, value] of bounds) {
    refused(recordShape, record, (proof) => (place(proof)[name] = value));
    refused(recordShape, record, (proof) => (place(proof)[name] = null) || (place(proof).more = 1));
  }
  for (const place of [(p) => p, (p) => p.light, (p) => p.state, (p) => p.result, (p) => p.conclusion, (p) => p.light.trail[1].header]) {
    for (const name of Object.keys(place(record))) refused(recordShape, record, (proof) => delete place(proof)[name]);
    refused(recordShape, record, (proof) => (place(proof).more = 1));
  }
});
