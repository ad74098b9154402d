/** Any JSON as a tree of folds. */

import { h } from "./element.js";
import { said } from "./foreign.js";

const OPEN_DEPTH = 0;

/** Maps and lists fold; leaves stand beside their names. */
export function drawTree(value, depth = 0) {
  if (value === null || typeof value !== "object") return h("span", { class: "leaf" }, said(String(value)));
  const entries = Object.entries(value);
  if (!entries.length) return h("span", { class: "leaf" }, Array.isArray(value) ? "[ ]" : "{ }");
  return h("ul", { class: "tree" }, entries.map(([key, inner]) => h("li", null, branch(key, inner, depth))));
}

function branch(key, inner, depth) {
  const name = h("code", null, said(key));
  if (inner === null || typeof inner !== "object" || !Object.keys(inner).length) return [name, ": ", drawTree(inner)];
  const fold = h("details", { open: depth < OPEN_DEPTH }, h("summary", null, name, ` (${Object.keys(inner).length})`));
  fold.addEventListener("toggle", () => fold.childElementCount === 1 && fold.append(drawTree(inner, depth + 1)), { once: true });
  return fold;
}
