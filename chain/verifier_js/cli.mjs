#!/usr/bin/env node
// The second verifier under Node:
//   node cli.mjs [verify] FILE --trust-root FILE [--now ISO] [--json]
//   node cli.mjs --batch        one JSON line {file, trust_root, now} in, one JSON line out, until the input ends
// Exit codes: 0 passed, 1 failed, 2 indeterminate, 3 input that can't be used (docs/evidence-spec.md §6).

import { open, stat } from "node:fs/promises";
import { createInterface } from "node:readline";
import { stdin, stdout, argv } from "node:process";

const EXIT_CODES = { passed: 0, failed: 1, indeterminate: 2 };
const UNUSABLE = 3;
const MAX_PACKAGE = 20_000_000;
const MAX_ROOT = 2_000_000;
const MOMENT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,6})?)?(Z|[+-]\d\d:\d\d)$/;

class Unusable extends Error {}

// loaded here and not above: a missing library must end with code 3, never with Node's own 1, which means "failed"
const { parseTrustRoot, toJson, verify } = await load();

async function load() {
  try {
    return { ...(await import("./src/trust_root.js")), ...(await import("./src/verify.js")) };
  } catch (error) {
    process.stderr.write(`缺少库文件，请运行 npm ci / libraries are missing, run npm ci: ${error.code ?? ""} ${error.message}\n`);
    process.exit(UNUSABLE);
  }
}

async function read(path, limit) {
  let handle;
  try {
    handle = await open(path, "r");
    const { size } = await handle.stat();
    if (size > limit) throw new Unusable(`文件超过 ${limit / 1_000_000} MB / larger than ${limit / 1_000_000} MB: ${path}`);
    const data = new Uint8Array(await handle.readFile());
    if (data.length === 0) throw new Unusable(`文件为空 the file is empty: ${path}`);
    if (data.length > limit) throw new Unusable(`文件超过 ${limit / 1_000_000} MB: ${path}`);
    return data;
  } catch (error) {
    if (error instanceof Unusable) throw error;
    throw new Unusable(`无法读取 can't read ${path}: ${error.code ?? error.message}`);
  } finally {
    await handle?.close();
  }
}

async function readRoot(bytes, path) {
  try {
    return await parseTrustRoot(bytes);
  } catch (error) {
    throw new Unusable(`信任根文件无法使用 / the trust root file can't be used: ${path}: ${error.message}`);
  }
}

function momentOf(text) {
  if (text === undefined || text === null) return Date.now();
  const millis = MOMENT.test(text) ? Date.parse(text) : NaN;
  if (Number.isNaN(millis)) throw new Unusable(`--now: ISO 8601 UTC, e.g. 2026-01-31T12:00:00Z; 不能读取 can't read: ${text}`);
  return millis;
}

function options(words) {
  const found = { json: false, batch: false, files: [] };
  const rest = words[0] === "verify" ? words.slice(1) : [...words];
  while (rest.length > 0) {
    const word = rest.shift();
    if (word === "--json") found.json = true;
    else if (word === "--batch") found.batch = true;
    else if (word === "--trust-root" || word === "--now") {
      if (rest.length === 0) throw new Unusable(`${word}: 缺少值 a value is missing`);
      found[word === "--now" ? "now" : "trustRoot"] = rest.shift();
    } else if (word.startsWith("--")) throw new Unusable(`未知选项 unknown option ${word}`);
    else found.files.push(word);
  }
  return found;
}

function print({ verdict, steps }, trustRoot) {
  const marks = { passed: "✓", indeterminate: "?", failed: "✗" };
  const lines = [`trust root ${trustRoot.fingerprint}${trustRoot.test ? "  [TEST]" : ""}`];
  for (const step of steps) {
    const sub = step.sub_indication ? ` [${step.sub_indication}]` : "";
    lines.push(`${marks[step.outcome]} ${String(step.no).padStart(2)} ${step.name}: ${step.outcome}${sub}`);
  }
  lines.push(verdict);
  if (trustRoot.test) lines.push("TEST 信任根：结论没有法律意义。/ TEST trust root: this verdict has no legal meaning.");
  stdout.write(`${lines.join("\n")}\n`);
}

async function single({ files, trustRoot: path, now, json }) {
  if (files.length !== 1 || path === undefined) throw new Unusable("cli.mjs FILE --trust-root FILE [--now ISO] [--json]");
  const trustRoot = await readRoot(await read(path, MAX_ROOT), path);
  const report = await verify(await read(files[0], MAX_PACKAGE), trustRoot, { now: momentOf(now) });
  if (json) stdout.write(`${JSON.stringify(toJson(report), null, 2)}\n`);
  else print(report, trustRoot);
  return EXIT_CODES[report.verdict];
}

// One process for many packages; roots are kept by path and time of change.
async function batch() {
  const roots = new Map();
  for await (const line of createInterface({ input: stdin, crlfDelay: Infinity })) {
    if (line.trim() === "") continue;
    let file = null;
    try {
      const task = JSON.parse(line);
      file = task.file;
      const { mtimeMs } = await stat(task.trust_root).catch(() => ({ mtimeMs: 0 }));
      const key = `${task.trust_root} ${mtimeMs}`;
      if (!roots.has(key)) roots.set(key, await readRoot(await read(task.trust_root, MAX_ROOT), task.trust_root));
      const report = await verify(await read(task.file, MAX_PACKAGE), roots.get(key), { now: momentOf(task.now) });
      stdout.write(`${JSON.stringify({ file, ...toJson(report) })}\n`);
    } catch (error) {
      stdout.write(`${JSON.stringify({ file, error: error.message })}\n`);
    }
  }
  return 0;
}

try {
  const chosen = options(argv.slice(2));
  process.exitCode = chosen.batch ? await batch() : await single(chosen);
} catch (error) {
  process.stderr.write(`${error instanceof Unusable ? error.message : error.stack}\n`);
  process.exitCode = UNUSABLE;
}
