/** What a run asks after a round: go along, stop, say something, or veto an answer. */

import { h } from "./element.js";
import { prose, said } from "./foreign.js";
import { signed } from "./words.js";

const MOST_CHARS = 2000;

/** A form; `decide` sends the decision and raises what is wrong with it. */
export function drawQuestion(question, decide) {
  const problem = h("p", { class: "problem", role: "alert" }, question.problem && said(question.problem));
  const note = h("textarea", { id: "note", name: "note", rows: 3, maxlength: MOST_CHARS, dir: "auto" });
  const form = h("form", { class: "question panel", "aria-labelledby": "question-title", on: { submit } },
    h("h2", { id: "question-title" }, `Your say after round ${question.round}`),
    h("p", null, "Conviction ", signed(question.conviction), ". By the rules ",
      question.would_stop ? ["the run would stop: ", said(question.would_stop)] : "another round would follow", "."),
    h("fieldset", null, h("legend", null, "What shall happen?"),
      choice("approve", "Go along with the rules", true),
      choice("stop", "Stop with the best answer so far"),
      choice("note", "Tell all experts something"),
      choice("veto", "Veto an answer")),
    h("fieldset", { class: "table" }, h("legend", null, "On the table"),
      question.proposals.map((one, i) => h("div", { class: "option" },
        h("input", { type: "radio", name: "proposal", id: `proposal-${i}`, value: one.proposal, on: { change: () => pick("veto") } }),
        h("label", { for: `proposal-${i}` },
          said(one.answer ?? "in prose", "short"), " ", h("span", { class: "support" }, `net support ${signed(one.net_support)}`),
          one.proposal === question.leading && h("span", { class: "leads" }, "leads")),
        prose(one.text, `asked ${one.proposal}`)))),
    h("label", { for: "note" }, "What to tell them (with “tell”, or with a veto)"), note,
    problem,
    h("p", { class: "buttons" }, h("button", { id: "decide", class: "main" }, "Decide")));
  note.addEventListener("input", () => chosen() === "veto" || pick("note"));
  return form;

  function choice(value, words, checked = false) {
    return h("div", { class: "option" },
      h("input", { type: "radio", name: "action", id: `action-${value}`, value, checked }),
      h("label", { for: `action-${value}` }, words));
  }

  function pick(value) {
    form.querySelector(`#action-${value}`).checked = true;
  }

  function chosen() {
    return new FormData(form).get("action");
  }

  async function submit(event) {
    event.preventDefault();
    const given = new FormData(form);
    const action = given.get("action");
    const decision = { action };
    if (action === "note" || (action === "veto" && note.value.trim())) decision.note = note.value;
    if (action === "veto") decision.veto = given.get("proposal") ?? "";
    problem.replaceChildren();
    if (action === "veto" && !decision.veto) return complain("Choose the answer to veto under “On the table”.");
    if (action === "note" && !note.value.trim()) return complain("Say what the experts are to be told.");
    try {
      await decide(decision);
    } catch (error) {
      complain(error.message);
    }
  }

  function complain(words) {
    problem.replaceChildren(said(words));
  }
}
