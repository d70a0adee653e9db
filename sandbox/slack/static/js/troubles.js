/** The controls that make trouble, each with the sentence on what one should see. */

import { h } from "./dom.js";
import { act } from "./wire.js";

async function press(button, key) {
  button.setAttribute("aria-busy", "true");
  await act("trouble", { key });
  button.removeAttribute("aria-busy");
}

function control({ key, title, promise, lasts }) {
  const pressed = lasts === null ? null : String(lasts);
  const button = h("button.button", {
    type: "button", "aria-pressed": pressed, "aria-describedby": `promise-${key}`, "data-place": `trouble-${key}`,
    onclick: (event) => press(event.currentTarget, key),
  }, title);
  return h("li", { "data-key": key }, button, h("p", { id: `promise-${key}` }, promise));
}

const list = h("ul.troubles");
const section = h("section.facts.trouble", { hidden: true, "aria-labelledby": "trouble-title" },
  h("h3", { id: "trouble-title" }, "Make trouble"), list);

/** The section, with what can be done now; buttons that are there stay, so that focus does too. */
export function troubles(told = []) {
  section.hidden = told.length === 0;
  const there = new Map([...list.children].map((item) => [item.dataset.key, item]));
  told.forEach((each) => {
    const old = there.get(each.key);
    if (!old) list.append(control(each));
    else if (each.lasts !== null) old.firstChild.setAttribute("aria-pressed", String(each.lasts));
  });
  return section;
}
