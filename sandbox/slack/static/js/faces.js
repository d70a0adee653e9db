/** Who somebody is, as a small picture. */

import { h } from "./dom.js";
import { isBot, nameOf, shown } from "./state.js";

const SVG = "http://www.w3.org/2000/svg";

export function mark() {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 36 36");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", "/static/icon.svg#mark");
  svg.append(use);
  return svg;
}

export function face(id) {
  if (isBot(id)) return h("div.face", { "aria-hidden": "true" }, mark());
  const colour = Math.max(0, Object.keys(shown.state.people).indexOf(id)) % 5;
  return h(`div.face.c${colour}`, { "aria-hidden": "true" }, nameOf(id).slice(0, 1));
}
