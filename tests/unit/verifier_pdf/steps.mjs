// Judges PDFs by the second verifier's steps 5 to 7: one JSON line in, one out, until the input ends.

import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";

import { judgeDocument } from "../../../chain/verifier_js/src/pdf.js";
import { judgeTimestamps } from "../../../chain/verifier_js/src/tokens.js";
import { judgeCertificates } from "../../../chain/verifier_js/src/x509.js";
import { readAnchors } from "../../../chain/verifier_js/src/x509_anchor.js";

const bytes = (text) => new Uint8Array(Buffer.from(text, "base64"));

const anchors = (list) => readAnchors(list.map(bytes));

async function judge({ pdf, baseLength, cas, tsas, now, revocation }) {
  const whole = new Uint8Array(readFileSync(pdf));
  const stamping = [];
  for (const { name, certs } of tsas) stamping.push({ name, certs: await anchors(certs) });
  const about = {
    pdf: whole,
    basePdf: whole.subarray(0, baseLength),
    trustRoot: { cas: await anchors(cas), tsas: stamping },
    now,
    revocation: revocation.map(({ kind, der }) => ({ kind, der: bytes(der) })),
  };
  let step = 5;
  const started = process.cpuUsage();
  const spent = () => {
    const { user, system } = process.cpuUsage(started);
    return (user + system) / 1000;
  };
  try {
    const document = await judgeDocument(about);
    step = 6;
    const timestamps = await judgeTimestamps(about, document);
    step = 7;
    await judgeCertificates(about, document, timestamps);
    return { step: 0, outcome: "passed", sub: "", ms: spent() };
  } catch (error) {
    const known = typeof error.subIndication === "string";
    const found = known ? { outcome: error.outcome, sub: error.subIndication } : { outcome: "indeterminate", sub: "UNREADABLE" };
    return { step, ...found, facts: known ? error.facts : String(error.stack), ms: spent() };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  process.stdout.write(`${JSON.stringify(await judge(JSON.parse(line)))}\n`);
}
