/** The bill: calls, tokens, dollars and seconds by expert and phase. */

import { h, svg } from "./element.js";
import { said } from "./foreign.js";
import { number, table } from "./table.js";
import { PHASES, count, dollars, lasting } from "./words.js";

const BAR = 120;

/** A table with a bar for the tokens of each expert. */
export function drawBill(run) {
  const bill = run.bill;
  if (!bill.experts.length) return null;
  const most = Math.max(1, ...bill.experts.map(tokens));
  const phases = bill.phases;
  const heads = ["Expert", "Tokens by phase", ...phases.map((phase) => number(capital(PHASES[phase]))),
    number("Calls"), number("Failed"), number("USD"), number("Seconds")];
  const row = (name, line, parts, bar) => [name, bar,
    ...phases.map((phase) => number(parts[phase].calls ? flow(parts[phase]) : "–")),
    number(count(line.calls) + (line.cached ? ` (${line.cached} cached)` : "")),
    number(line.failed || "–"), number(line.usd), number(line.seconds.toFixed(1))];
  return h("section", { class: "bill", "aria-labelledby": "bill-title" },
    h("h2", { id: "bill-title" }, "Cost"),
    h("p", null, `${dollars(bill.total.usd)} for ${count(bill.total.calls)} calls`,
      bill.seconds !== null && `, in ${lasting(bill.seconds)} by the clock`, "."),
    table("Tokens in → out, calls, dollars and seconds by expert and phase", heads,
      bill.experts.map((one) => row(said(one.expert), one, one.by_phase, bar(one, phases, most))),
      { foot: row("all", bill.total, bill.by_phase, "") }),
    h("ul", { class: "legend", "aria-hidden": "true" }, phases.map((phase, i) => h("li", null, h("span", { class: `swatch phase${i}` }), PHASES[phase]))),
    h("ul", { class: "remarks" }, h("li", null, "seconds: of the calls, which overlap"), bill.remarks.map((words) => h("li", null, words))));
}

function flow(line) {
  return `${line.estimated ? "~" : ""}${count(line.input_tokens)} → ${count(line.output_tokens)}`;
}

function tokens(line) {
  return line.input_tokens + line.output_tokens;
}

function bar(one, phases, most) {
  let x = 0;
  const parts = phases.map((phase, i) => {
    const width = (tokens(one.by_phase[phase]) / most) * BAR;
    const part = svg("rect", { class: `phase${i}`, x: x.toFixed(1), y: 1, width: width.toFixed(1), height: 10 });
    x += width;
    return part;
  });
  const words = phases.map((phase) => `${PHASES[phase]} ${count(tokens(one.by_phase[phase]))} tokens`).join(", ");
  return svg("svg", { class: "bar", width: BAR, height: 12, viewBox: `0 0 ${BAR} 12`, role: "img", "aria-label": words }, parts);
}

function capital(words) {
  return words[0].toUpperCase() + words.slice(1);
}
