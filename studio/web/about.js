/** What the run was made with: settings, experts, prompts, and whether a trail holds. */

import { h } from "./element.js";
import { said } from "./foreign.js";
import { table } from "./table.js";
import { lasting } from "./words.js";

/** The record's own account of itself. */
export function drawAbout(told) {
  const run = told.run;
  return h("section", { class: "about", "aria-labelledby": "about-title" },
    h("h2", { id: "about-title" }, "Record"),
    told.trail && h("p", { class: "trail" }, h("strong", null, "Trail: ", said(told.trail.status)), told.trail.detail && [". ", said(told.trail.detail)]),
    h("p", null, `nsed ${run.version}, graph `, h("code", null, run.graph), ", run ", h("code", { class: "id" }, run.id), "."),
    run.pauses.some((one) => one.seconds >= 1) && h("p", null, run.pauses.filter((one) => one.seconds >= 1).map((one) => `Nobody worked at it for ${lasting(one.seconds)} in round ${one.round}. `)),
    table("Experts in the pool", ["Name", "Provider", "Model", "Family"],
      run.experts.map((one) => [said(one.name), one.provider, said(one.model), said(one.family)])),
    run.settings.length
      ? table("Settings that are not the defaults", ["Knob", "Value"], run.settings.map(([name, value]) => [h("code", null, name), said(value)]))
      : h("p", null, "All settings are the defaults."),
    h("details", { "data-key": "prompts" }, h("summary", null, "Hashes of the prompts"),
      table("SHA-256 of every prompt file", ["Prompt", "SHA-256"], Object.entries(run.prompts).map(([name, hash]) => [name, h("code", null, hash)]))));
}
