/** The broker's receipt: who, why, within which limits, who not, and what was expected. */

import { h } from "./element.js";
import { said } from "./foreign.js";
import { facts, number, table } from "./table.js";
import { count, lasting, money, plural } from "./words.js";

/** One receipt for every team that has one; the first is open. */
export function drawReceipts(run) {
  const bound = run.rounds.filter((round) => round.team?.receipt && round.team.bound !== "kept");
  if (!bound.length) return null;
  return h("section", { class: "receipts", "aria-labelledby": "receipt-title" },
    h("h2", { id: "receipt-title" }, "The broker's receipt"),
    bound.map((round, i) => h("details", { "data-key": `receipt ${round.number}`, open: i === 0 },
      h("summary", null, `Team of round ${round.number}: ${round.team.receipt.status}, ${round.team.receipt.objective.toFixed(2)} nats`),
      receipt(round.team))));
}

function receipt(team) {
  const told = team.receipt;
  const forecast = told.forecast;
  return [
    team.profile && h("p", null, "A ", said(team.profile.category), ` task of about ${plural(team.profile.input_tokens, "token")}; answers of about ${plural(team.profile.answer_tokens, "token")} are expected.`),
    h("p", null, told.status === "optimal"
      ? `No team within the limits is worth more in ${plural(forecast.rounds, "round")}.`
      : `Not proven best: a better team could be worth ${(100 * told.gap).toPrecision(2)} % more.`,
      told.redundancy > 0 && ` ${told.redundancy.toFixed(3)} nats were taken off for shared errors.`,
      team.proposers.length > 1 && ` Its ${team.proposers.length} proposers are as good as n_eff = ${told.n_eff.toFixed(2)} independent ones (mean correlation ${told.correlation.toFixed(2)}).`),
    table("Seats: what each is expected to bring", ["Expert", "Role", number("Nats"), number("Chance, 90 %"), number("Seen"), number("p95 s"), number("USD"), "Why"],
      told.chosen.map((seat) => [said(seat.expert), seat.role, number(seat.value.toFixed(3)),
        number(`${seat.chance.toFixed(2)} (${seat.low.toFixed(2)}–${seat.high.toFixed(2)})`), number(seat.observed.toPrecision(3)),
        number(seat.latency_s === null ? "–" : seat.latency_s.toFixed(2)), number(seat.usd === null ? "unknown" : money(seat.usd).replace(" USD", "")), said(seat.why)])),
    told.limits.length > 0 && table("Limits: how much of each the team uses", ["Limit", number("Used"), number("Allowed"), number("Slack"), "Unit"],
      told.limits.map((one) => [said(one.limit), number(amount(one.used, one.unit)),
        number(`at ${/^(least|min)_/.test(one.limit) ? "least" : "most"} ${amount(one.allowed, one.unit)}`),
        number(one.slack <= 0 ? h("b", null, amount(one.slack, one.unit)) : amount(one.slack, one.unit)), one.unit])),
    told.left_out.length > 0 && table("Left out: why, and what would let it in", ["Expert", "Why", "What would let it in"],
      told.left_out.map((one) => [said(one.expert), said(one.why), one.change ? said(one.change) : "no single change"])),
    h("h3", null, "Expected"),
    facts([
      ["Rounds", forecast.rounds],
      ["Cost", money(forecast.usd) + (forecast.usd_most ? `; ${money(forecast.usd_least)} if one round settles it, ${money(forecast.usd_most)} at the most` : "")],
      ["Calls", count(forecast.calls)],
      ["Tokens", `${count(forecast.input_tokens)} in, ${count(forecast.output_tokens)} out`],
      ["Time", forecast.seconds === null ? "unknown" : `${lasting(forecast.seconds)}, if a call in every phase is slow`],
    ]),
    told.notes.length > 0 && [h("h3", null, "Notes"), h("ul", null, told.notes.map((note) => h("li", null, said(note))))],
  ];
}

function amount(value, unit) {
  if (unit === "USD") return money(Math.abs(value)).replace(" USD", "").replace(/^/, value < 0 ? "−" : "");
  return value.toLocaleString("en", { maximumFractionDigits: { GB: 2, s: 1 }[unit] ?? 0 });
}
