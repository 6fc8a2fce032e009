// Ed25519 (RFC 8032 §5.1.7) with one answer everywhere: RFC 8032 leaves open whether the equation is multiplied by the
// cofactor, and libraries differ in points of small order. Here both are fixed (libsodium's rules, spec annex C), so that
// WebCrypto, where it knows the algorithm, and @noble/curves elsewhere agree also about signatures that somebody made up.

import { ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import { bigEndian, concat, equal } from "./bytes.js";

const PRIME = 2n ** 255n - 19n;
const ORDER = 2n ** 252n + 27742317777372353535851937790883648493n;
const EIGHTH = 2707385501144840649318225287225658788936804267575313519463743609750303402022n;
/** y of the points of order 1, 2, 4 and 8: under such a key a signature of anything can be made up. */
const SMALL = new Set([0n, 1n, PRIME - 1n, EIGHTH, PRIME - EIGHTH]);
const { Point } = ed25519;

const littleEndian = (bytes) => bigEndian(Uint8Array.from(bytes).reverse());
const ordinate = (bytes) => littleEndian(bytes) & ((1n << 255n) - 1n);

/** Whether 32 bytes write a point in its one form, and none of small order. */
function isPlain(bytes) {
  const y = ordinate(bytes);
  return y < PRIME && !SMALL.has(y);
}

/** Key and R are plain points, S is below the group's order. */
function isWellFormed(key, signature) {
  if (key.length !== 32 || signature.length !== 64) return false;
  return isPlain(key) && isPlain(signature.subarray(0, 32)) && littleEndian(signature.subarray(32)) < ORDER;
}

/** [S]B = R + [k]A, by @noble/curves. */
function holdsHere(key, message, signature) {
  const [r, s] = [signature.subarray(0, 32), littleEndian(signature.subarray(32))];
  const k = littleEndian(sha512(concat(r, key, message))) % ORDER;
  try {
    const expected = Point.BASE.multiplyUnsafe(s).subtract(Point.fromBytes(key).multiplyUnsafe(k));
    return equal(expected.toBytes(), r);
  } catch {
    return false; // no point of the curve
  }
}

/** Whether the signature holds, without WebCrypto. */
export const holdsEd25519Sync = (key, message, signature) =>
  isWellFormed(key, signature) && holdsHere(key, message, signature);

let known; // whether WebCrypto has the algorithm: asked once

async function isKnown() {
  try {
    return (await globalThis.crypto.subtle.importKey("raw", Point.BASE.toBytes(), "Ed25519", false, ["verify"])) !== null;
  } catch {
    return false;
  }
}

/** Whether the signature holds; by WebCrypto where it has Ed25519, which is ten times faster. */
export async function holdsEd25519(key, message, signature) {
  known ??= isKnown();
  if (!isWellFormed(key, signature)) return false;
  if (!(await known)) return holdsHere(key, message, signature);
  const { subtle } = globalThis.crypto;
  try {
    const imported = await subtle.importKey("raw", key, "Ed25519", false, ["verify"]);
    return await subtle.verify("Ed25519", imported, signature, message);
  } catch {
    return false; // no point of the curve
  }
}
