/** What the forget gate kept for the next round, and what it dropped. */

import { h } from "./element.js";
import { said } from "./foreign.js";
import { plural, signed } from "./words.js";

/** Kept in sight, dropped in a fold. */
export function drawMemory(memory, key) {
  return [
    h("p", null, `${plural(memory.kept.length, "item")} kept, ${plural(memory.tokens, "token")}; ${plural(memory.dropped.length, "item")} dropped.`),
    memory.kept.length > 0 && folded("Kept", memory.kept, key("kept"), memory.kept.length <= 4),
    memory.dropped.length > 0 && folded("Dropped", memory.dropped, key("dropped"), false),
  ];
}

function folded(name, items, key, open) {
  return h("details", { "data-key": key, open, class: name.toLowerCase() },
    h("summary", null, `${name}: ${plural(items.length, "item")}`),
    h("ul", { class: "items" }, items.map((item) => h("li", null,
      h("span", { class: "kind" }, item.reason ? `${item.reason}: ` : "", `${item.kind} of round ${item.round}, support ${signed(item.support)}`),
      " ", h("span", { class: "prose", dir: "auto" }, said(item.text))))));
}
