/** What a run at work is doing: the graph, who is asked, the time, and the buttons. */

import { confirmButton } from "./confirm_button.js";
import { h } from "./element.js";
import { said } from "./foreign.js";
import { drawGraph } from "./graph_drawing.js";
import { PHASES, STATES, lasting } from "./words.js";

const STEP_OF = { propose: "proposer", review: "peer_review", synthesize: "synthesizer" };

/** The panel; it is drawn anew with every event. */
export function drawLivePanel(live, narrow) {
  const { told } = live;
  const progress = live.progress;
  const people = [...progress.people];
  const done = people.filter(([, one]) => one.state !== "asked").length;
  const counts = progress.phase && people.length ? { [STEP_OF[progress.phase]]: `${done} of ${people.length}` } : {};
  return h("section", { class: "live panel", "aria-labelledby": "live-title" },
    h("h2", { id: "live-title" }, heading(told)),
    told.state === "running" && h("p", { class: "where" },
      progress.round ? `Round ${progress.round} of at most ${told.run.round_limit}` : "Binding a team",
      progress.phase && `, ${PHASES[progress.phase]}: ${done} of ${people.length} in`,
      ". ", elapsed(told.run.begun_at)),
    told.reason && h("p", { class: "reason" }, said(told.reason)),
    h("div", { class: "graph-box" }, drawGraph(told.run.graph, progress, counts, narrow)),
    told.state === "running" && people.length > 0 && h("ul", { class: "people", "aria-label": "Who is asked" },
      people.map(([name, one]) => h("li", { class: one.state }, h("strong", null, said(name)), " ", said(one.words)))),
    h("p", { class: "buttons" }, buttons(live)),
    live.problem && h("p", { class: "problem", role: "alert" }, said(live.problem)));
}

function heading(told) {
  if (told.at_work_elsewhere) return "At work in another process";
  return { running: "At work", waiting: "Waits for you", open: "Interrupted", cancelled: "Given up" }[told.state] ?? STATES[told.state] ?? told.state;
}

function buttons(live) {
  const act = (what) => ({ click: () => live.act(what) });
  const button = (id, words, on, name = "") => h("button", { id, type: "button", class: name, on }, words);
  const cancel = confirmButton("cancel", "Give it up", "Give it up, without an answer", "Keep it", () => live.act("cancel"));
  const resume = button("resume", "Resume", act("resume"), "main");
  return {
    running: [button("stop", "Stop with the best answer so far", act("stop"), "main"), cancel],
    waiting: [],
    open: live.told.at_work_elsewhere ? [] : [resume],
    cancelled: [resume],
  }[live.told.state] ?? [];
}

/** Counts on by itself, without disturbing anybody. */
function elapsed(begun) {
  if (!begun) return "";
  const time = h("span", { class: "elapsed" });
  const tick = () => {
    time.replaceChildren(lasting(Math.max(0, Math.floor(Date.now() / 1000 - begun))));
  };
  tick();
  const timer = setInterval(() => (time.isConnected ? tick() : clearInterval(timer)), 1000);
  return time;
}
