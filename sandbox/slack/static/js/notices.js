/** Slack's own short word to a person, as when the app did not answer in time. */

import { h } from "./dom.js";

const STAY = 9000;
const area = document.getElementById("notices");
let seen = { person: null, count: 0 };

export function notice(text) {
  const node = h("div.notice", {}, h("span", {}, text), h("button.quiet", { type: "button", "aria-label": "Dismiss", onclick: () => node.remove() }, "✕"));
  area.append(node);
  setTimeout(() => node.remove(), STAY);
}

export function showNotices(state) {
  if (seen.person !== state.me) seen = { person: state.me, count: state.notices.length };
  state.notices.slice(seen.count).forEach((told) => notice(told.text));
  seen.count = state.notices.length;
}
