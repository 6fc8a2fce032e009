// Step 12: what authorised the worker's key: a passkey assertion (W3C Web Authentication Level 2 §7.2, ES256, user
// verification) that anyone can check again, or a one-time code that the identity service attests.

import { Malformed, base64url, concat, demand, equal, hex, keccak256, sha256Sync, unbase64, unhex, utf8 } from "../bytes.js";
import { shortText } from "../case.js";
import { INTENT, WORKER_CONSENT } from "../contents.js";
import { isObject, parseLoose } from "../json.js";
import { checkP256, rawOfDer } from "../keys.js";
import { Failed, Passed } from "../outcome.js";
import { coseKey, skipCbor } from "../cbor.js";
import { orFail } from "./statements.js";

const LABEL = utf8("concord-wa-v1");
const [PRESENT, VERIFIED, ATTESTED, EXTENSIONS] = [0x01, 0x04, 0x40, 0x80];

/** 12. The intent behind the worker's signature. */
export async function intent(state) {
  const entry = state.json.get(INTENT);
  if (entry.method === "otp") {
    return new Passed({ method: "otp", level: state.attestation.level }, "OTP_ATTESTED");
  }
  const spki = unbase64(state.json.get(WORKER_CONSENT).spki);
  const consent = keccak256(state.workerPreimage);
  const expected = sha256Sync(concat(LABEL, consent, sha256Sync(spki), unhex(entry.nonce, 32)));
  const clientData = unbase64(entry.client_data_json);
  const shown = await orFail("ASSERTION_INVALID", { field: "client_data_json" }, () => readClientData(clientData));
  if (shown.type !== "webauthn.get") throw new Failed("ASSERTION_INVALID", { field: "type" });
  if (shown.challenge !== base64url(expected)) throw new Failed("CHALLENGE_MISMATCH");
  const authenticator = unbase64(entry.authenticator_data);
  const site = state.trustRoot.value.web_origins.findLast((one) => one.origin === shown.origin);
  if (!site || !equal(authenticator.subarray(0, 32), sha256Sync(utf8(site.rp_id)))) {
    throw new Failed("ORIGIN_MISMATCH", { origin: shortText(shown.origin, 200) });
  }
  const publicKey = unbase64(entry.public_key);
  await orFail("ASSERTION_INVALID", { field: "signature" }, async () => {
    checkAuthenticatorData(authenticator);
    const message = concat(authenticator, sha256Sync(clientData));
    await checkP256(coseKey(publicKey), message, rawOfDer(unbase64(entry.signature)), { anyS: true });
  });
  const digest = hex(sha256Sync(publicKey));
  if (!state.cited.some((item) => item.payload?.credential_sha256 === digest)) throw new Failed("CREDENTIAL_NOT_COMMITTED");
  return new Passed({ method: "passkey", origin: shown.origin, rp_id: site.rp_id });
}

function readClientData(bytes) {
  const value = parseLoose(bytes, 4096);
  if (!isObject(value)) throw new Malformed("not an object");
  for (const member of ["type", "challenge", "origin"]) demand(Object.hasOwn(value, member), `no ${member}`);
  return value;
}

// rpIdHash (32) ‖ flags ‖ counter (4) ‖ attested credential data, if AT ‖ extensions, if ED; nothing behind.
function checkAuthenticatorData(data) {
  const flags = data[32];
  demand(flags & PRESENT, "no user presence");
  demand(flags & VERIFIED, "no user verification");
  let at = 37;
  if (flags & ATTESTED) {
    demand(data.length >= at + 18, "truncated attested credential data");
    at += 18 + data[at + 16] * 256 + data[at + 17];
    at = skipCbor(data, at);
  }
  if (flags & EXTENSIONS) at = skipCbor(data, at);
  demand(at === data.length, "bytes behind the authenticator data");
}
