/** Input blocks of a form: label, element, hint, error. What is typed goes to `context.enter`. */

import { channels, choices, people, pickedFrom, pickedIn, place, select } from "./controls.js";
import { finder } from "./finder.js";
import { h, unique } from "./dom.js";
import { plain } from "./mrkdwn.js";

const LINE_TYPES = { plain_text_input: "text", number_input: "number", email_text_input: "email", url_text_input: "url", datepicker: "date", timepicker: "time" };

function line(block, element, context, props) {
  const entry = context.chosen(block, element);
  const value = entry?.value ?? entry?.selected_date ?? entry?.selected_time ?? "";
  const changed = (event) => context.enter(block, element, event.target.value || null);
  const pressed = (event) => {
    if (event.key !== "Enter" || !block.dispatch_action || element.multiline) return;
    event.preventDefault();
    context.enter(block, element, event.target.value || null, true);
  };
  const both = { ...props, value, onkeydown: pressed, placeholder: element.placeholder?.text, oninput: changed, maxlength: element.max_length, autocomplete: "off" };
  if (element.multiline) return h("textarea.field", { ...both, rows: "4" });
  return h("input.field", { ...both, type: LINE_TYPES[element.type], spellcheck: "false" });
}

function selecting(block, element, context, props) {
  const chosen = context.chosen(block, element);
  const node = select(element, chosen?.selected_option?.value ?? chosen?.selected_user ?? chosen?.selected_conversation, { ...props, onchange: () => context.enter(block, element, node.value || null) });
  if (block.optional) node.options[0].disabled = false;
  return node;
}

function choosing(block, element, context, props) {
  const node = h("div", {}, choices(element, props.id, {
    picked: pickedIn(context.chosen(block, element)),
    change: () => context.enter(block, element, pickedFrom(node, element)),
    marked: place(block, element),
  }));
  return node;
}

function many(block, element, context, props) {
  const picked = pickedIn(context.chosen(block, element));
  const node = h("select.field", { ...props, multiple: true, onchange: () => context.enter(block, element, [...node.selectedOptions].map((o) => o.value)) },
    ...element.options.map((o) => h("option", { value: o.value, selected: picked.includes(o.value) }, o.text.text)));
  return node;
}

function finding(block, element, context, props) {
  const node = finder(element, {
    labelledby: props["aria-labelledby"], place: place(block, element),
    chosen: context.chosen(block, element)?.selected_option ?? null,
    ask: (typed) => context.suggest(block, element, typed),
    choose: (option) => context.enter(block, element, option),
  });
  const field = node.querySelector("input");
  field.id = props.id;
  if (props["aria-describedby"]) field.setAttribute("aria-describedby", props["aria-describedby"]);
  return node;
}

const KINDS = {
  static_select: selecting,
  users_select: (block, element, context, props) => selecting(block, people(element), context, props),
  conversations_select: (block, element, context, props) => selecting(block, channels(element), context, props),
  external_select: finding,
  multi_static_select: many,
  multi_users_select: (block, element, context, props) => many(block, people(element), context, props),
  radio_buttons: choosing,
  checkboxes: choosing,
};

export function input(block, context) {
  const { element } = block;
  const error = context.errors?.[block.block_id];
  const [id, labelId, helpId, errorId] = ["input", "label", "help", "error"].map(unique);
  const described = [error && errorId, block.hint && helpId].filter(Boolean).join(" ") || null;
  const props = { id, "data-place": place(block, element), "aria-labelledby": labelId, "aria-describedby": described, "aria-invalid": error ? "true" : null, "aria-required": block.optional ? null : "true" };
  const grouped = element.type === "radio_buttons" || element.type === "checkboxes";
  const node = (KINDS[element.type] ?? line)(block, element, context, props);
  const title = [...plain(block.label.text), block.optional && h("span.maybe", {}, " (optional)")];
  return h(`div.b-input${error ? ".refused" : ""}`, grouped ? { role: "group", "aria-labelledby": labelId, "aria-describedby": described } : {},
    grouped ? h("div.label", { id: labelId }, ...title) : h("label", { id: labelId, htmlFor: id }, ...title),
    node,
    error && h("p.wrong", { id: errorId }, h("span", {}, error)),
    block.hint && h("p.help", { id: helpId }, ...plain(block.hint.text)));
}
