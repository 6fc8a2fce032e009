// A passkey is tried, never presumed: many phones and in-app browsers have none, some define the interface and never
// answer. After 20 seconds, or at the first sign of trouble, the caller goes on with the one-time password.

import { base64url, concat, sha256, unbase64url, utf8 } from "./bytes.js";
import { keccak256 } from "./eip712.js";

export const TRY_MS = 20_000;
const TAG = utf8("concord-wa-v1");

/** Whether it is worth trying: a secure context with the interface, outside WeChat's browser. */
export function mayHavePasskey(scope = globalThis) {
  const agent = scope.navigator?.userAgent ?? "";
  return Boolean(scope.isSecureContext && scope.PublicKeyCredential && scope.navigator?.credentials?.get) && !/MicroMessenger/i.test(agent);
}

/** SHA-256("concord-wa-v1" ‖ EIP-712 digest ‖ SHA-256(SPKI) ‖ server nonce). */
export async function challengeOf(preimage, spki, nonce) {
  return sha256(concat(TAG, keccak256(preimage), await sha256(spki), nonce));
}

/**
 * Ask for an assertion. Resolves to {assertion} or, for whatever reason there is none, to {reason}; never rejects.
 * @param credentials the platform's `navigator.credentials` (given by tests)
 */
export async function tryPasskey({ rpId, credentialIds, challenge, timeout = TRY_MS, credentials = navigator.credentials }) {
  const abort = new AbortController();
  let timer;
  const late = new Promise((resolve) => {
    timer = setTimeout(() => resolve({ reason: "timeout" }), timeout);
  });
  const asked = (async () => {
    try {
      const found = await credentials.get({
        publicKey: {
          challenge,
          rpId,
          userVerification: "required",
          timeout,
          allowCredentials: credentialIds.map((id) => ({ type: "public-key", id: unbase64url(id) })),
        },
        signal: abort.signal,
      });
      return found ? { assertion: toJson(found) } : { reason: "none" };
    } catch (error) {
      return { reason: error?.name ?? "error" };
    }
  })();
  try {
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
    abort.abort();
  }
}

/** The assertion in the WebAuthn JSON form, written out by hand for browsers without `toJSON`. */
export function toJson(credential) {
  const bytes = (buffer) => base64url(new Uint8Array(buffer));
  const { response } = credential;
  return {
    id: credential.id,
    rawId: bytes(credential.rawId),
    type: credential.type,
    authenticatorAttachment: credential.authenticatorAttachment ?? undefined,
    clientExtensionResults: credential.getClientExtensionResults?.() ?? {},
    response: {
      authenticatorData: bytes(response.authenticatorData),
      clientDataJSON: bytes(response.clientDataJSON),
      signature: bytes(response.signature),
      userHandle: response.userHandle ? bytes(response.userHandle) : undefined,
    },
  };
}
