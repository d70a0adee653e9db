/** The middle of the page: a channel, or the app with its home tab; and the thread beside it. */

import { act } from "./wire.js";
import { blocks } from "./blocks.js";
import { composer } from "./composer.js";
import { drawLog, inThread, log, openThread } from "./messages.js";
import { h } from "./dom.js";
import { messages, nameOf, redraw, room, shown } from "./state.js";
import { viewContext } from "./modal.js";

const main = document.getElementById("conversation");
const aside = document.getElementById("thread");
let built = "";
let builtThread = "";

const EMPTY = () => h("div.nothing", {}, h("h3", {}, "Nothing here yet"),
  h("p", {}, "Type ", h("code", {}, "/mtls start"), " to open a run, or ", h("code", {}, "/mtls help"), " for the rest."));

function about(channel) {
  if (channel.archived) return "Archived";
  return channel.bot_inside ? "mtls is a member" : "mtls is not a member";
}

function choose(tab) {
  shown.tab = tab;
  if (tab === "home") act("home", {});
  redraw();
}

function bar(channel) {
  if (!channel.direct) return h("div.bar", {}, h("h2", {}, `# ${channel.name}`), h("span.about", {}, about(channel)));
  const tab = (id, label) => h("button.quiet", { type: "button", role: "tab", "aria-selected": String(shown.tab === id), onclick: () => choose(id) }, label);
  return h("div.bar", {}, h("h2", {}, nameOf(shown.state.bot)), h("div.tabs", { role: "tablist", "aria-label": "App" }, tab("home", "Home"), tab("messages", "Messages")));
}

export function drawConversation() {
  const channel = room() ?? shown.state.channels[0];
  shown.room = channel.id;
  const home = channel.direct && shown.tab === "home";
  const shape = JSON.stringify([shown.person, channel, home]);
  if (shape !== built) {
    const entered = built && JSON.parse(built)[1].id !== channel.id;
    built = shape;
    main.replaceChildren(bar(channel), ...(home ? [h("div.home")] : [log(channel.name || "Messages"),
      composer({ channel: () => shown.room, label: channel.direct ? `Message ${nameOf(shown.state.bot)}` : `Message #${channel.name}` })]));
    if (home && entered !== false) act("home", {});
  }
  if (home) drawHome();
  else drawMessages(channel);
}

function drawMessages(channel) {
  const area = main.querySelector(".log");
  const tops = messages(channel.id).filter((m) => !m.thread_ts || m.thread_ts === m.ts);
  drawLog(area, tops, { channel: channel.id, open: channel.direct ? null : openThread });
  area.querySelector(".nothing")?.remove();
  if (!tops.length) area.append(EMPTY());
}

function drawHome() {
  const area = main.querySelector(".home");
  const content = JSON.stringify(shown.state.home);
  if (area.content === content) return;
  area.content = content;
  area.replaceChildren(shown.state.home
    ? blocks(shown.state.home.blocks, viewContext(() => shown.state.home))
    : h("div.nothing", {}, h("h3", {}, "No home yet"), h("p", {}, "The app publishes it when you open this tab.")));
}

/** A new thread opens by itself where there is room, unless it was closed before. */
export function followThreads() {
  if (shown.thread || !matchMedia("(min-width: 1280px)").matches) return;
  const roots = messages(shown.room).filter((m) => m.thread_ts === m.ts && !shown.left.has(m.ts));
  if (roots.length) shown.thread = roots.at(-1).ts;
}

function leave() {
  shown.left.add(shown.thread);
  shown.thread = null;
  redraw();
  main.focus();
}

export function drawThread() {
  const root = messages(shown.room).find((m) => m.ts === shown.thread);
  aside.hidden = !root;
  const shape = JSON.stringify([shown.person, shown.room, root?.ts]);
  if (shape !== builtThread) {
    builtThread = shape;
    aside.replaceChildren();
    if (!root) return;
    aside.append(
      h("div.bar", {}, h("h2", {}, "Thread"), h("span.about", {}, `# ${room().name}`),
        h("button.quiet.close", { type: "button", "aria-label": "Close thread", onclick: leave }, "✕")),
      log("Thread"), composer({ channel: () => shown.room, label: "Reply …", thread: root.ts }));
  }
  if (!root) return;
  const list = [root, ...inThread(messages(shown.room), root.ts)];
  drawLog(aside.querySelector(".log"), list, { channel: shown.room, days: false });
}

aside.addEventListener("keydown", (event) => { if (event.key === "Escape") leave(); });
