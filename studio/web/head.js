/** The head of a run's page: what was asked, and how the run stands. */

import { h } from "./element.js";
import { prose, said } from "./foreign.js";
import { STATES, moment } from "./words.js";

const SHORT = 140;

/** Task, state and where it comes from. */
export function drawHead(told) {
  const run = told.run;
  const short = run.task.length <= SHORT && !run.task.includes("\n");
  const title = short ? run.task : `${run.task.replace(/\s+/g, " ").slice(0, SHORT).trimEnd()} …`;
  return h("header", { class: "head" },
    h("p", { class: "over" },
      h("span", { class: `state ${told.state}` }, STATES[told.state] ?? told.state),
      h("span", null, "Run ", h("code", null, run.id.slice(0, 8))),
      run.begun_at > 0 && h("time", { datetime: new Date(run.begun_at * 1000).toISOString() }, moment(run.begun_at)),
      run.graph !== "deliberation" && h("span", null, run.graph.replace("_", " "))),
    h("h1", { dir: "auto" }, title),
    !short && h("details", { class: "task", "data-key": "task" }, h("summary", null, "The whole task"), prose(run.task, "task text")),
    run.forked_from && h("p", { class: "fork" }, "Forked from ", origin(run.forked_from)),
    told.state === "failed" && told.reason && !run.verdict
      && h("p", { class: "reason" }, said(told.reason)));
}

/** What went wrong before there was anything to draw. */
export function drawFailure(words) {
  return h("section", { class: "alarm bad", role: "alert" }, h("h1", null, "There is nothing to show"), h("p", null, said(words)));
}

function origin(words) {
  const id = /^[0-9a-f]{16,64}(?=,|$)/.exec(words)?.[0];
  const served = !document.getElementById("run-data");
  if (!id || !served) return said(words);
  return [h("a", { href: `/runs/${id}` }, `run ${id.slice(0, 8)}`), said(words.slice(id.length))];
}
