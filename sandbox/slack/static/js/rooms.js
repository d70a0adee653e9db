/** The list of conversations, and who one is. */

import { h } from "./dom.js";
import { mark } from "./faces.js";
import { go, messages, nameOf, shown } from "./state.js";

const nav = document.getElementById("rooms");
const switcher = document.getElementById("switch");

export function unread(channel) {
  const read = shown.read.get(`${shown.person} ${channel.id}`) ?? "";
  return messages(channel.id).filter((m) => m.ts > read && m.user !== shown.person).length;
}

export function markRead(id) {
  const last = messages(id).at(-1)?.ts;
  if (last) shown.read.set(`${shown.person} ${id}`, last);
}

const waits = (channel) => (channel.id === shown.room ? 0 : unread(channel));

function entry(channel) {
  const waiting = waits(channel);
  return h("li", {}, h(`button.room${waiting ? ".unread" : ""}`, {
    type: "button", "aria-current": channel.id === shown.room ? "page" : null, "data-place": channel.id, onclick: () => go(channel.id),
  },
  h("span.glyph", { "aria-hidden": "true" }, channel.direct ? mark() : channel.private ? "◦" : "#"),
  h("span", {}, channel.direct ? nameOf(shown.state.bot) : channel.name),
  waiting > 0 && h("span.count", {}, String(waiting), h("span.unseen", {}, " unread"))));
}

let drawn = "";

export function drawRooms() {
  // Only when it changes: what is drawn anew under a finger loses the press.
  const content = JSON.stringify([shown.person, shown.room, nameOf(shown.state.bot), shown.state.channels.map((c) => [c, waits(c)])]);
  if (content === drawn) return;
  drawn = content;
  const focus = document.activeElement?.closest?.("#rooms [data-place]")?.dataset.place;
  const { channels } = shown.state;
  nav.replaceChildren(
    h("h2", {}, "Channels"), h("ul", {}, ...channels.filter((c) => !c.direct).map(entry)),
    h("h2", {}, "Apps"), h("ul", {}, ...channels.filter((c) => c.direct).map(entry)));
  if (focus) nav.querySelector(`[data-place="${focus}"]`)?.focus();
}

export function drawSwitch(change) {
  if (switcher.dataset.of === shown.person) return;
  switcher.dataset.of = shown.person;
  switcher.replaceChildren(h("legend.unseen", {}, "You are"), ...shown.state.switch.map((id) => h("label", {},
    h("input", { type: "radio", name: "person", value: id, checked: id === shown.person, onchange: () => change(id) }),
    h("span", {}, nameOf(id)))));
}
