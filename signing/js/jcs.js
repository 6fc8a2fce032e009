// Canonical JSON, RFC 8785. `canonicalize` is the whole of it; `canonical` is the profile of the evidence formats:
// ASCII keys, integers below 2^53, no floats, well-formed text, which is never normalised.

import { utf8 } from "./bytes.js";
import { demand, Refused } from "./errors.js";

const KEY = /^[\x20-\x7e]*$/;
const PAIR = /[\ud800-\udbff][\udc00-\udfff]/g;
const SURROGATE = /[\ud800-\udfff]/;

/** RFC 8785 text of a JSON value: keys sorted by UTF-16 code unit, numbers as ECMAScript writes them. */
export function canonicalize(value) {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") {
    demand(Number.isFinite(value), "jcs.number_refused");
    return JSON.stringify(value);
  }
  if (typeof value === "string") {
    demand(!SURROGATE.test(value.replace(PAIR, "")), "jcs.text_refused");
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return `[${value.map(canonicalize).join(",")}]`;
  if (typeof value === "object" && Object.getPrototypeOf(value) === Object.prototype) {
    const members = Object.keys(value).sort();
    return `{${members.map((key) => `${canonicalize(key)}:${canonicalize(value[key])}`).join(",")}}`;
  }
  throw new Refused("jcs.value_refused", { type: typeof value });
}

/** Canonical bytes of a value of the evidence formats; refuses what the profile forbids. */
export function canonical(value) {
  checkProfile(value);
  return utf8(canonicalize(value));
}

function checkProfile(value) {
  if (typeof value === "number") demand(Number.isSafeInteger(value) && !Object.is(value, -0), "jcs.number_refused");
  else if (Array.isArray(value)) value.forEach(checkProfile);
  else if (value !== null && typeof value === "object") {
    for (const key of Object.keys(value)) {
      demand(KEY.test(key), "jcs.key_refused", { key });
      checkProfile(value[key]);
    }
  }
}
