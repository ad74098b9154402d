/** Elements made of attributes and text. Nothing here reads markup, so no text of a
 * model can become any: every string ends as a text node. */

const SVG = "http://www.w3.org/2000/svg";

/** An HTML element; `given` are attributes, and under `on` listeners by event. */
export function h(tag, given, ...children) {
  return filled(document.createElement(tag), given, children);
}

/** An SVG element. */
export function svg(tag, given, ...children) {
  return filled(document.createElementNS(SVG, tag), given, children);
}

/** Words for screen readers only. */
export function unseen(words) {
  return h("span", { class: "unseen" }, words);
}

function filled(element, given, children) {
  for (const [name, value] of Object.entries(given ?? {})) {
    if (name === "on") {
      for (const [event, heard] of Object.entries(value)) element.addEventListener(event, heard);
    } else if (value !== null && value !== undefined && value !== false) {
      if (/^(on|style$|src|srcdoc)/i.test(name)) throw new Error(`no ${name} here`);
      if (name === "href" && !/^(#|\/(?!\/))/.test(value)) throw new Error("a link leads out");
      element.setAttribute(name, value === true ? "" : value);
    }
  }
  for (const child of children.flat(Infinity)) {
    if (child === null || child === undefined || child === false) continue;
    element.append(child instanceof Node ? child : document.createTextNode(String(child)));
  }
  return element;
}
