/** What the charts share: a frame with two scales, drawn at the size it is shown. */

import { svg } from "./element.js";

/** A frame: `x` and `y` map values to places; `shell` puts marks into an image. */
export function frame({ width, height, xs, ys, right = 12, left = 38 }) {
  const [top, bottom] = [10, 26];
  const x = (value) => left + ((value - xs[0]) / (xs[1] - xs[0] || 1)) * (width - left - right);
  const y = (value) => height - bottom - ((value - ys[0]) / (ys[1] - ys[0] || 1)) * (height - top - bottom);
  const shell = (label, ...marks) => svg("svg", { class: "chart", width, height, viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": label }, marks);
  return { x, y, shell, left, right: width - right, top, bottom: height - bottom };
}

/** Lines across with their values at the left. */
export function levels(at, values, words) {
  return values.map((value) => [
    svg("line", { class: "level", x1: at.left, x2: at.right, y1: at.y(value), y2: at.y(value) }),
    text(at.left - 6, at.y(value) + 4, words(value), "end"),
  ]);
}

/** Marks below. */
export function ticks(at, values, words) {
  return values.map((value) => text(at.x(value), at.bottom + 18, words(value), "middle"));
}

/** Words in a chart. */
export function text(x, y, words, anchor = "start", name = "") {
  return svg("text", { x: x.toFixed(1), y: y.toFixed(1), "text-anchor": anchor, class: name }, words);
}

/** A path through points. */
export function path(points, name) {
  const d = points.map(([x, y], i) => `${i ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`).join("");
  return svg("path", { d, class: name, fill: "none" });
}
