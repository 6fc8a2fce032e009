// The worker's key: born here, not extractable, one per contract. It signs exactly three inputs, told apart by their
// first byte, each once and only after the page has checked it: 0x30 the PKCS#10 request, 0x31 the signed attributes,
// 0x19 the EIP-712 preimage. At the first input that is anything else the key is dropped for good.

import { concat, hex, unhex } from "./bytes.js";
import { checkAttributes, checkCertificate, checkRequestInfo, checkSpki } from "./der.js";
import { demand } from "./errors.js";

const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SCHEME = { name: "ECDSA", hash: "SHA-256" };
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

/** r ‖ s with s in the lower half of the group order (WebCrypto does not normalise; the chain demands it). */
export function lowS(signature) {
  demand(signature.length === 64, "key.signature_refused");
  const s = BigInt(`0x${hex(signature.subarray(32))}`);
  if (s <= ORDER / 2n) return signature;
  return concat(signature.subarray(0, 32), unhex((ORDER - s).toString(16).padStart(64, "0"), 32));
}

export class WorkerKey {
  #private;
  #signed = new Set();

  constructor(privateKey, spki) {
    this.#private = privateKey;
    this.spki = spki;
  }

  static async create() {
    const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
    demand(pair.privateKey.extractable === false, "key.extractable");
    const spki = new Uint8Array(await crypto.subtle.exportKey("spki", pair.publicKey));
    checkSpki(spki);
    return new WorkerKey(pair.privateKey, spki);
  }

  get alive() {
    return this.#private !== null;
  }

  drop() {
    this.#private = null;
  }

  /** Sign the certificate request after finding this key in it. */
  async signRequest(info) {
    return this.#guarded(0x30, info, (bytes) => checkRequestInfo(bytes, this.spki));
  }

  /** Sign the attributes over the document whose digest the page computed, under a certificate for this key. */
  async signAttributes(attributes, documentDigest, certificate) {
    return this.#guarded(0x31, attributes, async (bytes) => {
      checkCertificate(certificate, this.spki);
      await checkAttributes(bytes, documentDigest, certificate);
    });
  }

  /** Sign the EIP-712 preimage that the page rebuilt itself. */
  async signConsent(preimage) {
    return this.#guarded(0x19, preimage, (bytes) => demand(bytes.length === 66 && bytes[1] === 0x01, "key.preimage_refused"));
  }

  async #guarded(kind, input, check) {
    demand(this.#private !== null, "key.dropped");
    let bytes;
    try {
      demand(input instanceof Uint8Array && input.length > 0, "key.input_refused");
      bytes = Uint8Array.from(input); // what is checked is what is signed
      demand(bytes[0] === kind, "key.input_refused", { first: bytes[0] });
      demand(!this.#signed.has(kind), "key.signed_before", { kind });
      await check(bytes);
    } catch (error) {
      this.drop();
      throw error;
    }
    this.#signed.add(kind);
    return lowS(new Uint8Array(await crypto.subtle.sign(SCHEME, this.#private, bytes)));
  }
}
