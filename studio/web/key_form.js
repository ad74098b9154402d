/** Asks for the key of a server that wants one; it is kept for this tab only. */

import { h } from "./element.js";
import { KeyNeeded, useKey } from "./server.js";

/** Do something; where a key is needed, ask for it in `place` and do it again. */
export async function withKey(place, doing) {
  for (;;) {
    try {
      return await doing();
    } catch (error) {
      if (!(error instanceof KeyNeeded)) throw error;
      useKey(await asked(place, error.message));
      place.replaceChildren();
    }
  }
}

function asked(place, words) {
  return new Promise((resolve) => {
    const field = h("input", { id: "key", type: "password", autocomplete: "off", required: true, spellcheck: "false" });
    place.replaceChildren(h("form", { class: "key panel", on: { submit: (event) => { event.preventDefault(); resolve(field.value.trim()); } } },
      h("h1", null, "This server wants a key"), h("p", null, words),
      h("label", { for: "key" }, "Key"), field, h("button", { class: "main" }, "Use it")));
    field.focus();
  });
}
