// Runs the plan over the bytes of one package: {verdict, steps} as in spec §6. Opens no connection, reads no file,
// never throws for what the bytes hold.

import { Case } from "./case.js";
import { INDETERMINATE, Judgement, PASSED } from "./outcome.js";
import { PLAN } from "./plan.js";
import { defaultPolicy } from "./policy.js";

/**
 * @param {Uint8Array} data the package
 * @param trustRoot what `parseTrustRoot` returned
 * @param {object} options now: milliseconds; policy: function of the steps (default: the documented one);
 *   progress: called with (number, name) before each step and awaited
 */
export async function verify(data, trustRoot, { now, policy = null, progress = null }) {
  const missing = missingParts();
  if (missing) throw new Error(`${missing} is not available here`);
  const state = new Case({ data, trustRoot, now });
  const results = new Map();
  for (const [no, name, needs, step] of PLAN) {
    const wanted = needs[state.kind];
    if (wanted === undefined) continue;
    if (progress) await progress(no, name);
    results.set(no, { no, name, ...(await run(step, wanted, state, results)) });
  }
  const judge = policy ?? defaultPolicy(state.kind, trustRoot);
  return { verdict: judge(results), steps: [...results.values()], kind: state.manifest?.kind ?? null };
}

/** What this browser lacks and verification needs, "" when nothing: an insecure context has no WebCrypto. */
export function missingParts() {
  if (!globalThis.crypto?.subtle) return "WebCrypto";
  return typeof DecompressionStream === "function" ? "" : "DecompressionStream";
}

async function run(step, needs, state, results) {
  const missing = needs.find((no) => results.get(no).outcome !== PASSED);
  if (missing !== undefined) {
    return { outcome: INDETERMINATE, sub_indication: `DEPENDS_ON ${missing}`, facts: { step: missing } };
  }
  try {
    const { subIndication, facts } = await step(state);
    return { outcome: PASSED, sub_indication: subIndication, facts };
  } catch (error) {
    if (error instanceof Judgement) {
      return { outcome: error.outcome, sub_indication: error.subIndication, facts: error.facts };
    }
    // hostile input ends as a line of the report, never as a crash
    const facts = { error: String(error?.name ?? "Error"), text: String(error?.message ?? "").slice(0, 200) };
    return { outcome: INDETERMINATE, sub_indication: "UNREADABLE", facts };
  }
}

/** The report as it is printed: exactly the members of spec §6. */
export const toJson = ({ verdict, steps }) => ({
  verdict,
  steps: steps.map(({ no, name, outcome, sub_indication, facts }) => ({ no, name, outcome, sub_indication, facts })),
});
