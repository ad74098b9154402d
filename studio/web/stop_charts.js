/** Why it stopped, in two charts: evidence against what was asked for, and the utility
 * of so many rounds. */

import { frame, levels, path, text, ticks } from "./chart.js";
import { h, svg } from "./element.js";
import { plural } from "./words.js";

/** Evidence after every round against effort × ceiling. */
export function drawEvidence(stop, narrow) {
  const width = narrow ? 316 : 320;
  const end = Math.max(stop.ceiling, stop.needed, ...stop.evidence.map((one) => one.evidence)) * 1.08 || 1;
  const rounds = stop.evidence;
  const at = frame({ width, height: 230, xs: [0.4, rounds.length + 0.6], ys: [0, end], left: 44 });
  const wide = Math.min(28, (at.right - at.left) / rounds.length - 6);
  const last = rounds.at(-1);
  const line = (value, name, words) => [
    svg("line", { class: name, x1: at.left, x2: at.right, y1: at.y(value), y2: at.y(value) }),
    text(at.right, at.y(value) - 5, words, "end", name),
  ];
  return h("figure", null,
    h("figcaption", null, h("strong", null, "Evidence"), ` ${last.evidence.toFixed(3)} of ${stop.needed.toFixed(3)}: effort ${stop.effort} of the ceiling ${stop.ceiling.toFixed(3)}`),
    at.shell(`Evidence after each round: ${rounds.map((one) => `${one.evidence.toFixed(3)} after round ${one.round}`).join(", ")}. Asked for: ${stop.needed.toFixed(3)}.`,
      levels(at, [0], (v) => v.toFixed(0)),
      ticks(at, rounds.map((_, i) => i + 1), (v) => rounds[v - 1].round),
      rounds.map((one, i) => svg("rect", { class: one.evidence >= stop.needed ? "column enough" : "column", x: at.x(i + 1) - wide / 2, width: wide,
        y: at.y(one.evidence), height: Math.max(0.5, at.bottom - at.y(one.evidence)) })),
      line(stop.needed, "needed", "asked for"),
      Math.abs(at.y(stop.ceiling) - at.y(stop.needed)) > 14 && line(stop.ceiling, "ceiling", "ceiling")));
}

/** The utility curve with the rounds that were played on it. */
export function drawCurve(stop, narrow) {
  const width = narrow ? 316 : 320;
  const values = stop.curve.map(([, u]) => u);
  const low = Math.min(...values), high = Math.max(...values);
  const at = frame({ width, height: 230, xs: [0, stop.curve.at(-1)[0]], ys: [low, high + (high - low) * 0.08], left: 44 });
  const end = Math.round(stop.curve.at(-1)[0]);
  const every = Math.max(1, Math.ceil(end / 8));
  const c = stop.constants;
  return h("figure", null,
    h("figcaption", null, h("strong", null, "Utility"), ` of ${plural(stop.rounds.length, "round")} on the curve`),
    at.shell(`Utility curve. ${stop.rounds.map(([n, u]) => `${u.toFixed(3)} after round ${n}`).join(", ")}. ${stop.best === null ? "It has no peak." : `Its peak is at ${stop.best.toFixed(1)} rounds.`}`,
      levels(at, [low, (low + high) / 2, high], (v) => v.toFixed(2)),
      ticks(at, Array.from({ length: Math.floor(end / every) + 1 }, (_, i) => i * every), (v) => v),
      stop.best !== null && stop.best > 0 && stop.best <= stop.curve.at(-1)[0] && [
        svg("line", { class: "best", x1: at.x(stop.best), x2: at.x(stop.best), y1: at.top, y2: at.bottom }),
        text(at.x(stop.best) - 4, at.bottom - 6, `peak ${stop.best.toFixed(1)}`, "end", "best")],
      path(stop.curve.map(([t, u]) => [at.x(t), at.y(u)]), "curve"),
      stop.rounds.map(([n, u]) => svg("circle", { class: "played", cx: at.x(n).toFixed(1), cy: at.y(u).toFixed(1), r: 4.5 }, svg("title", null, `round ${n}: ${u.toFixed(3)}`)))),
    h("p", { class: "small" }, `The constants are illustrative, not fitted: p_g ${c.p_guess}, p_v ${c.p_verify}, Λ ${c.rate}, β ${c.fatigue}.`));
}
