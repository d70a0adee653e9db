/** The dialog that an element may ask for before it acts. */

import { h } from "./dom.js";
import { plain, text } from "./mrkdwn.js";

const dialog = document.getElementById("confirm");

/** True when the person agreed. Escape and the second button mean no. */
export function confirmed(asked) {
  return new Promise((resolve) => {
    const answer = (yes) => () => dialog.close(yes ? "yes" : "no");
    dialog.replaceChildren(
      h("h2", { id: "confirm-title" }, ...plain(asked.title.text)),
      text(asked.text),
      h("div.foot", {},
        h("button.button", { type: "button", onclick: answer(false) }, ...plain(asked.deny.text)),
        h(`button.button.${asked.style ?? "primary"}`, { type: "button", autofocus: true, onclick: answer(true) }, ...plain(asked.confirm.text))));
    dialog.returnValue = "no";
    dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true });
    dialog.showModal();
  });
}
