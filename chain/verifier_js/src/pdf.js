// Step 5: exactly the expected signatures over exactly this text, and nothing else in the file (evidence-spec 5.1–5.3).

import { checkSignature, findSigner, messageDigest, readSignedData } from "./cms.js";
import { equal, hex, sha256Sync } from "./bytes.js";
import { checkTokenForm } from "./tokens.js";
import { Certificate } from "./x509_certificate.js";
import { readOcsp } from "./x509_revocation.js";
import { expectedAttributes } from "./cms_attributes.js";
import { Failed, Undecided } from "./outcome.js";
import { attachment, reservedBoxes } from "./pdf_attachments.js";
import { checkChanges } from "./pdf_changes.js";
import { PdfDocument } from "./pdf_document.js";
import { checkFields, checkNames, signedFields } from "./pdf_fields.js";
import { readBase, readLayout } from "./pdf_layout.js";
import { Unreadable } from "./pdf_syntax.js";

export const SIGNERS = ["Worker", "Employer"];
const [STORED, UNPACKED] = [200, 20_000_000]; // objects in the security store, their bytes in all

/**
 * Judge the PDF of a case. Returns {signatures, timestamps, documentTimestamp, store, facts}; throws Failed or Undecided.
 * signatures: [{field, certificate, spki, signedAttributes, signature, digest, token, certificates}] in order.
 */
export async function judgeDocument({ pdf, basePdf }) {
  const layout = readLayout(pdf, basePdf.length);
  for (const { timestamp, der } of layout.signatures) if (timestamp) checkTimestampForm(der);
  try {
    const document = new PdfDocument(pdf, layout);
    const boxes = await reservedBoxes(document);
    if (boxes === null || SIGNERS.some((name) => !(name in boxes))) throw new Undecided("BOXES_UNKNOWN");
    const dangling = document.checkReferences();
    if (dangling) throw new Failed("MODIFIED_AFTER_SIGNING", { object: dangling });
    const fields = signedFields(document, layout.signatures);
    checkNames(fields, SIGNERS);
    checkChanges(document, SIGNERS);
    checkFields(document, fields, boxes);
    const store = await readStore(document);
    const signed = fields.filter((item) => !item.signature.timestamp);
    const signatures = [];
    for (const { name, signature } of signed) signatures.push(await judgeSignature(name, signature));
    const timestamps = fields
      .filter((item) => item.signature.timestamp)
      .map(({ name, signature }) => ({ field: name, token: signature.der, digest: signature.digest }));
    return {
      signatures,
      timestamps,
      documentTimestamp: timestamps[0] ?? null,
      store,
      facts: {
        signers: signatures.map(({ field, subject }) => ({ field, subject })),
        sha256: hex(sha256Sync(pdf)),
      },
    };
  } catch (error) {
    if (error instanceof Unreadable) throw new Failed("MODIFIED_AFTER_SIGNING", { reason: error.message });
    throw error;
  }
}

/** One CMS: exactly the four attributes that belong to this digest and certificate, signed by it. */
async function judgeSignature(field, { der, digest }) {
  let read;
  try {
    read = readSignedData(der, { contentType: "data", detached: true });
    findSigner(read);
    if (read.digestAlgorithm !== "SHA-256" || read.signatureAlgorithm.name !== "ECDSA") throw new Unreadable("algorithms");
    if (read.signatureAlgorithm.hash !== "SHA-256") throw new Unreadable("algorithms");
    if (!equal(messageDigest(read), digest)) throw new Failed("HASH_FAILURE", { field });
    if (!equal(read.signedAttributes, expectedAttributes(digest, read.certificate))) throw new Unreadable("attributes");
  } catch (error) {
    if (error instanceof Failed) throw error;
    throw new Failed("FORMAT_FAILURE", { field, reason: String(error.message).slice(0, 200) });
  }
  if (!(await checkSignature(read))) throw new Failed("SIG_CRYPTO_FAILURE", { field });
  return {
    field,
    subject: read.certificate.subjectText,
    certificate: read.certificate.der,
    spki: read.certificate.spki,
    signedAttributes: read.signedAttributes,
    signature: read.signature,
    digest,
    tokens: read.tokens,
    token: read.tokens.length === 1 ? read.tokens[0] : null,
    certificates: read.others,
  };
}

/** A document timestamp that is no token is no form of a file; what a token proves is step 6. */
function checkTimestampForm(der) {
  try {
    checkTokenForm(der);
  } catch (error) {
    throw new Failed("FORMAT_FAILURE", { field: "DocumentTimestamp", reason: String(error.message).slice(0, 200) });
  }
}

/** Certificates, CRLs and OCSP responses of the document security store, as DER. */
async function readStore(document) {
  const found = { certificates: [], crls: [], ocsps: [] };
  const raw = document.catalog().get("DSS");
  if (raw === undefined) return found;
  const store = document.dictionary(raw);
  let [left, room] = [STORED, UNPACKED];
  for (const [key, list] of [["Certs", found.certificates], ["CRLs", found.crls], ["OCSPs", found.ocsps]]) {
    for (const item of document.array(store.get(key) ?? [])) {
      if ((left -= 1) < 0) throw new Unreadable("too much in the security store");
      const der = await document.bytes(document.resolve(item), room);
      room -= der.length;
      list.push(der);
    }
  }
  try {
    found.certificates.forEach((der) => new Certificate(der));
    found.ocsps.forEach(readOcsp);
    found.crls.forEach(checkOutside);
  } catch (error) {
    throw new Unreadable(`the security store: ${error.message}`);
  }
  return found;
}

/** A list is a SEQUENCE as long as its bytes; what stands in it is step 7. */
function checkOutside(der) {
  const octets = der[1] > 0x80 && der[1] <= 0x84 ? der[1] - 0x80 : 0;
  const length = octets ? der.subarray(2, 2 + octets).reduce((sum, octet) => sum * 256 + octet, 0) : der[1];
  if (der[0] !== 0x30 || der[1] === 0x80 || 2 + octets + length !== der.length) throw new Unreadable("a list");
}

/**
 * An attachment of the base revision, for step 19; needs nothing but step 4. Throws Failed FORMAT_FAILURE when it can't
 * be read.
 */
export async function baseAttachment({ basePdf }, name) {
  try {
    const document = new PdfDocument(basePdf, { base: readBase(basePdf), revisions: [] });
    return await attachment(document, name);
  } catch (error) {
    throw new Failed("FORMAT_FAILURE", { attachment: name, reason: String(error.message).slice(0, 200) });
  }
}
