// Steps 5 to 7: the PDF's signatures, their timestamps, their certificates. The judging stands in pdf, tokens, x509.

import { Passed } from "../outcome.js";
import { judgeDocument } from "../pdf.js";
import { judgeTimestamps } from "../tokens.js";
import { judgeCertificates } from "../x509.js";

/** 5. Exactly the expected signatures over exactly this text, and nothing else in the file. */
export async function document(state) {
  const found = await judgeDocument(state);
  state.document = found;
  return new Passed(found.facts ?? {});
}

/** 6. Every signature is dated by a TSA of the trust root; the document by another one, last. */
export async function timestamps(state) {
  const found = await judgeTimestamps(state, state.document);
  state.timestamps = found;
  return new Passed(found.facts ?? {});
}

/** 7. Both certificates led to a CA of the trust root, valid and not revoked when their token was made. */
export async function certificates(state) {
  const found = await judgeCertificates(state, state.document, state.timestamps);
  state.certificates = found;
  return new Passed(found.facts ?? {});
}
