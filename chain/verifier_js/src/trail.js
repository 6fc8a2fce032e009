// CometBFT's light client over a trail of headers (spec §5.4): what contradicts itself, and what the trust root carries.
// Rules: CometBFT's specification, light-client/verification; skipping verification at trust level 1/3.

import { equal, hex } from "./bytes.js";
import { precommitBytes, validatorsHash } from "./comet.js";
import { holdsEd25519 } from "./ed25519.js";
import { Failed, Undecided } from "./outcome.js";

/** Judge a trail by itself: blocks as `readBlock` gives them, each one before the next. Throws Failed. */
export async function checkTrail(chainId, blocks) {
  for (const [number, block] of blocks.entries()) {
    const before = blocks[number - 1];
    const facts = { block: number, height: block.height };
    if (before && (block.height <= before.height || block.time <= before.time)) throw new Failed("TRAIL_ORDER_VIOLATION", facts);
    const { validators_hash: named } = block.hashes;
    const own = equal(validatorsHash(block.validators), named);
    const announced = !before || !follows(before, block) || equal(named, before.hashes.next_validators_hash);
    if (!own || !announced) throw new Failed("VALIDATOR_SET_MISMATCH", facts);
    if (before) await checkCommit(chainId, block, facts);
  }
}

const follows = (before, block) => block.height === before.height + 1;

async function checkCommit(chainId, block, facts) {
  const { height, round, id, signatures, validators } = block;
  const held = await Promise.all(
    signatures.map((vote, i) => {
      if (vote === null) return true;
      const message = precommitBytes({ chainId, height, round, block: id, time: vote.time });
      return holdsEd25519(validators[i].key, message, vote.signature);
    }),
  );
  const wrong = held.indexOf(false);
  if (wrong >= 0) throw new Failed("SIG_CRYPTO_FAILURE", { ...facts, validator: wrong });
  const { signed, power } = powerOf(block);
  if (3 * signed <= 2 * power) throw new Failed("COMMIT_QUORUM_MISSING", { ...facts, signed, power });
}

const sum = (validators) => validators.reduce((all, { power }) => all + power, 0);

/** Power that signed a block, and the whole of its set. */
export function powerOf({ validators, signatures }) {
  return { signed: sum(validators.filter((_, i) => signatures[i] !== null)), power: sum(validators) };
}

/** Whether the trail begins at a header of the root, and no set changed too fast to be followed. Throws Undecided. */
export function checkTrust(network, blocks) {
  if (network === undefined) throw new Undecided("NO_NETWORK_ROOT");
  const [first] = blocks;
  const known = network.headers.some(({ height, hash }) => height === first.height && hash === hex(first.hash));
  if (!known) throw new Undecided("TRUSTED_HEADER_UNKNOWN", { height: first.height, hash: hex(first.hash) });
  for (const [i, before] of blocks.slice(0, -1).entries()) {
    const block = blocks[i + 1];
    if (follows(before, block)) continue;
    const signers = new Set(block.validators.filter((_, at) => block.signatures[at] !== null).map(({ name }) => name));
    const signed = sum(before.validators.filter(({ name }) => signers.has(name)));
    const power = sum(before.validators);
    if (3 * signed <= power) throw new Undecided("TRAIL_GAP", { block: i + 1, height: block.height, signed, power });
  }
}
