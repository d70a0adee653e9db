/** Slack's mrkdwn as nodes. Anything not understood stays as it was written. */

import { slackDate, iso } from "./dates.js";
import { h } from "./dom.js";
import { EMOJI } from "./emoji.js";
import { go, nameOf, shown } from "./state.js";

const TOKEN = new RegExp(
  [
    "```([\\s\\S]+?)```",
    "`([^`\\n]+)`",
    "<([^<>\\n]+)>",
    ":([a-z0-9_+-]+):",
    "(?<![\\w*])\\*(?=\\S)([^*\\n]*?[^*\\s])\\*(?![\\w*])",
    "(?<![\\w_])_(?=\\S)([^_\\n]*?[^_\\s])_(?![\\w_])",
    "(?<![\\w~])~(?=\\S)([^~\\n]*?[^~\\s])~(?![\\w~])",
  ].join("|"),
  "g",
);

export const decoded = (text) => text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");

export function emoji(name) {
  const sign = EMOJI[name];
  return sign ? h("span", { role: "img", "aria-label": name.replaceAll("_", " ") }, sign) : `:${name}:`;
}

/** A text object: plain text has emoji names only, mrkdwn has everything. */
export function text(object, tag = "div.text") {
  if (!object) return null;
  return h(tag, {}, ...(object.type === "mrkdwn" ? mrkdwn(object.text) : plain(object.text)));
}

export function plain(source) {
  return decoded(source).split(/(:[a-z0-9_+-]+:)/).map((part) => {
    const name = /^:([a-z0-9_+-]+):$/.exec(part);
    return name ? emoji(name[1]) : part;
  });
}

export function mrkdwn(source) {
  const nodes = [];
  const fences = source.split(/(```[\s\S]+?```)/);
  for (const [n, part] of fences.entries()) {
    if (n % 2) nodes.push(...inline(part));
    else nodes.push(...quotes(part.replace(n ? /^\n/ : /^$/, "")));
  }
  return nodes;
}

function quotes(source) {
  const nodes = [];
  let quote = [];
  const flush = () => {
    if (quote.length) nodes.push(h("blockquote", {}, ...inline(quote.join("\n"))));
    quote = [];
  };
  const lines = source.split("\n");
  for (const [n, line] of lines.entries()) {
    const found = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (found) quote.push(found[1]);
    else {
      const quoted = quote.length > 0;
      flush();
      nodes.push(...inline((n && !quoted ? "\n" : "") + line));
    }
  }
  flush();
  return nodes;
}

function inline(source) {
  const nodes = [];
  let at = 0;
  for (const found of source.matchAll(TOKEN)) {
    if (found.index > at) nodes.push(decoded(source.slice(at, found.index)));
    nodes.push(node(found));
    at = found.index + found[0].length;
  }
  if (at < source.length) nodes.push(decoded(source.slice(at)));
  return nodes;
}

function node([all, fence, code, angle, name, bold, italic, strike]) {
  if (fence !== undefined) return h("pre", {}, ...angles(fence.replace(/^\n|\n$/g, "")));
  if (code !== undefined) return h("code", {}, ...angles(code));
  if (angle !== undefined) return entity(angle);
  if (name !== undefined) return emoji(name);
  if (bold !== undefined) return h("strong", {}, ...inline(bold));
  if (italic !== undefined) return h("em", {}, ...inline(italic));
  if (strike !== undefined) return h("s", {}, ...inline(strike));
  return all;
}

/** In code only links and mentions count. */
const angles = (source) => source.split(/(<[^<>\n]+>)/).map((part) => (/^<[^<>]+>$/.test(part) ? entity(part.slice(1, -1)) : decoded(part)));

export const person = (id) => h(`span.mention${id === shown.person ? ".own" : ""}`, {}, `@${nameOf(id)}`);
export const group = (id) => h("span.mention", {}, `@${shown.state.groups[id] ?? id}`);

export function channel(id) {
  const known = shown.state.channels.find((c) => c.id === id);
  return known ? h("a", { href: `/archives/${id}`, onclick: (e) => { e.preventDefault(); go(id); } }, `#${known.name}`) : h("span.mention", {}, "#private");
}

function entity(inside) {
  const [target, label] = inside.split(/\|(.*)/s);
  if (target.startsWith("@")) return person(target.slice(1));
  if (target.startsWith("#")) return channel(target.slice(1));
  if (target.startsWith("!")) return special(target.slice(1), label);
  return link(decoded(target), label === undefined ? null : decoded(label));
}

function special(command, label) {
  const [name, first, pattern, href] = command.split("^");
  if (name === "subteam") return group(first);
  if (name === "date") {
    const told = h("time", { datetime: iso(first) }, slackDate(first, pattern, label));
    return href ? h("a", { href }, told) : told;
  }
  return h("span.mention.own", {}, `@${label ?? name}`);
}

/** A link; those into this Slack stay on the page. */
export function link(href, label) {
  if (!/^(https?|mailto):/.test(href)) return label ?? href;
  const inside = new URL(href).origin === location.origin ? /^\/archives\/(\w+)\/p(\d+)/.exec(new URL(href).pathname) : null;
  if (!inside) return h("a", { href, target: "_blank", rel: "noreferrer" }, label ?? href);
  const thread = new URL(href).searchParams.get("thread_ts");
  const ts = thread ?? inside[2].replace(/(\d{6})$/, ".$1");
  return h("a", { href, onclick: (e) => { e.preventDefault(); go(inside[1], ts); } }, label ?? href);
}
