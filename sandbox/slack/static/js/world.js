/** The side panel: facts of the world outside Slack, whatever the sandbox tells. */

import { h } from "./dom.js";

const panel = document.getElementById("world");
const toggle = document.getElementById("world-toggle");
const STATES = { open: "open", closed: "closed", failed: "bad", active: "good" };

toggle.addEventListener("click", () => {
  const open = panel.classList.toggle("shown");
  toggle.setAttribute("aria-expanded", String(open));
});

panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel.classList.contains("shown")) { toggle.click(); toggle.focus(); }
});

const words = (key) => key.replaceAll("_", " ");

function value(told) {
  if (told === true || told === false) return told ? "yes" : "no";
  if (Array.isArray(told)) return told.map((each) => h("div", {}, value(each)));
  if (told !== null && typeof told === "object") return Object.entries(told).map(([k, v]) => h("div", {}, `${words(k)}: `, value(v)));
  const text = typeof told === "number" ? told.toLocaleString() : String(told ?? "–");
  return text in STATES ? h(`span.state.${STATES[text]}`, {}, text) : text;
}

const row = ([key, told]) => h("div", {}, h("dt", {}, words(key)), h("dd", {}, value(told)));

const title = (key) => words(key)[0].toUpperCase() + words(key).slice(1);

function facts([key, told]) {
  const rows = told !== null && typeof told === "object" && !Array.isArray(told) ? Object.entries(told) : [["", told]];
  return h("section.facts", {}, h("h3", {}, title(key)), h("dl", {}, ...rows.map(row)));
}

export function drawWorld(world) {
  const entries = Object.entries(world ?? {});
  panel.replaceChildren(
    h("h2", {}, "The world"),
    h("p.lead", {}, entries.length ? "Measured by the sandbox, not by the bot." : "Nothing is told about it yet."),
    ...entries.map(facts));
}
