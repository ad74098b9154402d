/** Net support of the answers over the rounds, as lines with their names beside them. */

import { frame, levels, path, text, ticks } from "./chart.js";
import { h, svg } from "./element.js";
import { said } from "./foreign.js";
import { number, table } from "./table.js";
import { plural, signed } from "./words.js";

const MOST = 5;
const GAP = 15;

/** The strongest answers as lines; all of them as a table. */
export function drawLines(answers, rounds, narrow) {
  const shown = answers.slice(0, MOST);
  const width = narrow ? 316 : 384;
  const most = reach(shown);
  const at = frame({ width, height: 230, xs: rounds > 1 ? [1, rounds] : [0.5, 1.5], ys: [-most, most], left: 46, right: narrow ? 80 : 96 });
  const labels = spread(shown.map((line, i) => ({ line, i, last: known(line).at(-1) })).filter((one) => one.last), at);
  const label = `Net support by round. ${shown.map((line) => `${line.answer}: ${known(line).map((p) => `${signed(p.support)} in round ${p.round}`).join(", ") || "no votes"}`).join("; ")}`;
  return h("figure", null,
    h("figcaption", null, h("strong", null, "Net support"), " of the answers, round by round"),
    at.shell(label,
      levels(at, [-1, -0.5, 0, 0.5, 1].map((part) => part * most), (v) => signed(v, most < 0.5 ? 2 : 1)),
      ticks(at, Array.from({ length: rounds }, (_, i) => i + 1), (v) => v),
      shown.map((line, i) => marks(line, i, at)),
      labels.map(({ line, i, y, last }) => [
        text(at.x(last.round) + 9, y + 4, cut(line.answer, narrow ? 9 : 11), "start", `name line${i}`)])),
    h("details", { "data-key": "support numbers" },
      h("summary", null, `All ${plural(answers.length, "answer")} in numbers`),
      table("Net support by answer and round", ["Answer", ...Array.from({ length: rounds }, (_, i) => number(`Round ${i + 1}`))],
        answers.map((line) => [said(line.answer), ...Array.from({ length: rounds }, (_, i) => {
          const point = line.points.find((p) => p.round === i + 1);
          return number(point ? signed(point.support) + (point.leads ? " leads" : "") : "");
        })]))));
}

/** How far the scale goes: up to 1, less where support is weak. */
function reach(lines) {
  const sizes = lines.flatMap(known).map((point) => Math.abs(point.support));
  return [0.1, 0.2, 0.5].find((end) => Math.max(0, ...sizes) <= end) ?? 1;
}

function known(line) {
  return line.points.filter((point) => point.support !== null);
}

function marks(line, i, at) {
  const points = known(line).map((p) => [at.x(p.round), at.y(p.support), p]);
  return [
    path(points, `line line${i}`),
    points.map(([x, y, p]) => svg("circle", { class: `dot line${i}${p.leads ? " leads" : ""}`, cx: x.toFixed(1), cy: y.toFixed(1), r: p.leads ? 4.5 : 3 },
      svg("title", null, `${line.answer}: ${signed(p.support)} in round ${p.round}${p.leads ? ", leads" : ""}`))),
  ];
}

/** Move names apart that would stand on each other. */
function spread(labels, at) {
  const sorted = labels.map((one) => ({ ...one, y: at.y(one.last.support) })).sort((a, b) => a.y - b.y);
  sorted.forEach((one, i) => {
    if (i) one.y = Math.max(one.y, sorted[i - 1].y + GAP);
  });
  return sorted;
}

function cut(words, most) {
  const line = words.replace(/\s+/g, " ");
  return line.length <= most ? line : `${line.slice(0, most - 1)}…`;
}
