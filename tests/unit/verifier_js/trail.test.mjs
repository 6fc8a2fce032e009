// The light client's rules at their borders: quorum, overlap, order, announced sets. Signatures by @noble/curves.
import assert from "node:assert/strict";
import test from "node:test";

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha256Sync, utf8 } from "../../../chain/verifier_js/src/bytes.js";
import { precommitBytes, validatorsHash } from "../../../chain/verifier_js/src/comet.js";
import { checkTrail, checkTrust, powerOf } from "../../../chain/verifier_js/src/trail.js";

const CHAIN = "trail-1";
const secretOf = (name) => sha256Sync(utf8(`trail ${name}`));

/** A set from {name: power}. */
const setOf = (powers) =>
  Object.entries(powers).map(([name, power]) => ({ key: ed25519.getPublicKey(secretOf(name)), power, name }));

/** A block as the verifier reads it; `signers` are names. */
function block({ height, time = BigInt(height) * 10n, powers, next = powers, signers = [], round = 0 }) {
  const validators = setOf(powers);
  const hash = sha256Sync(utf8(`block ${height}`));
  const id = { hash, parts: { total: 1, hash: sha256Sync(utf8("parts")) } };
  const signatures = validators.map(({ name }, i) => {
    if (!signers.includes(name)) return null;
    const at = { seconds: 1000 + height, nanos: i };
    const message = precommitBytes({ chainId: CHAIN, height, round, block: id, time: at });
    return { time: at, signature: ed25519.sign(message, secretOf(name)) };
  });
  const hashes = { validators_hash: validatorsHash(validators), next_validators_hash: validatorsHash(setOf(next)) };
  return { height, time, hash, hashes, validators, round, id, signatures };
}

const FOUR = { a: 1, b: 1, c: 1, d: 1 };
const first = block({ height: 10, powers: FOUR });
const failed = (blocks, sub) => assert.rejects(checkTrail(CHAIN, blocks), { outcome: "failed", subIndication: sub });
const open = (network, blocks, sub) => assert.throws(() => checkTrust(network, blocks), { outcome: "indeterminate", subIndication: sub });
const hex = (bytes) => Buffer.from(bytes).toString("hex");
const network = { headers: [{ height: 1, hash: "00".repeat(32) }, { height: 10, hash: hex(first.hash) }] };

test("more than two thirds of the block's own power, not exactly two thirds", async () => {
  const powers = { a: 4, b: 2, c: 3 };
  await checkTrail(CHAIN, [first, block({ height: 12, powers, signers: ["a", "c"] })]);
  await failed([first, block({ height: 12, powers, signers: ["a", "b"] })], "COMMIT_QUORUM_MISSING");
  await failed([first, block({ height: 12, powers })], "COMMIT_QUORUM_MISSING");
  assert.deepEqual(powerOf(block({ height: 12, powers, signers: ["a", "b"] })), { signed: 6, power: 9 });
});

test("heights and times ascend, equal ones do not", async () => {
  const signers = ["a", "b", "c"];
  await checkTrail(CHAIN, [first, block({ height: 11, time: 101n, powers: FOUR, signers })]);
  await failed([first, block({ height: 11, time: 100n, powers: FOUR, signers })], "TRAIL_ORDER_VIOLATION");
  await failed([first, block({ height: 10, time: 101n, powers: FOUR, signers })], "TRAIL_ORDER_VIOLATION");
});

test("the set is the header's, and for the next block the one that was announced", async () => {
  const other = { ...FOUR, e: 1 };
  const signers = ["a", "b", "c", "d"];
  await failed([first, block({ height: 11, powers: other, signers })], "VALIDATOR_SET_MISMATCH");
  await checkTrail(CHAIN, [first, block({ height: 12, powers: other, signers })]);
  await checkTrail(CHAIN, [block({ height: 10, powers: FOUR, next: other }), block({ height: 11, powers: other, signers })]);
  const swapped = { ...block({ height: 12, powers: FOUR, signers }), validators: setOf(other).slice(1) };
  await failed([first, swapped], "VALIDATOR_SET_MISMATCH");
  await failed([{ ...first, validators: setOf(other) }, block({ height: 12, powers: FOUR, signers })], "VALIDATOR_SET_MISMATCH");
});

test("one signature that does not hold spoils a commit that has enough without it", async () => {
  const good = block({ height: 12, powers: FOUR, signers: ["a", "b", "c", "d"] });
  await checkTrail(CHAIN, [first, good]);
  for (const change of [{ round: 1 }, { height: 13 }, { id: { ...good.id, parts: { ...good.id.parts, total: 2 } } }]) {
    await failed([first, { ...good, ...change }], "SIG_CRYPTO_FAILURE");
  }
  const later = { ...good.signatures[3], time: { seconds: 1, nanos: 1 } };
  await failed([first, { ...good, signatures: good.signatures.with(3, later) }], "SIG_CRYPTO_FAILURE");
  await assert.rejects(checkTrail("another", [first, good]), { subIndication: "SIG_CRYPTO_FAILURE" });
});

test("more than a third of the set before has signed, not exactly a third; the next block needs none of it", () => {
  const [three, strangers] = [{ a: 1, b: 1, c: 1 }, { x: 1, y: 1, z: 1 }];
  const start = block({ height: 10, powers: three, next: strangers });
  const root = { headers: [{ height: 10, hash: hex(start.hash) }] };
  const hop = (powers, signers, height = 20) => block({ height, powers, signers });
  checkTrust(root, [start, hop({ a: 1, b: 1, x: 1 }, ["a", "b", "x"])]);
  open(root, [start, hop({ a: 1, x: 1, y: 1 }, ["a", "x", "y"])], "TRAIL_GAP");
  open(root, [start, hop({ a: 9, b: 1, x: 1 }, ["a", "x"])], "TRAIL_GAP"); // power counts as the set before has it
  open(root, [start, hop({ a: 1, b: 1, c: 1, x: 9 }, ["a", "x"])], "TRAIL_GAP");
  checkTrust(root, [start, hop(strangers, ["x", "y", "z"], 11)]);
  open(root, [start, hop(strangers, ["x", "y", "z"], 11), hop({ x: 1, p: 1, q: 1 }, ["x", "p", "q"])], "TRAIL_GAP");
});

test("the trail begins at a header of the root: height and hash", () => {
  const end = block({ height: 20, powers: FOUR, signers: ["a", "b", "c"] });
  checkTrust(network, [first, end]);
  open(undefined, [first, end], "NO_NETWORK_ROOT");
  open({ headers: [{ height: 10, hash: "00".repeat(32) }] }, [first, end], "TRUSTED_HEADER_UNKNOWN");
  open({ headers: [{ height: 11, hash: hex(first.hash) }] }, [first, end], "TRUSTED_HEADER_UNKNOWN");
});
