// The ZIP profile (spec §2): one file for one ordered list of (name, content). The file is read forward, every header
// field is demanded to have its one value, then the central directory is walked and must be exactly what the local
// headers say. No byte is skipped, nothing is searched for, nothing is inflated.

import { Malformed, demand, latin1 } from "./bytes.js";

export const MAX_BYTES = 20_000_000;
const MAX_ENTRIES = 500;
const MAX_NAME = 100;
const LOCAL = 0x04034b50;
const CENTRAL = 0x02014b50;
const END = 0x06054b50;
const VERSION = 10;
const DATE = 0x0021;
const LAST = ["manifest.json", "manifest.sig"];

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  let value = n;
  for (let k = 0; k < 8; k++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value >>> 0;
});

/** CRC-32 of ISO 3309, as ZIP has it. */
export function crc32(bytes) {
  let crc = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) crc = (crc >>> 8) ^ TABLE[(crc ^ bytes[i]) & 0xff];
  return (crc ^ 0xffffffff) >>> 0;
}

/** Whether a name may stand in a package: parts of [a-z0-9][a-z0-9.-]* joined by "/", at most 100, without "..". */
export function goodName(name) {
  if (name.length < 1 || name.length > MAX_NAME || name.includes("..")) return false;
  return name.split("/").every((part) => /^[a-z0-9][a-z0-9.-]*$/.test(part));
}

/** Entries (name → content) in file order; throws Malformed unless every byte follows the profile. */
export function readPackage(data) {
  demand(data.length <= MAX_BYTES, "too large");
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  const found = [];
  const entries = new Map();
  let at = 0;
  while (at + 4 <= data.length && view.getUint32(at, true) === LOCAL) {
    const entry = readLocal(data, view, at);
    demand(!entries.has(entry.name), "a name stands twice", { entry: entry.name });
    entries.set(entry.name, entry.content);
    found.push(entry);
    demand(found.length <= MAX_ENTRIES, "too many entries");
    at = entry.end;
  }
  demand(found.length > 0, "no local file header at the start", { offset: 0 });
  checkOrder(found);
  checkDirectory(data, view, found, at);
  return entries;
}

function readLocal(data, view, at) {
  demand(at + 30 <= data.length, "truncated header", { offset: at });
  const u16 = (offset) => view.getUint16(at + offset, true);
  const u32 = (offset) => view.getUint32(at + offset, true);
  const fixed = u16(4) === VERSION && u16(6) === 0 && u16(8) === 0 && u16(10) === 0 && u16(12) === DATE && u16(28) === 0;
  const [crc, packed, size, nameLength] = [u32(14), u32(18), u32(22), u16(26)];
  demand(fixed && packed === size && nameLength <= MAX_NAME, "local header is not of the profile", { offset: at });
  const start = at + 30 + nameLength;
  const end = start + size;
  demand(end <= data.length, "truncated content", { offset: at });
  const name = latin1(data.subarray(at + 30, start));
  demand(goodName(name), "a name is not of the profile", { offset: at + 30 });
  const content = data.subarray(start, end);
  demand(crc32(content) === crc, "content was changed", { offset: start, entry: name });
  return { name, content, crc, size, offset: at, end };
}

// Names are ASCII here, so comparing UTF-16 units compares bytes.
function checkOrder(found) {
  const key = (name) => (LAST.includes(name) ? `${LAST.indexOf(name)}` : `2${name}`);
  for (let i = 1; i < found.length; i++) {
    demand(key(found[i - 1].name) < key(found[i].name), "entries are out of order", { entry: found[i].name });
  }
}

function checkDirectory(data, view, found, start) {
  let at = start;
  for (const entry of found) {
    const end = at + 46 + entry.name.length;
    demand(end <= data.length, "truncated directory", { offset: at });
    const u16 = (offset) => view.getUint16(at + offset, true);
    const u32 = (offset) => view.getUint32(at + offset, true);
    const fixed =
      u32(0) === CENTRAL && u16(4) === VERSION && u16(6) === VERSION && u16(8) === 0 && u16(10) === 0 &&
      u16(12) === 0 && u16(14) === DATE && u16(30) === 0 && u16(32) === 0 && u16(34) === 0 && u16(36) === 0 &&
      u32(38) === 0;
    const same =
      u32(16) === entry.crc && u32(20) === entry.size && u32(24) === entry.size && u16(28) === entry.name.length &&
      u32(42) === entry.offset && latin1(data.subarray(at + 46, end)) === entry.name;
    if (!fixed || !same) throw new Malformed("directory is not of the profile", { offset: at, entry: entry.name });
    at = end;
  }
  demand(at + 22 === data.length, "bytes outside of the profile", { offset: at });
  const u16 = (offset) => view.getUint16(at + offset, true);
  const u32 = (offset) => view.getUint32(at + offset, true);
  const holds =
    u32(0) === END && u16(4) === 0 && u16(6) === 0 && u16(8) === found.length && u16(10) === found.length &&
    u32(12) === at - start && u32(16) === start && u16(20) === 0;
  demand(holds, "end record is not of the profile", { offset: at });
}
