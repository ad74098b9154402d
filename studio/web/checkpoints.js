/** The drawer of checkpoints: what is on file after every step, and the state at each. */

import { h } from "./element.js";
import { said } from "./foreign.js";
import { drawTree } from "./state_tree.js";

/** Folded; asked for when it is opened. */
export function drawCheckpoints(live) {
  const place = h("div", { "aria-live": "polite" });
  const state = h("div", { class: "state-at", tabindex: "-1" });
  return h("section", { class: "checkpoints", "aria-labelledby": "checkpoints-title" },
    h("h2", { id: "checkpoints-title" }, "Checkpoints"),
    h("details", { "data-key": "checkpoints", on: { toggle: (event) => event.target.open && list() } },
      h("summary", null, "What is on file after every step"), place, state));

  async function list() {
    await filling(place, async () => {
      const { checkpoints } = await live.checkpoints();
      if (!checkpoints.length) return h("p", null, "There are none.");
      return h("ol", null, checkpoints.map((one) => h("li", null,
        h("button", { type: "button", class: "plain", on: { click: () => show(one) } }, said(named(one))),
        one.writes?.length > 0 && h("span", { class: "small" }, " wrote ", said(one.writes.map((part) => part.channel).join(", "))))));
    });
  }

  async function show(one) {
    await filling(state, async () => {
      const found = await live.checkpoints(one.id);
      const left = found.left_out ?? [];
      return [h("h3", null, "State at ", said(named(one))), drawTree(found.state),
        left.length > 0 && h("p", null, "Too long to be shown: ", said(left.map((part) => part.channel).join(", ")), ".")].filter(Boolean);
    });
    state.focus();
  }
}

function named(one) {
  const next = one.next.length ? `before ${one.next.join(", ")}` : "at the end";
  return [`step ${one.step}`, one.round > 0 && `round ${one.round}`, next].filter(Boolean).join(", ");
}

async function filling(place, making) {
  try {
    place.replaceChildren(...[await making()].flat());
  } catch (error) {
    place.replaceChildren(h("p", { class: "problem", role: "alert" }, said(error.message)));
  }
}
