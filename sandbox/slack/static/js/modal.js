/** The modal on top of the person's stack, as a dialog with a form. */

import { act } from "./wire.js";
import { blocks } from "./blocks.js";
import { focused, h, restore } from "./dom.js";
import { mark } from "./faces.js";
import { place } from "./controls.js";
import { plain } from "./mrkdwn.js";
import { shown } from "./state.js";

const dialog = document.getElementById("modal");
let view = null;
let drawn = "";
let typed = new Map();
let sending = false;
let jump = false;

const sent = () => [...typed.values()];

const at = (element, when) => Boolean(element.dispatch_action_config?.trigger_actions_on?.includes(when));

/** How a view's blocks act; shared with the home tab, which has nothing to type. */
export const viewContext = (current) => ({
  errors: current().errors,
  act: (block, element, value) => act("view/press", { view: current().id, block_id: block.block_id, action_id: element.action_id, value, values: sent() }),
  suggest: async (block, element, text) => (await act("view/suggest", { view: current().id, action_id: element.action_id, typed: text })).options ?? [],
  chosen: (block, element) => current().state.values[block.block_id]?.[element.action_id],
  enter: (block, element, value, pressed = element.type !== "plain_text_input" || at(element, "on_character_entered")) => {
    typed.set(place(block, element), { block_id: block.block_id, action_id: element.action_id, value });
    if (block.dispatch_action && pressed) act("view/press", { view: current().id, block_id: block.block_id, action_id: element.action_id, value, values: sent() });
  },
});

async function submit(event) {
  event.preventDefault();
  if (sending) return;
  sending = true;
  const button = dialog.querySelector('[type="submit"]');
  button?.setAttribute("aria-busy", "true");
  const told = await act("view/submit", { view: view.id, values: sent() });
  sending = false;
  button?.removeAttribute("aria-busy");
  jump = Object.keys(told.errors ?? {}).length > 0;
  jumpToWrong();
}

/** After a refused submission the first wrong field has the focus, once it is marked as such. */
function jumpToWrong() {
  const first = jump && dialog.querySelector(".refused :is(input, select, textarea)");
  if (!first) return;
  jump = false;
  first.focus();
}

const close = (everything) => view && act("view/close", { view: view.id, everything });

dialog.addEventListener("cancel", (event) => { event.preventDefault(); close(true); });

function keepTyped(next) {
  const known = new Set(next.blocks.flatMap((b) => (b.element ? [place(b, b.element)] : [])));
  typed = next.id === view?.id ? new Map([...typed].filter(([at]) => known.has(at))) : new Map();
}

/** What was typed but not yet sent stands in the fields although the server does not know it. */
function withTyped(next) {
  const values = structuredClone(next.state.values);
  for (const { block_id, action_id, value } of typed.values()) {
    const entry = values[block_id]?.[action_id];
    if (!entry) continue;
    const key = Object.keys(entry).find((k) => k !== "type");
    const element = next.blocks.find((b) => b.block_id === block_id).element;
    const option = (v) => (v === null || typeof v === "object" ? v : (element.option_groups?.flatMap((g) => g.options) ?? element.options ?? []).find((o) => o.value === v));
    entry[key] = key === "selected_option" ? option(value) : key === "selected_options" ? value.map(option) : value;
  }
  return { ...next, state: { values } };
}

export function drawModal() {
  const next = shown.state.modals.at(-1) ?? null;
  const content = JSON.stringify([next?.id, next?.hash, next?.errors]);
  if (content === drawn) return;
  if (!next) { view = null; drawn = content; typed = new Map(); dialog.close(); return; }
  const focus = focused(dialog);
  const scroll = dialog.querySelector(".content")?.scrollTop ?? 0;
  const same = next.id === view?.id;
  keepTyped(next);
  view = withTyped(next);
  drawn = content;
  dialog.replaceChildren(form(view));
  if (!dialog.open) dialog.showModal();
  if (same) { dialog.querySelector(".content").scrollTop = scroll; if (focus) restore(dialog, focus); }
  if (same) jumpToWrong();
  else dialog.querySelector(".content input:not([type=radio]):not([type=checkbox]), .content select, .content textarea")?.focus();
}

function form(current) {
  const closing = current.close?.text ?? "Close";
  return h("form", { onsubmit: submit, novalidate: true },
    h("div.head", {}, mark(), h("h2", { id: "modal-title" }, ...plain(current.title.text)),
      h("button.quiet", { type: "button", "aria-label": "Close", "data-place": "head", onclick: () => close(true) }, "✕")),
    h("div.content", {}, blocks(current.blocks, viewContext(() => view))),
    (current.submit || current.close) && h("div.foot", {},
      h("button.button", { type: "button", "data-place": "close", onclick: () => close(false) }, ...plain(closing)),
      current.submit && h("button.button.primary", { type: "submit", "data-place": "submit" }, ...plain(current.submit.text))));
}
