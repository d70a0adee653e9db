/** The line to write in: plain messages, and slash commands with a hint. */

import { act } from "./wire.js";
import { h, unique } from "./dom.js";
import { notice } from "./notices.js";
import { shown } from "./state.js";

const COMMANDS = [
  ["/mtls", "What can be done now, by you, here"],
  ["/mtls start", "Open a run: close the origin of a site, step by approved step"],
  ["/mtls plan", "Look only: what a run would do, nothing is written"],
  ["/mtls status", "Where the runs and the protected sites stand"],
  ["/mtls list", "The newest runs; also by state, as in /mtls list closed"],
  ["/mtls probe", "Ask the origin directly, now"],
  ["/mtls undo", "Go back: the whole run, the last step, or to a step"],
  ["/mtls pause", "Begin nothing new; /mtls resume goes on"],
  ["/mtls stop", "End the run where it stands"],
  ["/mtls policy", "Who may approve on a site, and how many"],
  ["/mtls history", "Who did what and when, as files"],
  ["/mtls help", "What I can do, and the words I use"],
];

export function composer({ channel, label, thread = null }) {
  const listId = unique("commands");
  const list = h("ul.commands", { role: "listbox", id: listId, "aria-label": "Commands", hidden: true });
  const hint = h("p.hint", { id: unique("hint") });
  const field = h("textarea", {
    rows: "1", "aria-label": label, placeholder: label, spellcheck: "false", "data-place": `composer ${thread ?? channel()}`,
    "aria-controls": listId, "aria-describedby": hint.id,
  });
  let active = 0;

  const matching = () => (!thread && field.value.startsWith("/") && !field.value.includes("\n")
    ? COMMANDS.filter(([name]) => name.startsWith(field.value.trimEnd()) && name !== field.value.trimEnd()) : []);
  const offer = () => {
    const found = matching();
    active = Math.min(active, Math.max(0, found.length - 1));
    list.hidden = !found.length;
    list.replaceChildren(...found.map(([name, what], n) => h("li", {
      role: "option", id: `${listId}-${n}`, "aria-selected": String(n === active),
      onpointerdown: (e) => { e.preventDefault(); complete(name); },
    }, h("b", {}, name), h("span", {}, what))));
    if (found.length) field.setAttribute("aria-activedescendant", `${listId}-${active}`);
    else field.removeAttribute("aria-activedescendant");
    const inThread = thread && field.value.startsWith("/");
    hint.textContent = inThread ? "Commands cannot be used in threads. Use the channel." : "";
    field.style.height = "auto";
    field.style.height = `${Math.min(field.scrollHeight, 140)}px`;
  };
  const complete = (name) => { field.value = `${name} `; active = 0; offer(); field.focus(); };

  const send = async () => {
    const text = field.value.trim();
    if (!text || (thread && text.startsWith("/"))) return;
    field.value = "";
    offer();
    const told = text.startsWith("/")
      ? await act("command", { channel: channel(), text })
      : await act("say", { channel: channel(), text, thread_ts: thread });
    if (told.error) notice(told.error);
  };

  field.addEventListener("input", offer);
  field.addEventListener("blur", () => { list.hidden = true; });
  field.addEventListener("focus", offer);
  field.addEventListener("keydown", (event) => {
    const found = matching();
    if (!list.hidden && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      event.preventDefault();
      active = (active + (event.key === "ArrowDown" ? 1 : found.length - 1)) % found.length;
      offer();
    } else if (!list.hidden && event.key === "Tab" && !event.shiftKey) { event.preventDefault(); complete(found[active][0]); }
    else if (!list.hidden && event.key === "Escape") { event.preventDefault(); list.hidden = true; }
    else if (event.key === "Enter" && !event.shiftKey) {
      event.preventDefault();
      const [typed] = found[active] ?? [];
      if (!list.hidden && typed && field.value.trimEnd().length < "/mtls ".length) complete(typed);
      else send();
    }
  });
  const form = h("form.composer", { onsubmit: (e) => { e.preventDefault(); send(); } },
    list,
    h("div.box", {}, field, h("button.button.primary", { type: "submit" }, "Send")),
    hint);
  form.dataset.person = shown.person;
  return form;
}
