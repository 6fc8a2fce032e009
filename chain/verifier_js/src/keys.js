// Signatures in their strict forms: P-256 (FIPS 186-5), secp256k1 with recovery (EIP-2 low s), Ed25519 (RFC 8032).
// P-256 is checked by the platform's WebCrypto where it is there (secure contexts) and by @noble/curves elsewhere.

import { p256 } from "@noble/curves/nist.js";
import { secp256k1 } from "@noble/curves/secp256k1.js";
import { Malformed, bigEndian, concat, demand, equal, keccak256, sha256Sync, unhex, word } from "./bytes.js";
import { holdsEd25519Sync } from "./ed25519.js";
import { checksumAddress } from "./shapes.js";

const SPKI_PREFIX = unhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004");
const P256_ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const K1_ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const ECDSA = { name: "ECDSA", namedCurve: "P-256" };
const SCHEME = { name: "ECDSA", hash: "SHA-256" };

/** The 65-byte point of the one SubjectPublicKeyInfo of P-256 that the formats know (91 bytes, uncompressed). */
export function p256Point(spki) {
  demand(spki.length === 91 && equal(spki.subarray(0, 27), SPKI_PREFIX), "not a P-256 key of 91 bytes");
  const point = spki.subarray(26);
  try {
    p256.Point.fromBytes(point).assertValidity();
  } catch {
    throw new Malformed("the point is not on the curve");
  }
  return point;
}

function numbers(raw, order) {
  const [r, s] = [bigEndian(raw.subarray(0, 32)), bigEndian(raw.subarray(32, 64))];
  demand(r > 0n && r < order && s > 0n && s < order, "a signature's number is out of range");
  return [r, s];
}

/**
 * Demand raw r‖s over SHA-256(message) under this key; low s too, unless `anyS`. Throws Malformed otherwise.
 */
export async function checkP256(spki, message, raw, { anyS = false } = {}) {
  const point = p256Point(spki);
  demand(raw.length === 64, "a signature has 64 bytes");
  const [, s] = numbers(raw, P256_ORDER);
  demand(anyS || s <= P256_ORDER / 2n, "high s");
  const subtle = globalThis.crypto?.subtle;
  let holds;
  if (subtle) {
    const key = await subtle.importKey("spki", spki, ECDSA, false, ["verify"]);
    holds = await subtle.verify(SCHEME, key, raw, message);
  } else {
    holds = p256.verify(raw, sha256Sync(message), point, { prehash: false, lowS: false });
  }
  demand(holds, "the signature does not verify");
}

/** r‖s (64 bytes) of a strict DER ECDSA-Sig-Value: minimal lengths and integers, nothing behind it. */
export function rawOfDer(der) {
  demand(der.length >= 8 && der.length <= 72 && der[0] === 0x30 && der[1] === der.length - 2, "not an ECDSA signature");
  const [r, next] = derInteger(der, 2);
  const [s, end] = derInteger(der, next);
  demand(end === der.length, "bytes behind the signature");
  return concat(word(r), word(s));
}

function derInteger(der, at) {
  const length = der[at + 1];
  const body = der.subarray(at + 2, at + 2 + length);
  demand(der[at] === 0x02 && length >= 1 && length <= 33 && body.length === length, "not a DER integer");
  demand(body[0] < 0x80, "a negative integer");
  demand(body[0] !== 0 || (length > 1 && body[1] >= 0x80), "an integer that is not minimal");
  return [bigEndian(body), at + 2 + length];
}

/** EIP-55 address that made r‖s‖v (v 27 or 28, low s) over a 32-byte digest. Throws Malformed. */
export function recoverAddress(digest, signature) {
  demand(digest.length === 32 && signature.length === 65, "a wallet's signature has 65 bytes");
  const v = signature[64];
  demand(v === 27 || v === 28, "v is neither 27 nor 28");
  const [, s] = numbers(signature, K1_ORDER);
  demand(s <= K1_ORDER / 2n, "high s");
  let point;
  try {
    point = secp256k1.Signature.fromBytes(signature.subarray(0, 64), "compact")
      .addRecoveryBit(v - 27)
      .recoverPublicKey(digest)
      .toBytes(false);
  } catch {
    throw new Malformed("no key can be recovered");
  }
  return checksumAddress(keccak256(point.subarray(1)).subarray(12));
}

/** The 20 bytes of an EIP-55 address whose shape has been checked. */
export const addressBytes = (address) => unhex(address.slice(2).toLowerCase(), 20);

/** Demand a plain Ed25519 signature (RFC 8032 §5.1.7). Throws Malformed. */
export function checkEd25519(publicKey, message, signature) {
  demand(holdsEd25519Sync(publicKey, message, signature), "the signature does not verify");
}
