// Step 24: old evidence was covered by newer tokens before certificates ended and algorithms retired (cf. RFC 4998).

import { sha384, sha512 } from "@noble/hashes/sha2.js";
import { sha256Sync } from "../bytes.js";
import { findSigner } from "../cms.js";
import { TOLERANCE, textOf } from "../case.js";
import { CHECKPOINT_TOKEN } from "../contents.js";
import { Failed, Passed, Undecided } from "../outcome.js";
import { parseUtc } from "../shapes.js";
import { judgeToken, readToken } from "../tokens.js";
import { keyName } from "../x509_keys.js";

const FOLDER = "log/renewals/";
const HASHES = { "SHA-256": sha256Sync, "SHA-384": sha384, "SHA-512": sha512 };
const SUITE = ["ECDSA P-256", "ECDSA secp256k1", "Keccak-256", "Ed25519"];

/** 24. Each token was covered by the next one before its TSA's certificate ended; nothing rests on a retired algorithm. */
export async function longevity(state) {
  const stamped = state.checkpoint.token;
  const renewals = await readRenewals(state, stamped);
  const covered = [
    ...["Worker", "Employer", "DocumentTimestamp"].map((item) => [item, state.tokens[item], stamped.genTime]),
    ...[stamped, ...renewals].map((token, i, chain) => [
      i > 0 ? `renewal ${twoDigits(i)}` : "checkpoint",
      token,
      chain[i + 1]?.genTime ?? state.now,
    ]),
  ].map(([item, token, by]) => ({ item, by, ...signedWith(token) }));
  for (const { item, ends, by } of covered) {
    if (ends < by) throw new Undecided("EVIDENCE_EXPIRED", { item, expired: textOf(ends) });
  }
  checkAlgorithms(state, stamped, covered);
  return new Passed({ renewals: renewals.length, until: textOf(covered.at(-1).ends) });
}

const twoDigits = (number) => String(number).padStart(2, "0");

/** The renewal tokens in order, each over the bytes of the one before. */
async function readRenewals(state, stamped) {
  const names = [...state.entries.keys()].filter((name) => name.startsWith(FOLDER)).sort();
  const found = [];
  let [last, before] = [stamped, state.entries.get(CHECKPOINT_TOKEN)];
  for (const [index, entry] of names.entries()) {
    if (entry !== `${FOLDER}${twoDigits(index + 1)}.tsr`) throw new Failed("FORMAT_FAILURE", { entry });
    const der = state.entries.get(entry);
    const algorithm = digestOf(der, entry);
    const token = await judgeToken(der, HASHES[algorithm](before), state.trustRoot, state.now, algorithm);
    if (token.genTime + TOLERANCE < last.genTime || token.genTime > state.now + TOLERANCE) {
      throw new Failed("TIME_CONTRADICTION", { entry, token: textOf(token.genTime) });
    }
    found.push(token);
    [last, before] = [token, der];
  }
  return found;
}

function digestOf(der, entry) {
  try {
    const { digest } = readToken(der).info;
    if (digest) return digest;
    throw new Error("an imprint whose algorithm does not count");
  } catch (error) {
    throw new Failed("TIMESTAMP_INVALID", { entry, reason: String(error.message).slice(0, 200) });
  }
}

/** When the certificate of a token's signer ends (milliseconds), and which algorithms the token rests on. */
function signedWith({ token }) {
  const { read, info } = readToken(token);
  findSigner(read);
  return { ends: read.certificate.notAfter, names: [info.digest, keyName(read.certificate.spki)] };
}

function checkAlgorithms(state, stamped, covered) {
  for (const { name, from } of state.trustRoot.value.retired_algorithms) {
    const uses = covered.filter(({ names }) => names.includes(name)).map(({ by }) => by);
    if (name === "SHA-256") uses.push(state.now); // the log's tree is built on it
    if (SUITE.includes(name)) uses.push(stamped.genTime);
    if (uses.some((by) => parseUtc(from) <= by)) throw new Undecided("ALGORITHM_RETIRED", { algorithm: name, from });
  }
}
