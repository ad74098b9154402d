/** A button for what cannot be undone: it asks once more, in place. */

import { h } from "./element.js";

/** Two clicks; the second within the same place, with a way back. What is asked stays
 * asked when the section is drawn anew. */
export function confirmButton(id, words, really, back, doing) {
  const place = h("span", { class: "confirm", "data-keep": id });
  const first = h("button", { id, type: "button", on: { click: ask } }, words);
  const second = h("button", { id: `${id}-really`, type: "button", class: "danger", on: { click: doing } }, really);
  const never = h("button", { type: "button", on: { click: calm } }, back);
  place.append(first);
  return place;

  function ask() {
    place.replaceChildren(second, " ", never);
    never.focus();
  }

  function calm() {
    place.replaceChildren(first);
    first.focus();
  }
}
