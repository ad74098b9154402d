/** Where the page begins: a run that was exported, one of the server, or the list. */

import { h } from "./element.js";
import { drawList } from "./run_list.js";
import { drawRun, watchRun } from "./run_page.js";

const main = document.getElementById("main");
const exported = document.getElementById("run-data");
const found = /^\/runs\/([^/]+)\/?$/.exec(location.pathname);

if (exported) {
  drawRun(main, JSON.parse(exported.textContent));
} else {
  const here = found ? null : "page";
  document.getElementById("places").prepend(h("a", { href: "/runs", "aria-current": here }, "Runs"));
  if (found) watchRun(main, decodeURIComponent(found[1]));
  else drawList(main);
}
