/** How far a run is, read off its events. */

/** The order of the loop's steps. */
export const LOOP = ["broker", "proposer", "identity_mask", "peer_review", "quadratic_voting", "forget_gate", "stopping", "human_review", "synthesizer", "verdict"];

const NODES = { propose: "proposer", review: "peer_review", synthesize: "synthesizer" };

/** Round, step at work, and who was asked and how that went. `steps` is what the server
 * knows of a run that is at rest. */
export function progressOf(events, state, steps = []) {
  const now = { round: 0, step: "broker", phase: null, people: new Map(), passed: new Set(), last: "" };
  for (const event of events) next(now, event);
  if (state !== "running" && LOOP.includes(steps[0])) at(now, steps[0]);
  if (state === "waiting") at(now, "human_review");
  if (state === "finished") at(now, "verdict");
  return now;
}

/** An event in words, for the line of news. */
export function inWords(event) {
  const who = event.expert ?? "";
  switch (event.event) {
    case "bound": return `Round ${event.round}: team bound`;
    case "proposed": return `${who} proposed ${event.answer ?? "in prose"}`;
    case "voted": return `${who} voted`;
    case "absent": return `${who} is absent: ${event.reason ?? ""}`;
    case "tallied": return `Round ${event.round} decided, conviction ${(event.conviction ?? 0).toFixed(2)}`;
    case "halted": return `Stopping: ${event.reason ?? ""}`;
    case "decided": return `You decided: ${event.reason ?? ""}`;
    case "synthesized": return `${who} wrote the final text`;
    default: return "";
  }
}

function next(now, event) {
  now.last = inWords(event) || now.last;
  switch (event.event) {
    case "bound":
      Object.assign(now, { round: event.round, phase: null, people: new Map(), passed: new Set() });
      at(now, "proposer");
      break;
    case "asked":
      if (now.phase !== event.phase) Object.assign(now, { phase: event.phase, people: new Map() });
      at(now, NODES[event.phase]);
      now.people.set(event.expert, { state: "asked", words: "asked" });
      break;
    case "proposed":
      now.people.set(event.expert, { state: "in", words: event.answer ?? "in prose" });
      break;
    case "voted":
      now.people.set(event.expert, { state: "in", words: "ballot in" });
      break;
    case "synthesized":
      now.people.set(event.expert, { state: "in", words: "text in" });
      at(now, "verdict");
      break;
    case "absent":
      if (now.phase !== event.phase) Object.assign(now, { phase: event.phase, people: new Map() });
      now.people.set(event.expert, { state: "out", words: event.reason ?? "absent" });
      break;
    case "tallied":
      at(now, "forget_gate");
      break;
    case "halted":
      at(now, "synthesizer");
      break;
    case "decided":
      at(now, "broker");
      break;
  }
}

function at(now, step) {
  now.step = step;
  now.passed = new Set(LOOP.slice(0, LOOP.indexOf(step)));
}
