/** The page of one run: its sections in order, drawn once or followed while it runs. */

import { drawAbout } from "./about.js";
import { drawAlarms } from "./alarms.js";
import { drawBill } from "./bill.js";
import { drawCheckpoints } from "./checkpoints.js";
import { drawFigures } from "./figures.js";
import { drawFailure, drawHead } from "./head.js";
import { LiveRun } from "./live_run.js";
import { drawReceipts } from "./receipt.js";
import { drawRound, drawRoundLinks } from "./round.js";
import { Sections } from "./sections.js";
import { drawVerdict } from "./verdict.js";

const NARROW = matchMedia("(max-width: 42rem)");

/** Draw a run that will not change any more. */
export function drawRun(main, told) {
  const sections = new Sections(main);
  const draw = () => sections.update(sectionsOf(told, null));
  draw();
  redrawOnTurn(sections, draw);
}

/** Draw a run of the server, and follow it until it ends. */
export async function watchRun(main, id) {
  const sections = new Sections(main);
  const live = new LiveRun(id, () => sections.update(sectionsOf(live.told, live)));
  try {
    await live.begin();
  } catch (error) {
    main.replaceChildren(drawFailure(error.message));
    return;
  }
  redrawOnTurn(sections, () => sections.update(sectionsOf(live.told, live)));
}

function redrawOnTurn(sections, draw) {
  NARROW.addEventListener("change", () => {
    sections.forget();
    draw();
  });
}

function sectionsOf(told, live) {
  const run = told.run;
  const narrow = NARROW.matches;
  const ended = ["finished", "failed"].includes(told.state);
  document.title = `${run.task.slice(0, 60)} – nsed`;
  return [
    { key: "head", data: [run.id, run.task, told.state, told.reason], draw: () => drawHead(told) },
    live && !ended && { key: "live", data: [live.news(), narrow, run.graph], draw: () => live.draw(narrow) },
    live && told.question && { key: "question", data: told.question, draw: () => live.drawQuestion() },
    { key: "alarms", data: [run.verdict, run.absences], draw: () => drawAlarms(run) },
    { key: "verdict", data: [run.verdict, run.synthesis, run.bill.total], draw: () => drawVerdict(run) },
    { key: "rounds", data: run.rounds.map((r) => r.number), draw: () => drawRoundLinks(run) },
    { key: "figures", data: [run.support, run.stop, narrow], draw: () => drawFigures(run, narrow) },
    ...run.rounds.map((round) => ({
      key: `round ${round.number}`,
      data: [round, run.stop, ended, run.rounds.length],
      draw: () => drawRound(round, run, live),
    })),
    { key: "bill", data: run.bill, draw: () => drawBill(run) },
    { key: "receipts", data: run.rounds.map((r) => r.team), draw: () => drawReceipts(run) },
    live && { key: "checkpoints", data: [run.id], draw: () => drawCheckpoints(live) },
    { key: "about", data: [run.settings, run.prompts, told.trail], draw: () => drawAbout(told) },
  ].filter(Boolean);
}
