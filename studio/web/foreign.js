/** Text that others wrote: shown as it is, never obeyed, folded where it is long. */

import { h } from "./element.js";
import { count } from "./words.js";

const FOLD_CHARS = 560;
const FOLD_LINES = 12;
const HIDDEN = /[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu;

/** Write hidden characters as escapes. A run's own texts come so from the server;
 * this is for what comes otherwise: events, questions, lists, errors. */
export function visible(value) {
  if (typeof value === "string") return value.replace(/\r\n/g, "\n").replace(HIDDEN, escaped);
  if (Array.isArray(value)) return value.map(visible);
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [visible(key), visible(inner)]));
  }
  return value;
}

/** A few foreign words in a line of ours; their direction does not spill over. */
export function said(words, name = "said") {
  return h("bdi", { class: name }, words);
}

/** A foreign text, whole; one of more than `most` characters is folded. `key` names it
 * across redrawing. */
export function prose(text, key, most = FOLD_CHARS) {
  const lines = text.split("\n").length;
  if (text.length <= most && lines <= FOLD_LINES) return paragraph(text);
  const start = text.split("\n").slice(0, 6).join("\n").slice(0, most * 0.6).replace(/\s+\S*$/, "");
  return h("div", { class: "long" },
    h("div", { class: "start" }, paragraph(`${start} …`)),
    h("details", { "data-key": key },
      h("summary", null, `All of it, ${count(text.length)} characters`),
      paragraph(text)));
}

function paragraph(text) {
  return h("p", { class: "prose", dir: "auto" }, text);
}

function escaped(character) {
  if (character === "\n" || character === "\t") return character;
  const code = character.codePointAt(0).toString(16);
  return code.length > 2 ? `\\u${code.padStart(4, "0")}` : `\\x${code.padStart(2, "0")}`;
}
