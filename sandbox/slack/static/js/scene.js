/** The world, drawn: who asks whom, and each request as a light that arrives or is refused. */

import { h } from "./dom.js";

const SVG = "http://www.w3.org/2000/svg";
const TRAVEL = 900;
const STRETCH = 500;
const MOST = 30;
const WIDTH = 56;

const PLACES = {
  visitors: { x: 8, y: 8, w: 112, label: "Visitors" },
  stranger: { x: 144, y: 8, w: 148, label: "Knows the address" },
  cloudflare: { x: 8, y: 92, w: 112, label: "Cloudflare" },
  origin: { x: 8, y: 176, w: 284, label: "Origin" },
};
const HEIGHT = 38;

function shape(name, attributes, ...children) {
  const element = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function place({ x, y, w, label }, key) {
  return shape("g", { class: `place ${key}` },
    shape("rect", { x, y, width: w, height: HEIGHT, rx: 9 }),
    shape("text", { x: x + w / 2, y: y + 24, "text-anchor": "middle" }, label));
}

const middle = ({ x, w }) => x + w / 2;
const way = (x, from, to) => shape("line", { class: "way", x1: x, x2: x, y1: from, y2: to });

export function scene() {
  const { visitors, stranger, cloudflare, origin } = PLACES;
  const lights = shape("g", { class: "lights" });
  const gate = shape("g", { class: "gate" },
    shape("rect", { x: middle(stranger) - 36, y: origin.y - 27, width: 72, height: 20, rx: 10 }),
    shape("text", { x: middle(stranger), y: origin.y - 13, "text-anchor": "middle" }, "?"));
  const drawing = shape("svg", { viewBox: "0 0 300 222", "aria-hidden": "true", class: "scene" },
    way(middle(visitors), visitors.y + HEIGHT, cloudflare.y), way(middle(cloudflare), cloudflare.y + HEIGHT, origin.y),
    way(middle(stranger), stranger.y + HEIGHT, origin.y),
    lights, gate, ...Object.entries(PLACES).map(([key, at]) => place(at, key)));
  return { drawing, lights, gate };
}

const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches || document.hidden;

/** One light from `from` to `to` after `delay`; a refused one stops before and fades away red. */
function light(lights, { x, from, to, refused, delay, kind }) {
  const dot = shape("circle", { class: `light ${kind}${refused ? " refused" : ""}`, r: 3, cx: x, cy: 0 });
  lights.append(dot);
  const end = refused ? to - 34 : to;
  const frames = [
    { transform: `translateY(${from}px)`, opacity: 0 },
    { transform: `translateY(${from + 6}px)`, opacity: 1, offset: 0.1 },
    { transform: `translateY(${end}px)`, opacity: 1, offset: 0.85 },
    { transform: `translateY(${refused ? end - 10 : end}px)`, opacity: 0 },
  ];
  const moving = dot.animate(frames, { duration: TRAVEL * (refused ? 1.4 : 1), delay, fill: "backwards", easing: "linear" });
  moving.onfinish = () => dot.remove();
  moving.oncancel = () => dot.remove();
}

/** So many lights, spread over the time until the next counts come. */
function send(lights, count, told) {
  const many = Math.min(count, MOST);
  for (let n = 0; n < many; n += 1) {
    const aside = many === 1 ? 0 : (Math.random() - 0.5) * WIDTH;
    const delay = (told.delay ?? 0) + ((n + Math.random()) * STRETCH) / many;
    light(lights, { ...told, x: told.x + aside, delay });
  }
}

const grown = (now, before, group, key) => Math.max(0, (now[group]?.[key] ?? 0) - (before[group]?.[key] ?? 0));

/** Lights for all that the counters have grown by since the last time. */
export function animate({ lights }, now, before) {
  if (!before || still()) return;
  const { visitors, cloudflare, origin, stranger } = PLACES;
  const top = { x: middle(visitors), from: visitors.y + HEIGHT, to: cloudflare.y, kind: "visitor" };
  const below = { x: middle(cloudflare), from: cloudflare.y + HEIGHT, to: origin.y, kind: "visitor", delay: TRAVEL };
  const sent = grown(now, before, "visitors", "sent");
  const failed = Math.min(sent, grown(now, before, "visitors", "failed"));
  const cached = Math.min(sent - failed, grown(now, before, "visitors", "from_cache"));
  send(lights, sent, top);
  send(lights, sent - failed - cached, below);
  send(lights, failed, { ...below, refused: true });
  const refused = now.direct?.access === "closed";
  send(lights, Math.min(1, grown(now, before, "direct", "asked")),
    { x: middle(stranger), from: stranger.y + HEIGHT, to: origin.y, kind: "stranger", refused });
}

/** The words at the direct way, and how far the certificate's guard has come. */
export function mark({ drawing, gate }, access) {
  drawing.dataset.access = access ?? "unknown";
  gate.lastChild.textContent = access ?? "unknown";
}

export const figure = ({ drawing }) => h("figure.picture", {}, drawing);
