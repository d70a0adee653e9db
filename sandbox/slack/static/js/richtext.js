/** Rich text and markdown blocks: the two that come as documents. */

import { iso, slackDate } from "./dates.js";
import { h } from "./dom.js";
import { channel, emoji, group, link, person } from "./mrkdwn.js";

const styled = (node, style = {}) => {
  let styledNode = node;
  if (style.code) styledNode = h("code", {}, styledNode);
  if (style.bold) styledNode = h("strong", {}, styledNode);
  if (style.italic) styledNode = h("em", {}, styledNode);
  if (style.strike) styledNode = h("s", {}, styledNode);
  return styledNode;
};

const LEAVES = {
  text: (e) => e.text,
  link: (e) => link(e.url, e.text),
  emoji: (e) => emoji(e.name),
  user: (e) => person(e.user_id),
  usergroup: (e) => group(e.usergroup_id),
  channel: (e) => channel(e.channel_id),
  broadcast: (e) => h("span.mention.own", {}, `@${e.range}`),
  date: (e) => h("time", { datetime: iso(e.timestamp) }, slackDate(e.timestamp, e.format, e.fallback)),
};

const leaves = (elements) => elements.map((e) => styled(LEAVES[e.type]?.(e) ?? "", e.style));

const PARTS = {
  rich_text_section: (part) => h("p", {}, ...leaves(part.elements)),
  rich_text_preformatted: (part) => h("pre", {}, ...leaves(part.elements)),
  rich_text_quote: (part) => h("blockquote", {}, ...leaves(part.elements)),
  rich_text_list: (part) => h(part.style === "ordered" ? "ol" : "ul", {}, ...part.elements.map((item) => h("li", {}, ...leaves(item.elements)))),
};

export const richText = (block) => h("div.rich", {}, ...block.elements.map((part) => PARTS[part.type]?.(part)));

const SPAN = /`([^`]+)`|\*\*([^*]+)\*\*|(?<!\w)[*_]([^*_\n]+)[*_](?!\w)|~~([^~]+)~~|\[([^\]]+)\]\(([^)\s]+)\)/g;

function spans(source) {
  const nodes = [];
  let at = 0;
  for (const found of source.matchAll(SPAN)) {
    nodes.push(source.slice(at, found.index));
    const [, code, bold, italic, strike, label, href] = found;
    if (code) nodes.push(h("code", {}, code));
    else if (bold) nodes.push(h("strong", {}, ...spans(bold)));
    else if (italic) nodes.push(h("em", {}, ...spans(italic)));
    else if (strike) nodes.push(h("s", {}, ...spans(strike)));
    else nodes.push(link(href, label));
    at = found.index + found[0].length;
  }
  return [...nodes, source.slice(at)];
}

const LINES = [
  [/^#{1,2} +(.+)/, "h3"],
  [/^#{3,6} +(.+)/, "h4"],
  [/^> ?(.*)/, "blockquote"],
  [/^[-*] +(.+)/, "ul"],
  [/^\d+[.)] +(.+)/, "ol"],
];

/** The part of markdown that apps use: headings, lists, quotes, code, emphasis, links. */
export function markdown(source) {
  const nodes = [];
  source.split(/(```[^\n]*\n[\s\S]*?```)/).forEach((part, n) => {
    if (n % 2) nodes.push(h("pre", {}, part.replace(/^```[^\n]*\n|\n?```$/g, "")));
    else part.split("\n").forEach((line) => addLine(nodes, line));
  });
  return h("div.md", {}, ...nodes.filter((node) => node.childNodes.length));
}

function addLine(nodes, line) {
  const [found, tag] = LINES.map(([pattern, name]) => [pattern.exec(line), name]).find(([match]) => match) ?? [null, "p"];
  const content = spans(found ? found[1] : line);
  const before = nodes.at(-1);
  const same = before?.tagName.toLowerCase() === tag;
  if (tag === "ul" || tag === "ol") {
    const list = same ? before : nodes[nodes.push(h(tag)) - 1];
    list.append(h("li", {}, ...content));
  } else if (same && (tag === "p" || tag === "blockquote") && line && before.childNodes.length) before.append("\n", ...content);
  else nodes.push(h(tag, {}, ...(line ? content : [])));
}
