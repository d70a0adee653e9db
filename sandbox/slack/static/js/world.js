/** The side panel: the world outside Slack, drawn and told, and the controls that trouble it. */

import { h } from "./dom.js";
import { animate, figure, mark, scene } from "./scene.js";
import { troubles } from "./troubles.js";

const panel = document.getElementById("world");
const toggle = document.getElementById("world-toggle");
const STATES = { open: "open", closed: "closed", failed: "bad", expired: "bad", down: "bad", running: "good", active: "good" };
const NAMES = {
  "visitors failed": "refused", "visitors from_cache": "from the cache", "visitors retried": "asked twice",
  "direct access": "access", "direct asked": "tried", "zone ssl": "SSL mode", "zone ssl_automatic_mode": "Automatic SSL",
  "zone tls_client_auth": "origin pulls", "zone development_mode": "development mode",
};
const TITLES = { direct: "Direct access", bot: "The bot" };

const drawn = scene();
const facts = h("div");
let before = null;

toggle.addEventListener("click", () => {
  const open = panel.classList.toggle("shown");
  toggle.setAttribute("aria-expanded", String(open));
});

panel.addEventListener("keydown", (event) => {
  if (event.key === "Escape" && panel.classList.contains("shown")) { toggle.click(); toggle.focus(); }
});

const words = (key) => key.replaceAll("_", " ");

function value(told) {
  const text = typeof told === "number" ? told.toLocaleString() : String(told ?? "–");
  return text in STATES ? h(`span.state.${STATES[text]}`, {}, text) : text;
}

const row = (group) => ([key, told]) =>
  h("div", {}, h("dt", {}, NAMES[`${group} ${key}`] ?? words(key)), h("dd", {}, value(told)));

const title = (key) => TITLES[key] ?? words(key)[0].toUpperCase() + words(key).slice(1);

const section = ([key, told]) =>
  h("section.facts", {}, h("h3", {}, title(key)), h("dl", {}, ...Object.entries(told).map(row(key))));

panel.append(
  h("h2", {}, "The world"),
  h("p.lead", {}, "Measured by the sandbox, not by the bot."),
  figure(drawn), facts, troubles());

export function drawWorld(world) {
  const { troubles: offered, ...told } = world ?? {};
  mark(drawn, told.direct?.access);
  animate(drawn, told, before);
  before = told;
  facts.replaceChildren(...Object.entries(told).map(section));
  troubles(offered);
}
