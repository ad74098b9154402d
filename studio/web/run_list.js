/** The list of runs, and a box for a new question. */

import { h } from "./element.js";
import { said } from "./foreign.js";
import { withKey } from "./key_form.js";
import { get, post } from "./server.js";
import { STATES, dollars, moment, plural } from "./words.js";

/** Draw both. */
export async function drawList(main) {
  document.title = "Runs – nsed";
  let runs;
  let presets;
  try {
    ({ runs, presets } = await withKey(main, () => get("/runs?most=50")));
  } catch (error) {
    main.replaceChildren(h("section", { class: "alarm bad", role: "alert" }, h("h1", null, "The runs cannot be read"), h("p", null, said(error.message))));
    return;
  }
  main.replaceChildren(h("h1", { class: "unseen" }, "Runs"), question(presets),
    h("section", { class: "list", "aria-labelledby": "runs-title" },
      h("h2", { id: "runs-title" }, "Runs"),
      runs.length ? h("ol", { class: "runs" }, runs.map(entry)) : h("p", null, "There are none yet.")));
}

function question(presets) {
  const task = h("textarea", { id: "task", name: "task", rows: 3, required: true, dir: "auto" });
  const preset = h("select", { id: "preset", name: "preset" },
    presets.map((name) => h("option", { value: name ?? "" }, name ?? "none")));
  const problem = h("p", { class: "problem", role: "alert" });
  const button = h("button", { class: "main" }, "Ask");
  return h("form", { class: "new panel", "aria-labelledby": "new-title", on: { submit } },
    h("h2", { id: "new-title" }, "New question"),
    h("label", { for: "task" }, "Question"), task,
    h("p", { class: "buttons" }, button,
      h("span", { class: "beside" }, h("label", { for: "preset" }, "Preset"), preset)),
    problem);

  async function submit(event) {
    event.preventDefault();
    problem.replaceChildren();
    button.disabled = true;
    try {
      const named = preset.value;
      const { id } = await post("/runs", { task: task.value, ...(named && { preset: named }) });
      location.assign(`/runs/${encodeURIComponent(id)}`);
    } catch (error) {
      problem.replaceChildren(said(error.message));
      button.disabled = false;
    }
  }
}

function entry(run) {
  const task = run.task.replace(/\s+/g, " ");
  return h("li", null,
    h("a", { href: `/runs/${encodeURIComponent(run.id)}` }, said(task.length > 140 ? `${task.slice(0, 140)}…` : task || "(no words)")),
    h("p", { class: "over" },
      h("span", { class: `state ${run.state}` }, STATES[run.state] ?? run.state),
      h("time", { datetime: new Date(run.begun_at * 1000).toISOString() }, moment(run.begun_at)),
      run.rounds > 0 && h("span", null, plural(run.rounds, "round")),
      run.usd !== null && run.usd !== undefined && h("span", null, dollars(typeof run.usd === "number" ? String(Number(run.usd.toPrecision(3))) : run.usd)),
      run.forked_from && h("span", null, "a fork"),
      run.graph !== "deliberation" && h("span", null, run.graph)),
    (run.answer || run.reason) && h("p", { class: "got" }, said(run.answer || run.reason)));
}
