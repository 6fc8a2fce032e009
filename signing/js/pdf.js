// What a PDF signature covers (ISO 32000-2 §12.8.1): the ByteRange of the prepared file that this page holds.
// No PDF parsing: the last ByteRange must cover every byte of the file but one placeholder of zeros.

import { concat, hex, sha256, unhex, equal } from "./bytes.js";
import { demand } from "./errors.js";

const MARK = "/ByteRange";

/** {digest, start, end}: SHA-256 over all bytes but the placeholder [start, end) for the signature. */
export async function documentDigest(pdf) {
  const text = latin1(pdf);
  const at = text.lastIndexOf(MARK);
  demand(at >= 0, "pdf.no_signature_field");
  const match = /^\/ByteRange\s*\[\s*(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s+(\d{1,10})\s*\]/.exec(text.slice(at, at + 120));
  demand(match, "pdf.byte_range_refused");
  const [first, start, end, rest] = match.slice(1).map(Number);
  demand(first === 0 && start < end && end + rest === pdf.length, "pdf.byte_range_refused");
  demand(/^<0+>$/.test(text.slice(start, end)), "pdf.placeholder_refused");
  return { digest: await sha256(concat(pdf.subarray(0, start), pdf.subarray(end))), start, end };
}

/** Demand that the file begins with the base document of this length and digest, and that the gap lies behind it. */
export async function checkBasePrefix(pdf, length, baseDigestHex, start) {
  demand(Number.isSafeInteger(length) && length > 0 && length <= pdf.length && length <= start, "pdf.base_length_refused");
  const digest = await sha256(pdf.subarray(0, length));
  demand(equal(digest, unhex(baseDigestHex, 32)), "pdf.other_base");
  return digest;
}

export const fileDigest = async (pdf) => hex(await sha256(pdf));

function latin1(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 0x8000) text += String.fromCharCode(...bytes.subarray(i, i + 0x8000));
  return text;
}
