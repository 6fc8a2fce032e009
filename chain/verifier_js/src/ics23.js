// ICS-23 proofs (vector commitments) in the two trees that a Cosmos state root is made of: the IAVL tree of one store, and
// the simple tree over all stores (spec, annex C). Only what such trees really hold is read: where ICS-23 allows a step any
// prefix of a length, here it is the node's own encoding, so that no other bytes can stand in for a child.

import { concat, demand, equal, sha256Sync } from "./bytes.js";
import { varint } from "./protobuf.js";

const HASH = 32;
const DEEPEST = 64;
const MOST = 2n ** 53n - 1n;
const LEFT = 0, RIGHT = 1;
const MARK = Uint8Array.of(HASH); // IAVL writes the length before each child's hash
const SIMPLE_LEAF = Uint8Array.of(0);
const SIMPLE_NODE = Uint8Array.of(1);

/** The tree of one store: prefixes hold height, size and version of the node. */
export const IAVL = {
  checkLeaf: (prefix) => {
    const { height, size, rest } = nodeHead(prefix);
    demand(height === 0n && size === 1n && rest.length === 0, "a leaf's prefix is not one");
  },
  side: ({ prefix, suffix }, layer) => {
    const { height, rest } = nodeHead(prefix);
    demand(height >= BigInt(layer), "a node is lower than its child");
    return childOf(rest, suffix, MARK);
  },
};

/** The tree over the stores: RFC 6962's shape. */
export const SIMPLE = {
  checkLeaf: (prefix) => demand(equal(prefix, SIMPLE_LEAF), "a leaf's prefix is not one"),
  side: ({ prefix, suffix }) => {
    demand(prefix[0] === SIMPLE_NODE[0], "a node's prefix is not one");
    return childOf(prefix.subarray(1), suffix, new Uint8Array(0));
  },
};

/** Which child `before` and `after` leave room for, each child's hash standing behind `mark`. */
function childOf(before, after, mark) {
  const length = mark.length + HASH;
  const left = before.length === mark.length && after.length === length;
  const right = before.length === length + mark.length && after.length === 0;
  demand(left || right, "a step leads neither from a left nor from a right child");
  const sibling = left ? after : before;
  const own = left ? before : before.subarray(length);
  demand(equal(sibling.subarray(0, mark.length), mark) && equal(own, mark), "a step is not a node's encoding");
  return left ? LEFT : RIGHT;
}

/** {height, size, rest}: zig-zag varints in their shortest form at the beginning of an IAVL node, the version last. */
function nodeHead(prefix) {
  let at = 0;
  const [height, size] = Array.from({ length: 3 }, () => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      demand(at < prefix.length && shift < 64n, "a prefix ends inside a number, or holds one that is too large");
      const byte = prefix[at++];
      demand(byte !== 0 || shift === 0n, "a number of a prefix is not in its shortest form");
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    demand((value & 1n) === 0n && value >> 1n <= MOST, "a number of a prefix is negative or too large");
    return value >> 1n;
  });
  return { height, size, rest: prefix.subarray(at) };
}

/** {root, sides}: what a proof {key, value, prefix, path: [{prefix, suffix}]} leads to, and by which children. */
function follow(tree, { key, value, prefix, path }) {
  demand(key.length > 0 && value.length > 0, "a proof needs a key and a value");
  demand(path.length <= DEEPEST, "a path is too long");
  tree.checkLeaf(prefix);
  let node = sha256Sync(concat(prefix, varint(key.length), key, varint(HASH), sha256Sync(value)));
  const sides = path.map((step, number) => {
    const side = tree.side(step, number + 1);
    node = sha256Sync(concat(step.prefix, node, step.suffix));
    return side;
  });
  return { root: node, sides };
}

/** The root that a proof of existence leads to. Throws Malformed. */
export const rootOf = (tree, proof) => follow(tree, proof).root;

/** Demand that the proof shows this key with this value under the root. Throws Malformed. */
export function checkExistence(tree, root, proof, key, value) {
  demand(equal(proof.key, key), "the proof is of another key");
  demand(equal(proof.value, value), "the proof is of another value");
  demand(equal(follow(tree, proof).root, root), "the proof leads to another root");
}

/**
 * Demand that the neighbours {left, right}, proofs of existence of which one may be null, leave no place for the key.
 * Throws Malformed.
 */
export function checkAbsence(tree, root, { left, right }, key) {
  demand(left !== null || right !== null, "a proof of absence needs a neighbour");
  const [sidesOfLeft, sidesOfRight] = [left, right].map((proof) => {
    if (proof === null) return null;
    const { root: found, sides } = follow(tree, proof);
    demand(equal(found, root), "a neighbour's proof leads to another root");
    return sides;
  });
  demand(left === null || compare(left.key, key) < 0, "the key is not behind its left neighbour");
  demand(right === null || compare(key, right.key) < 0, "the key is not before its right neighbour");
  if (left === null) demand(sidesOfRight.every((side) => side === LEFT), "the right neighbour is not the first key");
  else if (right === null) demand(sidesOfLeft.every((side) => side === RIGHT), "the left neighbour is not the last key");
  else checkNeighbours(left.path, sidesOfLeft, right.path, sidesOfRight);
}

/** Two paths are neighbours when they part at one node, left and right, and keep to the inside below it. */
function checkNeighbours(left, sidesOfLeft, right, sidesOfRight) {
  let shared = 1;
  while (shared <= Math.min(left.length, right.length) && sameStep(left.at(-shared), right.at(-shared))) shared++;
  demand(shared <= left.length && shared <= right.length, "one neighbour's path is a part of the other's");
  const parted = sidesOfLeft.at(-shared) === LEFT && sidesOfRight.at(-shared) === RIGHT;
  const inside = (sides, wanted) => sides.slice(0, -shared).every((side) => side === wanted);
  demand(parted && inside(sidesOfLeft, RIGHT) && inside(sidesOfRight, LEFT), "there is room between the neighbours");
}

const sameStep = (one, other) => equal(one.prefix, other.prefix) && equal(one.suffix, other.suffix);

function compare(one, other) {
  const length = Math.min(one.length, other.length);
  for (let i = 0; i < length; i++) if (one[i] !== other[i]) return one[i] - other[i];
  return one.length - other.length;
}
