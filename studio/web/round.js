/** A round as a flow: who was bound, what they proposed, how they voted, what came of it. */

import { absences } from "./alarms.js";
import { h } from "./element.js";
import { prose, said } from "./foreign.js";
import { drawForkForm } from "./fork_form.js";
import { drawMemory } from "./memory.js";
import { drawOutcome } from "./outcome.js";
import { signed } from "./words.js";
import { drawCritiques, drawMatrix, heat } from "./vote_matrix.js";

/** From so many proposals on their texts are cut short. */
const CROWD = 6;

/** Links to the rounds; they stay in sight. */
export function drawRoundLinks(run) {
  if (run.rounds.length < 2) return null;
  return h("nav", { class: "rounds", "aria-label": "Rounds" }, h("span", { "aria-hidden": "true" }, "Round"),
    h("ol", null, run.rounds.map((round) => h("li", null,
      h("a", { href: `#round-${round.number}`, "aria-label": `Round ${round.number}` }, round.number)))));
}

/** One round, names revealed. */
export function drawRound(round, run, live) {
  const id = `round-${round.number}`;
  const key = (what) => `${what} ${round.number}`;
  const last = run.verdict && round.number === run.rounds.at(-1).number;
  return h("section", { class: "round", id, "aria-labelledby": `${id}-title` },
    h("h2", { id: `${id}-title` }, `Round ${round.number}`),
    h("ol", { class: "flow" },
      round.team && step("Broker", h("p", { class: "team" }, team(round.team))),
      round.proposals.length > 0 && step("Proposals", proposals(round)),
      round.matrix && step("Blind review", [drawMatrix(round), drawCritiques(round)]),
      round.tally && step("Vote", drawOutcome(round, key)),
      round.memory && step("Forget gate", drawMemory(round.memory, key)),
      round.tally && step("Stopping", stopping(round, run, last)),
      round.absences.length > 0 && step("Absent", absences(round.absences), "warn"),
      round.intervention && step("Your say", h("p", null, intervention(round.intervention))),
      live && round.tally && step("Fork", drawForkForm(round.number, live))));
}

function step(name, content, kind = "") {
  return h("li", { class: `step ${kind}` }, h("h3", null, name), content);
}

function team(bound) {
  const both = bound.proposers.filter((name) => bound.reviewers.includes(name));
  const only = (names) => names.filter((name) => !both.includes(name));
  const parts = [[both, "propose and review"], [only(bound.proposers), "propose only"], [only(bound.reviewers), "review only"]];
  return [
    parts.filter(([list]) => list.length).map(([list, does], i) => [i ? "; " : "", names(list), ` ${does}`]),
    ". Bound by ", said(bound.broker), " (", h("span", { class: bound.bound.startsWith("re-bound") ? "rebound" : "" }, said(bound.bound)), "). ",
    Object.entries(bound.unreachable).map(([name, why]) => h("span", { class: "gone" }, said(name), " could not be reached: ", said(why), ". ")),
  ];
}

function names(list) {
  return list.map((name, i) => [i ? ", " : "", h("strong", null, said(name))]);
}

function proposals(round) {
  return h("ul", { class: "proposals" }, round.proposals.map((one) => h("li", { class: one.same ? "proposal same" : "proposal" },
    h("p", { class: "who" }, h("strong", null, said(one.expert)),
      one.leads && h("span", { class: "leads" }, "leads"),
      round.tally && h("span", { class: "support", "data-heat": heat(one.support), title: "net support" }, signed(one.support))),
    h("p", { class: "short" }, one.answer === null ? h("em", null, "in prose") : said(one.answer)),
    prose(one.text, `proposal ${one.id}`, round.proposals.length > CROWD ? 160 : undefined))));
}

function stopping(round, run, last) {
  const { evidence, needed, effort, ceiling } = { ...run.stop, evidence: round.tally.evidence };
  return h("p", null,
    `Evidence ${evidence.toFixed(3)} of ${needed.toFixed(3)} asked for (effort ${effort} of the ceiling ${ceiling.toFixed(3)}). `,
    last ? h("strong", null, "The run stopped: ", said(run.verdict.stop.words), ".") : "The run went on.");
}

function intervention(decided) {
  const done = { approve: "You went along. ", stop: "You stopped. ", veto: "", note: "" }[decided.action];
  return [done,
    decided.vetoed && ["You vetoed ", said(decided.vetoed), ". "],
    decided.note && ["You told all: ", said(decided.note, "quote")]];
}
