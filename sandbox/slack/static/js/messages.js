/** One message, and lists of them. */

import { act } from "./wire.js";
import { blocks } from "./blocks.js";
import { clock, dayTitle, iso, whole } from "./dates.js";
import { face } from "./faces.js";
import { h, keep } from "./dom.js";
import { isBot, messages, nameOf, redraw, shown } from "./state.js";
import { mrkdwn } from "./mrkdwn.js";
import { place } from "./controls.js";

const contextOf = (channel, message) => ({
  act: (block, element, value) => act("press", { channel, ts: message.ts, block_id: block.block_id, action_id: element.action_id, value }),
  chosen: (block, element) => message.chosen[place(block, element)] ?? {
    selected_option: element.initial_option, selected_options: element.initial_options, selected_date: element.initial_date,
  },
  enter: (block, element, value) => act("press", { channel, ts: message.ts, block_id: block.block_id, action_id: element.action_id, value }),
  suggest: async () => [],
});

const attached = (file) => h("figure.attached", {},
  /\.png$/.test(file.name)
    ? h("a", { href: file.url_private, target: "_blank" }, h("img", { src: file.url_private, alt: file.alt_txt || file.title }))
    : h("a", { href: file.url_private, target: "_blank" }, file.title),
  h("figcaption", {}, file.title));

function answers(message, replies, open) {
  const last = replies.at(-1);
  return h("button.answers", { type: "button", "data-place": `thread ${message.ts}`, onclick: () => open(message.ts) },
    h("b", {}, replies.length === 1 ? "1 reply" : `${replies.length} replies`),
    h("span", {}, `Last at ${clock(last.ts)}`));
}

function draw(message, { channel, replies, open, fresh }) {
  const content = message.blocks?.length
    ? blocks(message.blocks, contextOf(channel, message))
    : message.text && h("div.plain", {}, ...mrkdwn(message.text));
  const classes = [message.is_ephemeral && "own-eyes", message.subtype === "tombstone" && "gone", fresh && "arrived"].filter(Boolean);
  const canAnswer = open && !message.is_ephemeral && !replies.length;
  return h(["li", "message", ...classes].join("."), { "data-ts": message.ts },
    message.is_ephemeral && h("p.only-you", {}, "Only visible to you"),
    face(message.user),
    h("div.body", {},
      h("div.byline", {},
        h("b", {}, message.subtype === "tombstone" ? "Slackbot" : nameOf(message.user)),
        isBot(message.user) && h("span.app", {}, "App"),
        h("time", { datetime: iso(message.ts), title: whole(message.ts) }, clock(message.ts)),
        message.edited && h("time", { title: `Edited ${whole(message.edited.ts)}` }, "(edited)"),
        canAnswer && h("button.quiet.answer-here", { type: "button", onclick: () => open(message.ts) }, "Reply")),
      content,
      ...(message.files ?? []).map(attached),
      open && replies.length > 0 && answers(message, replies, open)));
}

export const inThread = (list, ts) => list.filter((m) => m.thread_ts === ts && m.ts !== ts);

/** Draws `list` into `log`, keeps what did not change, and stays at the end if it was there. */
export function drawLog(log, list, { channel, open = null, days = true }) {
  const atEnd = isAtEnd(log);
  const started = log.dataset.of === `${channel}${shown.person}`;
  const all = messages(channel);
  const items = list.flatMap((message, n) => {
    const title = dayTitle(message.ts);
    const head = days && (n === 0 || dayTitle(list[n - 1].ts) !== title) ? [{ day: title }] : [];
    const replies = inThread(all, message.ts).map(({ ts, user }) => ({ ts, user }));
    return [...head, { message, replies, person: shown.person }];
  });
  keep(log.firstElementChild, items, {
    key: (item) => item.day ?? item.message.ts,
    make: (item, redrawn) => (item.day ? h("li.day", {}, item.day)
      : draw(item.message, { channel, replies: item.replies, open, fresh: started && !redrawn })),
  });
  log.dataset.of = `${channel}${shown.person}`;
  if (atEnd || !started) log.scrollTop = log.scrollHeight;
}

export function openThread(ts) {
  shown.thread = ts;
  shown.left.delete(ts);
  redraw();
  document.querySelector("#thread textarea")?.focus();
}

const isAtEnd = (log) => log.scrollHeight - log.scrollTop - log.clientHeight < 80;

/** A list that stays at its end when heights change: a keyboard comes up, a picture has loaded. */
export function log(label) {
  const node = h("div.log", { role: "log", "aria-label": label, tabindex: "0" }, h("ol"));
  let end = true;
  node.addEventListener("scroll", () => { end = isAtEnd(node); });
  const observer = new ResizeObserver(() => { if (end) node.scrollTop = node.scrollHeight; });
  observer.observe(node);
  observer.observe(node.firstElementChild);
  return node;
}
