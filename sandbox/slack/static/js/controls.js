/** What a person can press or choose outside of forms' inputs. */

import { confirmed } from "./confirm.js";
import { finder } from "./finder.js";
import { h } from "./dom.js";
import { plain } from "./mrkdwn.js";
import { shown } from "./state.js";

export const place = (block, element) => `${block.block_id} ${element.action_id}`;

export const options = (element) => element.option_groups?.flatMap((g) => g.options) ?? element.options ?? [];

/** Asks for confirmation where the element wants it, then acts once. */
async function send(node, block, element, context, value) {
  if (node.getAttribute("aria-busy") === "true") return;
  if (element.confirm && !(await confirmed(element.confirm))) return;
  node.setAttribute("aria-busy", "true");
  await context.act(block, element, value);
  node.removeAttribute("aria-busy");
}

function button(block, element, context) {
  const node = h(`${element.url ? "a" : "button"}.button${element.style ? `.${element.style}` : ""}`, {
    "data-place": place(block, element),
    "aria-label": element.accessibility_label,
    ...(element.url ? { href: element.url, target: "_blank", rel: "noreferrer" } : { type: "button" }),
    onclick: () => send(node, block, element, context),
  }, h("span", {}, ...plain(element.text.text)));
  return node;
}

/** A native select: what the platform's own select does needs no second invention. */
export function select(element, chosen, props) {
  const option = (o) => h("option", { value: o.value, selected: o.value === chosen }, o.text.text);
  const placeholder = element.placeholder?.text ?? "Choose an option";
  return h("select.field", props,
    h("option", { value: "", disabled: Boolean(chosen), selected: !chosen }, placeholder),
    ...(element.option_groups?.map((g) => h("optgroup", { label: g.label.text }, ...g.options.map(option))) ?? element.options.map(option)));
}

export function people(element) {
  const offered = Object.entries(shown.state.people).filter(([, p]) => !p.bot);
  return { ...element, options: offered.map(([id, p]) => ({ value: id, text: { text: p.name } })) };
}

export function channels(element) {
  const offered = shown.state.channels.filter((c) => !c.direct);
  return { ...element, options: offered.map((c) => ({ value: c.id, text: { text: c.name } })) };
}

const label = (element) => element.placeholder?.text ?? "Choose an option";

const current = (context, block, element) => context.chosen(block, element);

function selecting(block, element, context) {
  const node = select(element, current(context, block, element)?.selected_option?.value, {
    "aria-label": label(element),
    "data-place": place(block, element),
    onchange: () => send(node, block, element, context, node.value),
  });
  return node;
}

function menu(block, element, context) {
  const node = select({ ...element, placeholder: { text: "More" } }, null, {
    "aria-label": "More actions",
    class: "field menu",
    "data-place": place(block, element),
    onchange: async () => { await send(node, block, element, context, node.value); node.selectedIndex = 0; },
  });
  return node;
}

function date(block, element, context) {
  const node = h("input.field", {
    type: "date", "aria-label": label(element), "data-place": place(block, element),
    value: current(context, block, element)?.selected_date ?? "",
    onchange: () => send(node, block, element, context, node.value || null),
  });
  return node;
}

/** Radio buttons and checkboxes as a list of labelled choices. */
export function choices(element, name, { picked, change, marked }) {
  const type = element.type === "checkboxes" ? "checkbox" : "radio";
  return h("div.options", {}, ...element.options.map((option, n) => h("label", {},
    h("input", { type, name, value: option.value, checked: picked.includes(option.value), onchange: change, "data-place": `${marked} ${n}` }),
    h("span", {}, ...plain(option.text.text)),
    option.description && h("span.more", {}, ...plain(option.description.text)))));
}

export const pickedFrom = (node, element) => {
  const values = [...node.querySelectorAll("input:checked")].map((i) => i.value);
  return element.type === "checkboxes" ? values : values[0] ?? null;
};

export const pickedIn = (entry) => [
  ...[entry?.selected_option, ...(entry?.selected_options ?? [])].filter(Boolean).map((o) => o.value),
  ...(entry?.selected_users ?? []),
];

function choosing(block, element, context) {
  const node = h("div", { role: "group", "aria-label": label(element) }, choices(element, place(block, element), {
    picked: pickedIn(current(context, block, element)),
    change: () => send(node, block, element, context, pickedFrom(node, element)),
    marked: place(block, element),
  }));
  return node;
}

function finding(block, element, context) {
  const node = finder(element, {
    name: label(element), place: place(block, element),
    chosen: current(context, block, element)?.selected_option ?? null,
    ask: (typed) => context.suggest(block, element, typed),
    choose: (option) => option && send(node, block, element, context, option),
  });
  return node;
}

const KINDS = {
  button,
  static_select: selecting,
  users_select: (block, element, context) => selecting(block, people(element), context),
  external_select: finding,
  overflow: menu,
  datepicker: date,
  radio_buttons: choosing,
  checkboxes: choosing,
};

export const control = (block, element, context) => KINDS[element.type]?.(block, element, context)
  ?? h("span.b-unknown", {}, `This page cannot draw an element of type ${element.type}.`);
