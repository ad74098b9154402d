/** The small charts: net support over rounds, the utility curve, the evidence. */

import { h } from "./element.js";
import { drawLines } from "./support_chart.js";
import { drawCurve, drawEvidence } from "./stop_charts.js";

/** Nothing before the first round is decided. */
export function drawFigures(run, narrow) {
  if (!run.stop.rounds.length) return null;
  return h("section", { class: "figures", "aria-labelledby": "figures-title" },
    h("h2", { id: "figures-title" }, "How it came to stop"),
    h("div", { class: "plates" },
      run.support.length > 0 && drawLines(run.support, run.stop.rounds.length, narrow),
      drawEvidence(run.stop, narrow),
      drawCurve(run.stop, narrow)));
}

