// RFC 3161 timestamp tokens: step 6, and the checkpoint's token of step 14.

import { checkAttributes, checkSignature, findSigner, readSignedData } from "./cms.js";
import { TAG, Unexpected, decode, shallow } from "./cms_der.js";
import { equal, hex, sha256Sync } from "./bytes.js";
import { checkDer } from "./der.js";
import { Failed } from "./outcome.js";
import { Certificate } from "./x509_certificate.js";
import { digestAlgorithm } from "./x509_keys.js";
import { PathProblem, judgePath } from "./x509_path.js";

export const TOLERANCE = 60_000; // milliseconds between clocks
const LONGEST = 16_384;
const SIGNED_DATA = new Uint8Array([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x07, 0x02]);
const TST_INFO = new Uint8Array([0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x09, 0x10, 0x01, 0x04]);
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";

const invalid = (facts) => new Failed("TIMESTAMP_INVALID", facts);

/**
 * Judge one token over an imprint (SHA-256, in renewals SHA-384 or SHA-512 too) under the TSAs of the trust root.
 * Returns {genTime, tsa, sha256, token}.
 * Throws Failed TIMESTAMP_INVALID (form, imprint, signature) or TIMESTAMP_UNTRUSTED (no TSA of the root).
 */
export async function judgeToken(der, imprint, trustRoot, now, algorithm = "SHA-256") {
  let read, info;
  try {
    ({ read, info } = readToken(der));
  } catch (error) {
    throw invalid({ reason: String(error.message).slice(0, 200) });
  }
  if (info.digest !== algorithm || !equal(info.imprint, imprint)) throw invalid({ reason: "another imprint" });
  let holds = false;
  try {
    findSigner(read);
    checkSpelling(read);
    holds = (await checkAttributes(read)) && (await checkSignature(read));
  } catch (error) {
    throw invalid({ reason: String(error.message).slice(0, 200) });
  }
  if (!holds) throw invalid({ reason: "the signature is wrong" });
  for (const { name, certs } of trustRoot.tsas) {
    if (await trusted(read, info.genTime, certs)) return { genTime: info.genTime, tsa: name, sha256: hex(sha256Sync(der)), token: der };
  }
  throw new Failed("TIMESTAMP_UNTRUSTED", { subject: read.certificate.subjectText });
}

/** The outer parts of a token and its TSTInfo, unchecked; throws for what is none. The signer: findSigner(read). */
export function readToken(der) {
  if (der.length > LONGEST) throw new Unexpected("too long");
  checkDer(der);
  const read = readSignedData(der, { contentType: "tstInfo", detached: false });
  checkDer(read.content);
  return { read, info: readInfo(read.content) };
}

/**
 * Throw unless the bytes have the form of a token: SignedData over a readable TSTInfo with one signer. Certificates and
 * signer are not looked into: what stands there is the token's proof, not its form.
 */
export function checkTokenForm(der) {
  const inside = (bytes, octet, count = 1) => {
    const found = shallow(bytes);
    if (found.length < count || found[0][0] !== octet) throw new Unexpected("another form");
    return found;
  };
  if (der.length > LONGEST) throw new Unexpected("too long");
  const [kind, outer] = inside(inside(der, 0x30)[0][1], 0x06, 2);
  if (!equal(kind[1], SIGNED_DATA)) throw new Unexpected("no SignedData");
  const parts = inside(inside(outer[1], 0x30)[0][1], 0x02, 4);
  const [type, holder] = inside(parts[2][1], 0x06, 2);
  if (parts[2][0] !== 0x30 || !equal(type[1], TST_INFO)) throw new Unexpected("no TSTInfo");
  readInfo(inside(holder[1], 0x04)[0][1]);
  const signers = parts.at(-1);
  if (signers[0] !== 0x31 || inside(signers[1], 0x30).length !== 1) throw new Unexpected("one signer expected");
}

/** The signer's digest algorithm, which no signature covers, is an identifier with NULL or without parameters. */
function checkSpelling({ digestIdentifier }) {
  const [, parameters, ...more] = digestIdentifier.sequence(1);
  const plain = !parameters || (parameters.is(TAG.NULL) && parameters.content.length === 0);
  if (!plain || more.length > 0) throw new Unexpected("the digest algorithm has parameters");
}

/** TSTInfo (RFC 3161, section 2.4.2). */
function readInfo(content) {
  const [version, policy, imprint, serial, genTime] = decode(content).sequence(5);
  version.integer();
  policy.oid();
  serial.integer();
  const [algorithm, hashed] = imprint.sequence(2);
  return { digest: digestName(algorithm), imprint: hashed.octets(), genTime: genTime.time() };
}

/** The imprint's digest algorithm; empty for one that doesn't count, which no imprint is then equal to. */
function digestName(algorithm) {
  try {
    return digestAlgorithm(algorithm);
  } catch {
    return "";
  }
}

async function trusted({ certificate, others }, moment, roots) {
  if (!certificate.validAt(moment) || !certificate.extendedUsages.includes(TIME_STAMPING)) return false;
  try {
    const intermediates = others.map((der) => new Certificate(der));
    await judgePath(certificate, { anchors: roots, intermediates, moment, revoked: async () => undefined });
    return true;
  } catch (error) {
    if (error instanceof PathProblem) return false;
    throw error;
  }
}

/**
 * Step 6. Returns {Worker, Employer, DocumentTimestamp (each as judgeToken), facts}; throws Failed. Every token that
 * holds by itself is first left in `about.tokens`, for step 13, which depends on step 5 only.
 */
export async function judgeTimestamps(about, document) {
  const { trustRoot, now } = about;
  const problems = document.documentTimestamp ? [] : [new Failed("NO_SIGNATURE_TIMESTAMP", { field: "DocumentTimestamp" })];
  const found = {};
  about.tokens = found;
  const judge = async (field, der, imprint) => {
    try {
      found[field] ??= await judgeToken(der, imprint, trustRoot, now);
    } catch (error) {
      if (!(error instanceof Failed)) throw error;
      problems.push(error);
    }
  };
  for (const { field, signature, tokens } of document.signatures) {
    if (tokens.length === 1) await judge(field, tokens[0], sha256Sync(signature));
    else problems.push(new Failed("NO_SIGNATURE_TIMESTAMP", { field, tokens: tokens.length }));
  }
  for (const [index, { token, digest }] of document.timestamps.entries()) {
    await judge(index === 0 ? "DocumentTimestamp" : `DocumentTimestamp ${index + 1}`, token, digest);
  }
  if (problems.length > 0) throw problems[0];
  checkOrder(found, now);
  const text = ({ genTime, tsa }) => `${new Date(genTime).toISOString()} ${tsa}`;
  const facts = Object.fromEntries(Object.entries(found).map(([field, token]) => [field, text(token)]));
  return { ...found, facts };
}

function checkOrder({ Worker, Employer, DocumentTimestamp }, now) {
  for (const [one, other] of [[Worker, Employer], [Employer, DocumentTimestamp]]) {
    if (other.genTime + TOLERANCE < one.genTime) throw new Failed("TIMESTAMP_ORDER_FAILURE", { tsa: other.tsa });
    if (other === DocumentTimestamp && one.tsa === other.tsa) throw new Failed("SAME_TSA", { tsa: one.tsa });
  }
  if (DocumentTimestamp.genTime > now + TOLERANCE) {
    throw new Failed("TIME_CONTRADICTION", { time: new Date(DocumentTimestamp.genTime).toISOString() });
  }
}
