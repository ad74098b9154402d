/** The page in sections: only those whose data changed are drawn anew, and what was
 * open or had the focus stays so. An element with `data-keep` is itself kept, with all
 * that the reader did in it, as long as one of that name is drawn. */

const FOCUSED = "a[href], button, input, select, textarea, summary, [tabindex]";

export class Sections {
  constructor(root) {
    this.root = root;
    this.drawn = new Map();
  }

  /** Draw a list of `{ key, data, draw }`; `draw` gives an element or null. */
  update(wanted) {
    const before = this.drawn;
    this.drawn = new Map();
    let place = null;
    for (const { key, data, draw } of wanted) {
      const print = JSON.stringify(data) ?? "";
      const old = before.get(key);
      before.delete(key);
      const same = old && old.print === print;
      const element = same ? old.element : draw();
      if (!element) {
        old?.element?.remove();
        continue;
      }
      if (!same && old) replaced(old.element, element);
      if (!element.isConnected) this.root.insertBefore(element, place ? place.nextSibling : this.root.firstChild);
      place = element;
      this.drawn.set(key, { print, element });
    }
    for (const { element } of before.values()) element.remove();
  }

  /** Forget what was drawn, so that the next update draws all. */
  forget() {
    for (const kept of this.drawn.values()) kept.print = null;
  }
}

function replaced(old, fresh) {
  const open = new Set([...old.querySelectorAll("details[open][data-key]")].map((d) => d.dataset.key));
  for (const one of fresh.querySelectorAll("details[data-key]")) one.open = one.open || open.has(one.dataset.key);
  const all = [...old.querySelectorAll(FOCUSED)];
  const at = all.indexOf(document.activeElement);
  const focused = all[at];
  const scrolled = [...old.querySelectorAll(".scroll")].map((box) => [box.scrollLeft, box.scrollTop]);
  keep(old, fresh);
  old.replaceWith(fresh);
  [...fresh.querySelectorAll(".scroll")].forEach((box, i) => scrolled[i] && box.scrollTo(...scrolled[i]));
  if (focused) (focused.isConnected ? focused : same(focused, fresh, at))?.focus({ preventScroll: true });
}

function keep(old, fresh) {
  const kept = new Map([...old.querySelectorAll("[data-keep]")].map((one) => [one.dataset.keep, one]));
  for (const one of fresh.querySelectorAll("[data-keep]")) one.replaceWith(kept.get(one.dataset.keep) ?? one);
}

function same(element, fresh, at) {
  const key = element.dataset.key ?? element.closest("[data-key]")?.dataset.key;
  const candidates = [...fresh.querySelectorAll(FOCUSED)];
  return candidates.find((one) => one.id && one.id === element.id)
    ?? (key && candidates.find((one) => (one.dataset.key ?? one.closest("[data-key]")?.dataset.key) === key))
    ?? candidates[Math.min(at, candidates.length - 1)];
}
