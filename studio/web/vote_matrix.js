/** The vote matrix as a heat map. Colour is never alone: every cell says its number. */

import { h, unseen } from "./element.js";
import { said } from "./foreign.js";
import { scrolling } from "./table.js";
import { plural, signed } from "./words.js";

/** Where the steps of colour end; among many candidates votes are small, so the first
 * ones are narrow. */
const STEPS = [0.08, 0.2, 0.45, 0.7, 1];
const CROWD = 6;

/** The colour class of a value in [-1, 1]. */
export function heat(value) {
  if (value === null || value === undefined) return "none";
  if (Math.abs(value) < 0.005) return "zero";
  const size = 1 + STEPS.findIndex((end) => Math.abs(value) <= end + 1e-9) || STEPS.length;
  return `${value > 0 ? "for" : "against"}${size}`;
}

/** Reviewers down, candidates across. */
export function drawMatrix(round) {
  const { candidates, reviewers } = round.matrix;
  const label = `Votes of round ${round.number}: a row for each reviewer, a column for each proposal`;
  return [
    scrolling(label, h("table", { class: "matrix" },
      h("caption", null, label, ". The letter is the name under which the reviewer saw the proposal."),
      h("thead", null, h("tr", null, h("th", { scope: "col" }, "Reviewer"), candidates.map((c) => head(c, round)))),
      h("tbody", null, reviewers.map((row) => h("tr", null,
        h("th", { scope: "row" }, said(row.reviewer), notes(row)),
        row.cells.map(cell)))),
      round.tally && h("tfoot", null, h("tr", null, h("th", { scope: "row" }, "Net support"),
        candidates.map((c) => h("td", { "data-heat": heat(c.support) }, h("b", null, signed(c.support)))))))),
    legend(),
  ];
}

/** What reviewers wrote, by candidate. */
export function drawCritiques(round) {
  const { candidates, reviewers } = round.matrix;
  const lists = candidates.map((candidate, column) => {
    const given = reviewers.filter((row) => row.cells[column].kind === "vote");
    if (!given.length) return null;
    return h("details", { "data-key": `critiques ${candidate.id} ${round.number}` },
      h("summary", null, "of ", h("strong", null, said(candidate.expert)), candidate.answer && [": ", said(cut(candidate.answer, 40))],
        ` – ${plural(given.length, "critique")}`),
      h("ul", null, given.map((row) => critique(row.reviewer, row.cells[column]))));
  });
  const shown = candidates.length > CROWD
    ? h("details", { "data-key": `critiques ${round.number}` }, h("summary", null, `By proposal: ${candidates.length}`), lists)
    : lists;
  return h("div", { class: "critiques" }, h("h4", null, "Critiques"), shown);
}

function head(candidate, round) {
  return h("th", { scope: "col", class: candidate.leads ? "leads" : "" },
    h("span", { class: "name" }, said(candidate.expert)),
    candidate.round !== round.number && h("span", { class: "old" }, `round ${candidate.round}`),
    h("span", { class: "short" }, candidate.answer === null ? "in prose" : said(cut(candidate.answer, 24))),
    candidate.leads && h("span", { class: "mark-leads" }, "leads"));
}

function notes(row) {
  return [row.absent && h("span", { class: "note" }, "absent"),
    row.repaired && h("span", { class: "note" }, "JSON repaired"),
    row.dropped_labels.length > 0 && h("span", { class: "note" }, `unknown labels: ${row.dropped_labels.join(", ")}`)];
}

function cell(one) {
  const words = {
    self: ["self", ", own proposal, masked"],
    absent: ["absent", ""],
    ungiven: ["·", "not given to this reviewer"],
    unmarked: ["–", "seen but not voted on"],
    pending: ["…", "not in yet"],
  }[one.kind];
  if (words) return h("td", { class: one.kind }, h("span", { "aria-hidden": words[0].length === 1 ? "true" : null }, words[0]), words[1] && unseen(words[1]));
  const value = one.vote ?? null;
  const shown = value === null ? signed(one.weight / 100) : signed(value);
  return h("td", { class: "vote", "data-heat": heat(value ?? one.weight / 100) },
    h("b", null, shown), h("span", { class: "as" }, unseen(" seen as "), one.label));
}

function critique(reviewer, one) {
  return h("li", null,
    h("span", { class: "who" }, h("strong", null, said(reviewer)), ` on ${one.label}: `,
      h("span", { class: "support", "data-heat": heat(one.weight / 100) }, `weight ${signed(one.weight, 0)}`),
      one.vote !== null && one.vote !== undefined && ` vote ${signed(one.vote)}`), " ",
    h("span", { class: "prose", dir: "auto" }, one.critique || "no words"),
    one.claims.length > 0 && h("ul", { class: "claims" }, one.claims.map((claim) => h("li", { dir: "auto" }, claim))));
}

function legend() {
  const key = (kind, value, words) => h("li", null, h("span", { class: `swatch ${kind}`, "data-heat": value, "aria-hidden": "true" }), words);
  return h("ul", { class: "legend", "aria-label": "Key" },
    key("", "for4", "for (+)"), key("", "against4", "against (−)"), key("", "zero", "neither"),
    key("self", null, "own proposal, masked"), key("absent", null, "absent"));
}

function cut(words, most) {
  return words.length <= most ? words : `${words.slice(0, most).trimEnd()}…`;
}
