/** Begin another run where this one stood before a round, with other knobs if wanted. */

import { h } from "./element.js";
import { said } from "./foreign.js";

/** Folded, one for every round; what is typed stays when the round is drawn anew. */
export function drawForkForm(round, live) {
  const id = `knobs-${round}`;
  const knobs = h("textarea", { id, rows: 2, spellcheck: "false", placeholder: "rounds = 5" });
  const problem = h("p", { class: "problem", role: "alert" });
  return h("details", { class: "fork", "data-key": `fork ${round}`, "data-keep": `fork ${round}` },
    h("summary", null, "Fork from here"),
    h("form", { on: { submit } },
      h("p", null, `Another run begins as this one stood before round ${round}. This one stays as it is.`),
      h("label", { for: id }, "Knobs to change, one a line"), knobs, problem,
      h("p", { class: "buttons" }, h("button", { class: "main" }, `Fork before round ${round}`))));

  async function submit(event) {
    event.preventDefault();
    problem.replaceChildren();
    try {
      location.assign(`/runs/${encodeURIComponent(await live.fork(round, read(knobs.value)))}`);
    } catch (error) {
      problem.replaceChildren(said(error.message));
    }
  }
}

/** `key = value` lines; a value is JSON, or else the words themselves. */
function read(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  return Object.fromEntries(lines.map((line) => {
    const [key, ...rest] = line.split("=");
    if (!rest.length) throw new Error(`“${line}”: should be key = value`);
    const value = rest.join("=").trim();
    try {
      return [key.trim(), JSON.parse(value)];
    } catch {
      return [key.trim(), value];
    }
  }));
}
