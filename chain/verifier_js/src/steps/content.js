// Steps 19 and 20: the clauses that both signed; laying out again is not possible here.

import { Malformed, equal, hex, unhex } from "../bytes.js";
import { CLAUSES } from "../contents.js";
import { canonical, isObject, parseObject } from "../json.js";
import { Failed, Passed, Undecided } from "../outcome.js";
import { baseAttachment } from "../pdf.js";
import { leafHash, treeRoot } from "../tree.js";
import { releasedTemplate } from "./releases.js";

const ATTACHMENT = "contract.json";
const MAX_ATTACHMENT = 4_000_000;

/** 19. The salted clauses have the committed root and are those of the attached data, word for word. */
export async function clauses(state) {
  const items = state.json.get(CLAUSES).clauses;
  if (items.some((item, i) => item.n !== i + 1)) throw new Failed("HASH_FAILURE", { field: "n" });
  const root = treeRoot(items.map(({ salt, n, id, title, text }) => leafHash(canonical({ salt, n, id, title, text }))));
  if (!equal(root, unhex(state.opening.clause_root, 32))) throw new Failed("HASH_FAILURE", { entry: CLAUSES, root: hex(root) });
  if (new Set(items.map((item) => item.salt)).size !== items.length) {
    throw new Failed("HASH_FAILURE", { entry: CLAUSES, field: "salt" });
  }
  const attached = readAttached(await baseAttachment(state, ATTACHMENT));
  const same = (item, i) => ["id", "title", "text"].every((field) => attached[i][field] === item[field]);
  if (attached.length !== items.length || !items.every(same)) throw new Failed("CLAUSE_TEXT_DIFFERS");
  return new Passed({ clauses: items.length, root: hex(root) });
}

function readAttached(bytes) {
  let list;
  try {
    list = parseObject(bytes, MAX_ATTACHMENT).clauses;
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
    list = null;
  }
  const whole = (item) => isObject(item) && ["id", "title", "text"].every((field) => Object.hasOwn(item, field));
  if (!Array.isArray(list) || !list.every(whole)) throw new Failed("CLAUSE_TEXT_DIFFERS", { reason: ATTACHMENT });
  return list;
}

/** 20. A browser has no renderer of the templates: what the PDF looks like is not compared here. */
export async function rendering(state) {
  const { template_sha256: template, renderer_id: renderer } = state.opening;
  if (!Object.hasOwn(state.trustRoot.value.templates, template) && !(await releasedTemplate(state))) {
    throw new Undecided("TEMPLATE_UNKNOWN", { template_sha256: template });
  }
  throw new Undecided("RENDERER_UNAVAILABLE", { renderer_id: renderer });
}
