// Signatures of certificates, CMS objects, CRLs and OCSP responses, by WebCrypto: ECDSA (P-256, P-384, P-521) and RSA
// (PKCS#1 v1.5, PSS) with SHA-2. Nothing weaker is accepted, so SHA-1, MD5 and short RSA keys verify nothing.

import { TAG, Unexpected, decode } from "./cms_der.js";
import { checkDer } from "./der.js";

const SHORTEST_RSA = 2048;
const DIGESTS = {
  "2.16.840.1.101.3.4.2.1": "SHA-256",
  "2.16.840.1.101.3.4.2.2": "SHA-384",
  "2.16.840.1.101.3.4.2.3": "SHA-512",
};
const SIGNATURES = {
  "1.2.840.10045.4.3.2": { name: "ECDSA", hash: "SHA-256" },
  "1.2.840.10045.4.3.3": { name: "ECDSA", hash: "SHA-384" },
  "1.2.840.10045.4.3.4": { name: "ECDSA", hash: "SHA-512" },
  "1.2.840.113549.1.1.11": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" },
  "1.2.840.113549.1.1.12": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-384" },
  "1.2.840.113549.1.1.13": { name: "RSASSA-PKCS1-v1_5", hash: "SHA-512" },
};
const RSA = "1.2.840.113549.1.1.1";
const PSS = "1.2.840.113549.1.1.10";
const MASK = "1.2.840.113549.1.1.8";
const EC = "1.2.840.10045.2.1";
const UNCOMPRESSED = 4;
const CURVES = {
  "1.2.840.10045.3.1.7": { namedCurve: "P-256", size: 32 },
  "1.3.132.0.34": { namedCurve: "P-384", size: 48 },
  "1.3.132.0.35": { namedCurve: "P-521", size: 66 },
};

/** WebCrypto's name of an AlgorithmIdentifier's digest; Unexpected for what is not SHA-2. */
export function digestAlgorithm(value) {
  const found = DIGESTS[value.sequence(1)[0].oid()];
  if (!found) throw new Unexpected("a digest algorithm that is not accepted");
  return found;
}

/** {name, hash, saltLength?} of an AlgorithmIdentifier; `digest` is used where CMS names plain RSA. */
export function signatureAlgorithm(value, digest = "") {
  const [oid, parameters] = value.sequence(1);
  const name = oid.oid();
  if (name === RSA && digest) return { name: "RSASSA-PKCS1-v1_5", hash: digest };
  if (name === PSS) return pssParameters(parameters);
  const found = SIGNATURES[name];
  if (!found) throw new Unexpected(`signature algorithm ${name} is not accepted`);
  return found;
}

function pssParameters(value) {
  const given = new Map((value?.sequence() ?? []).map((part) => [part.tag, part]));
  if (!given.has(0) || !given.has(1) || !given.has(2)) throw new Unexpected("PSS with SHA-1");
  const hash = digestAlgorithm(given.get(0).explicit(0));
  const [mask, inner] = given.get(1).explicit(1).sequence(2);
  if (mask.oid() !== MASK || digestAlgorithm(inner) !== hash) throw new Unexpected("PSS parameters");
  return { name: "RSA-PSS", hash, saltLength: given.get(2).explicit(2).small() };
}

/** Name of a key's algorithm as a trust root retires it: `ECDSA P-256`, `RSA`; empty for others. */
export function keyName(spki) {
  const [oid, parameters] = decode(spki).sequence(2)[0].sequence(1);
  if (oid.oid() === EC) return `ECDSA ${CURVES[parameters.oid()]?.namedCurve ?? ""}`;
  return oid.oid() === RSA ? "RSA" : "";
}

/** Whether `signature` over `data` is by the key in `spki` (DER) under the algorithm; never throws. */
export async function verifies(spki, algorithm, signature, data) {
  try {
    const [identifier, bits] = decode(spki).sequence(2);
    const [oid, parameters] = identifier.sequence(1);
    const point = bits.bits();
    const subtle = globalThis.crypto.subtle;
    if (algorithm.name === "ECDSA") {
      const curve = oid.oid() === EC ? CURVES[parameters.oid()] : undefined;
      if (!curve || point.length !== 1 + 2 * curve.size || point[0] !== UNCOMPRESSED) return false;
      const key = await imported(spki, { name: "ECDSA", namedCurve: curve.namedCurve });
      return await subtle.verify({ name: "ECDSA", hash: algorithm.hash }, key, rawSignature(signature, curve.size), data);
    }
    if (oid.oid() !== RSA) return false;
    const key = await imported(spki, { name: algorithm.name, hash: algorithm.hash });
    if (key.algorithm.modulusLength < SHORTEST_RSA) return false;
    return await subtle.verify({ name: algorithm.name, saltLength: algorithm.saltLength ?? 0 }, key, signature, data);
  } catch {
    return false;
  }
}

const imported = (spki, algorithm) => globalThis.crypto.subtle.importKey("spki", spki, algorithm, false, ["verify"]);

/** r ‖ s of a DER ECDSA-Sig-Value: both in their shortest form, not negative. */
function rawSignature(der, size) {
  checkDer(der);
  const [r, s, ...more] = decode(der).sequence(2);
  const out = new Uint8Array(2 * size);
  [r, s].forEach((value, index) => {
    let { content } = value.want(TAG.INTEGER);
    if (content[0] & 0x80 || (content[0] === 0 && !(content[1] & 0x80))) throw new Unexpected("an ECDSA value");
    if (content[0] === 0) content = content.subarray(1);
    if (content.length > size || more.length > 0) throw new Unexpected("an ECDSA value");
    out.set(content, (index + 1) * size - content.length);
  });
  return out;
}
