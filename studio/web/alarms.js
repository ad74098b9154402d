/** What a reader has to know before he trusts the answer: who was missing, and why. */

import { h } from "./element.js";
import { said } from "./foreign.js";
import { PHASES } from "./words.js";

/** Characters of a reason that stand there unasked. */
const MOST = 300;

/** A banner for a degraded or failed run; notes of a complete one; else nothing. */
export function drawAlarms(run) {
  const verdict = run.verdict;
  const status = verdict?.status ?? "complete";
  if (status === "complete" && !run.absences.length && !(verdict?.notes.length)) return null;
  const bad = status !== "complete" || run.absences.length > 0;
  return h("section", { class: `alarm ${status === "failed" ? "bad" : bad ? "warn" : "quiet"}`, "aria-labelledby": "alarm-title" },
    h("h2", { id: "alarm-title" }, title(run, status)),
    verdict?.failure && h("p", null, said(verdict.failure)),
    verdict?.notes.length > 0 && h("ul", null, verdict.notes.map((note) => h("li", null, said(note)))),
    run.absences.length > 0 && absences(run.absences));
}

/** A list of absences, with what was written that could not be used. */
export function absences(list) {
  return h("ul", { class: "absences" }, list.map((one) => h("li", null,
    h("strong", null, said(one.expert)), ` was absent in round ${one.round} (${PHASES[one.phase]}, ${one.kind}): `,
    one.reason.length <= MOST ? said(one.reason) : h("details", { "data-key": `reason ${one.round} ${one.phase} ${one.expert}` },
      h("summary", null, said(`${one.reason.slice(0, MOST / 2)} …`)), h("p", { class: "prose", dir: "auto" }, one.reason)),
    one.wrote && h("details", { "data-key": `wrote ${one.round} ${one.phase} ${one.expert}` },
      h("summary", null, "What it wrote"), h("p", { class: "prose", dir: "auto" }, one.wrote)))));
}

function title(run, status) {
  if (status === "failed") return "FAILED: there is no answer";
  if (status === "degraded") {
    const alone = run.absences.length > 0 && run.absences.every((a) => a.phase === "synthesize");
    return `DEGRADED: ${alone ? "no text of the synthesizer" : "not the full panel"}`;
  }
  return run.absences.length ? "Experts were missing" : "Notes";
}
