/** Tables with captions and headers, each in a region that scrolls by itself. */

import { h } from "./element.js";

/** A table. `heads` are column headers; a row is a list of cells whose first is its
 * header; a cell is text, an element, or `{ text, number: true }`. */
export function table(caption, heads, rows, { foot = null, name = "" } = {}) {
  return scrolling(caption, h("table", { class: name },
    h("caption", null, caption),
    h("thead", null, h("tr", null, heads.map((head) => cell("th", head, "col")))),
    h("tbody", null, rows.map(row)),
    foot && h("tfoot", null, row(foot))));
}

/** A box that scrolls sideways, and by keyboard too. */
export function scrolling(label, inside) {
  return h("div", { class: "scroll", role: "region", tabindex: "0", "aria-label": label }, inside);
}

/** A cell with a number. */
export function number(text) {
  return { text, number: true };
}

/** Names with their values. */
export function facts(pairs, name = "facts") {
  return h("dl", { class: name },
    pairs.filter(Boolean).map(([term, value]) => h("div", null, h("dt", null, term), h("dd", null, value))));
}

function row(cells) {
  return h("tr", null, cells.map((content, i) => cell(i ? "td" : "th", content, i ? null : "row")));
}

function cell(tag, content, scope) {
  const marked = content && typeof content === "object" && "text" in content && !(content instanceof Node);
  const text = marked ? content.text : content;
  return h(tag, { scope, class: marked && content.number && "number" }, text);
}
