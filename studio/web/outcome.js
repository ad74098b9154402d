/** What came of a vote: the answers ranked, and what other rules would have picked. */

import { h } from "./element.js";
import { said } from "./foreign.js";
import { number, table } from "./table.js";
import { signed } from "./words.js";

/** Answers, conviction, the other rules, and what the guards did. */
export function drawOutcome(round, key) {
  const tally = round.tally;
  return [
    h("p", null, h("strong", null, said(tally.winner)), " leads, by ",
      tally.decided_by === "votes" ? ["the ", h("code", null, tally.rule), " vote"] : "plurality: there were too few ballots",
      `; conviction ${signed(tally.conviction)}.`),
    table(`Answers of round ${round.number}, best first`, ["Answer", number("Net support"), number("Score"), "Given by"],
      tally.answers.map((one) => [
        one.leads ? h("strong", null, said(one.answer), " ", h("span", { class: "leads" }, "leads")) : said(one.answer),
        number(signed(one.support)),
        number(signed(one.score).replace("+", "")),
        one.by.map((who, i) => [i ? ", " : "", said(who.expert), who.round !== round.number && ` (round ${who.round})`]),
      ])),
    rules(tally),
    tally.guards.length > 0 && h("ul", { class: "guards" }, tally.guards.map((words) => h("li", null, said(words)))),
    tally.unguarded && h("p", { class: "turned" }, "Without its guards: ", said(tally.unguarded), "."),
  ];
}

function rules(tally) {
  if (!tally.rules.length) return h("p", null, "No ballots, so no rule could pick.");
  return h("p", { class: tally.rules_agree ? "rules" : "rules turned" },
    tally.rules_agree ? "All voting rules agree: " : "The voting rules disagree: ",
    tally.rules.map((one, i) => [i ? ", " : "", h("code", null, one.rule),
      !tally.rules_agree && [" ", one.same ? "the same" : h("strong", null, said(one.answer))]]), ".");
}
