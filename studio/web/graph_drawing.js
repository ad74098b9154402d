/** The graph with the step at work: a loop in two rows, or on a phone in two columns. */

import { svg } from "./element.js";

const NAMES = {
  broker: "broker", proposer: "propose", identity_mask: "mask", peer_review: "review", quadratic_voting: "vote",
  forget_gate: "forget", stopping: "stop?", human_review: "your say", synthesizer: "synthesize", verdict: "verdict",
  majority_vote: "majority",
};
const DELIBERATION = ["broker", "proposer", "identity_mask", "peer_review", "quadratic_voting", "forget_gate", "stopping", "human_review", "synthesizer", "verdict"];
const BASELINES = { majority_vote: ["broker", "proposer", "majority_vote", "verdict"], single_expert: ["broker", "proposer", "majority_vote", "verdict"] };

/** Draw it; `counts` are words by step, such as `2/3`. */
export function drawGraph(graph, progress, counts, narrow) {
  const steps = BASELINES[graph] ?? DELIBERATION;
  const at = narrow ? columns(steps) : rows(steps);
  const box = narrow ? { width: 128, height: 38 } : { width: 112, height: 44 };
  const state = (step) => (step === progress.step ? "now" : progress.passed.has(step) ? "past" : "ahead");
  const links = steps.slice(1).map((step, i) => arrow(at.places.get(steps[i]), at.places.get(step), box, state(step) === "ahead" ? "ahead" : "past"));
  const loop = steps.includes("human_review") && back(at.places.get("human_review"), at.places.get("broker"), box, narrow);
  return svg("svg", { class: "graph", viewBox: `0 0 ${at.width} ${at.height}`, width: at.width, height: at.height, role: "img",
    "aria-label": `The graph: ${steps.map((step) => NAMES[step]).join(", ")}. At work: ${NAMES[progress.step] ?? progress.step}.` },
    links, loop, steps.map((step) => node(step, at.places.get(step), box, state(step), counts[step])));
}

function rows(steps) {
  const half = Math.min(5, steps.length);
  const places = new Map(steps.map((step, i) => {
    const second = i >= half;
    const column = second ? 2 * half - 1 - i : i;
    return [step, { x: 66 + column * 138, y: second ? 118 : 30 }];
  }));
  return { places, width: 132 + (half - 1) * 138, height: steps.length > half ? 148 : 60 };
}

function columns(steps) {
  const half = Math.min(5, steps.length);
  const places = new Map(steps.map((step, i) => {
    const second = i >= half;
    const row = second ? 2 * half - 1 - i : i;
    return [step, { x: second ? 244 : 72, y: 26 + row * 58 }];
  }));
  return { places, width: steps.length > half ? 316 : 144, height: 52 + (half - 1) * 58 };
}

function node(step, { x, y }, box, state, count) {
  return svg("g", { class: `node ${state}` },
    svg("rect", { x: x - box.width / 2, y: y - box.height / 2, width: box.width, height: box.height, rx: 4 }),
    svg("text", { x, y: count ? y - 2 : y + 4, "text-anchor": "middle" }, NAMES[step] ?? step),
    count && svg("text", { class: "count", x, y: y + 14, "text-anchor": "middle" }, count));
}

function arrow(from, to, box, name) {
  const across = Math.abs(to.x - from.x) > Math.abs(to.y - from.y);
  const sign = Math.sign(across ? to.x - from.x : to.y - from.y);
  const half = (across ? box.width : box.height) / 2;
  const start = across ? { x: from.x + sign * half, y: from.y } : { x: from.x, y: from.y + sign * half };
  const end = across ? { x: to.x - sign * (half + 7), y: to.y } : { x: to.x, y: to.y - sign * (half + 7) };
  const tip = across ? `M${end.x} ${end.y - 4}L${end.x + sign * 7} ${end.y}L${end.x} ${end.y + 4}Z` : `M${end.x - 4} ${end.y}L${end.x} ${end.y + sign * 7}L${end.x + 4} ${end.y}Z`;
  return svg("g", { class: `link ${name}` }, svg("path", { d: `M${start.x} ${start.y}L${end.x} ${end.y}`, fill: "none" }), svg("path", { class: "tip", d: tip }));
}

/** The way into another round: around the corner, between the rows. */
function back(from, to, box, narrow) {
  const [w, t] = [box.width / 2, box.height / 2];
  const middle = narrow ? (from.x + to.x) / 2 : (from.y + to.y) / 2;
  const d = narrow
    ? `M${from.x - w} ${from.y}H${middle}V${to.y}H${to.x + w + 7}`
    : `M${from.x} ${from.y - t}V${middle}H${to.x}V${to.y + t + 7}`;
  const tip = narrow
    ? `M${to.x + w + 7} ${to.y - 4}L${to.x + w} ${to.y}L${to.x + w + 7} ${to.y + 4}Z`
    : `M${to.x - 4} ${to.y + t + 7}L${to.x} ${to.y + t}L${to.x + 4} ${to.y + t + 7}Z`;
  return svg("g", { class: "link again" }, svg("path", { d, fill: "none" }), svg("path", { class: "tip", d: tip }));
}
