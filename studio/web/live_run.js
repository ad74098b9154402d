/** A run of the server, followed while it is at work: its events, and its record anew
 * whenever something happened. */

import { h } from "./element.js";
import { visible } from "./foreign.js";
import { withKey } from "./key_form.js";
import { drawLivePanel } from "./live_panel.js";
import { drawQuestion } from "./question_form.js";
import { progressOf } from "./progress.js";
import { follow, get, post } from "./server.js";

const PAUSE_MS = 300;
const LATE_MS = 2000;
const ELSEWHERE_MS = 3000;
const AGAIN_MS = [500, 1000, 2000, 5000];

export class LiveRun {
  constructor(id, redraw) {
    this.id = id;
    this.redraw = redraw;
    this.told = null;
    this.events = [];
    this.seen = 0;
    this.path = `/runs/${encodeURIComponent(id)}`;
    this.problem = "";
    this._following = false;
    this._asking = null;
    this._again = false;
  }

  /** Load it, and follow it if it is at work. Raises what the server has to say. */
  async begin() {
    const main = document.getElementById("main");
    await withKey(main, () => this._load());
    main.replaceChildren();
    this.redraw();
    this._goOn();
  }

  /** What the live panel shows; drawn anew when it changes. */
  news() {
    const { state, reason, steps, at_work_elsewhere: elsewhere } = this.told;
    return [state, reason, steps, elsewhere, this.events.length, this.problem];
  }

  get progress() {
    return progressOf(this.events, this.told.state, this.told.steps);
  }

  draw(narrow) {
    return drawLivePanel(this, narrow);
  }

  drawQuestion() {
    return drawQuestion(this.told.question, (decision) => this.act("decide", decision));
  }

  /** Stop, cancel, resume or decide; what is wrong is told in the panel. */
  async act(what, body = {}) {
    this.problem = "";
    try {
      await post(`${this.path}/${what}`, body);
    } catch (error) {
      this.problem = error.message;
      if (what === "decide") throw error;
    }
    await this._load();
    this.redraw();
    this._goOn();
  }

  /** Begin another run where this one stood before a round; gives its id. */
  async fork(round, knobs) {
    return (await post(`${this.path}/fork`, { from_round: round, knobs })).id;
  }

  async checkpoints(id = "") {
    return get(`${this.path}/checkpoints${id && `/${encodeURIComponent(id)}`}`);
  }

  async _load() {
    const { run, ...rest } = await get(this.path, true);
    this.told = { ...visible(rest), run };
  }

  /** Follow it where this server plays it; else look again from time to time. */
  _goOn() {
    if (this._following) return;
    if (this.told.state === "running") this._follow();
    else if (this.told.at_work_elsewhere) this._watch();
  }

  async _watch() {
    this._following = true;
    while (this.told.at_work_elsewhere) {
      await pause(ELSEWHERE_MS);
      await this._load().catch(() => {});
      this.redraw();
    }
    this._following = false;
    this._goOn();
  }

  async _follow() {
    this._following = true;
    for (let tries = 0; this.told.state === "running"; tries += 1) {
      try {
        const end = await follow(this.id, this.seen, (number, event) => {
          tries = 0;
          this.seen = number || this.seen + 1;
          this.events.push(event);
          announce(progressOf([event], "").last);
          this.redraw();
          this._refresh();
        });
        await this._load();
        if (end) announce(`The run is over: ${end.state}. ${end.reason ?? ""}`);
      } catch {
        await this._load().catch(() => {});
      }
      this.redraw();
      if (this.told.state === "running") await pause(AGAIN_MS[Math.min(tries, AGAIN_MS.length - 1)]);
    }
    this._following = false;
    this._goOn();
  }

  /** Load the record anew: soon, once, and once more if something came meanwhile. What
   * an event tells of may be on file a moment later only, so there is a last time, too. */
  _refresh(last = false) {
    clearTimeout(this._late);
    if (!last) this._late = setTimeout(() => this._refresh(true), LATE_MS);
    if (this._asking) {
      this._again = true;
      return;
    }
    this._asking = setTimeout(async () => {
      this._again = false;
      await this._load().catch(() => {});
      this._asking = null;
      this.redraw();
      if (this._again) this._refresh();
    }, PAUSE_MS);
  }
}

function pause(ms) {
  return new Promise((done) => setTimeout(done, ms));
}

function announce(words) {
  if (words) document.getElementById("news").replaceChildren(h("span", null, words));
}
