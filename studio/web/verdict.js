/** The verdict: the answer, why it stands, and what it took. */

import { h } from "./element.js";
import { prose, said } from "./foreign.js";
import { facts } from "./table.js";
import { count, dollars, lasting, plural, signed } from "./words.js";

/** Nothing while there is none. */
export function drawVerdict(run) {
  const verdict = run.verdict;
  if (!verdict) return null;
  const failed = verdict.status === "failed";
  const total = run.bill.total;
  return h("section", { class: "verdict", "aria-labelledby": "verdict-title" },
    h("h2", { id: "verdict-title" }, "Verdict"),
    failed ? h("p", { class: "answer none" }, "No answer") : answer(run, verdict),
    h("p", { class: "because" }, "Stopped ", after(verdict.rounds), ": ", said(verdict.stop.words),
      " (", h("code", null, verdict.stop.reason), "). ",
      verdict.rounds > 0 && [verdict.commit_words[0].toUpperCase(), verdict.commit_words.slice(1), " (", h("code", null, verdict.commit_type), ")."]),
    facts([
      verdict.rounds > 0 && ["Conviction", signed(verdict.conviction)],
      ["Rounds", `${verdict.rounds} of at most ${run.round_limit}`],
      ["Time", lasting(verdict.seconds)],
      ["Cost", dollars(total.usd)],
      ["Calls", count(total.calls) + (total.failed ? `, ${total.failed} failed` : "")],
      ["Tokens", `${total.estimated ? "~" : ""}${count(total.input_tokens)} in, ${count(total.output_tokens)} out`],
    ], "facts figures-row"),
    run.synthesis && !run.synthesis.used && h("details", { "data-key": "unused synthesis" },
      h("summary", null, "The synthesizer's text was not used: it changed the answer"),
      h("p", null, "By ", said(run.synthesis.expert)), prose(run.synthesis.text, "unused text")));
}

function answer(run, verdict) {
  const by = verdict.synthesized && run.synthesis
    ? ["Written by ", h("strong", null, said(run.synthesis.expert)), " from ", said(verdict.author), "'s proposal of round ", verdict.author_round]
    : ["Proposed by ", h("strong", null, said(verdict.author)), ` in round ${verdict.author_round}`];
  return [
    verdict.short && h("p", { class: "answer", dir: "auto" }, verdict.answer),
    verdict.text !== verdict.answer || !verdict.short ? prose(verdict.text, "verdict text") : null,
    verdict.author && h("p", { class: "by" }, by),
  ];
}

function after(rounds) {
  return rounds ? `after ${plural(rounds, "round")}` : "before a round was decided";
}
