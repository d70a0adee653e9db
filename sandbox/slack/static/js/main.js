/** The start: what the server tells is drawn, whoever one is. */

import { drawConversation, drawThread, followThreads } from "./conversation.js";
import { drawModal } from "./modal.js";
import { drawRooms, drawSwitch, markRead } from "./rooms.js";
import { drawWorld } from "./world.js";
import { listen } from "./wire.js";
import { onDraw, redraw, shown } from "./state.js";
import { showNotices } from "./notices.js";

const offline = document.getElementById("offline");

function become(person) {
  shown.person = person;
  shown.state = null;
  const url = new URL(location);
  url.searchParams.set("as", person);
  history.replaceState(null, "", url);
  start();
}

function draw() {
  if (!shown.state) return;
  followThreads();
  drawSwitch(become);
  drawRooms();
  drawConversation();
  drawThread();
  markRead(shown.room);
  drawModal();
  showNotices(shown.state);
}

function start() {
  listen({
    state: (state) => { shown.state = state; redraw(); },
    world: drawWorld,
    offline: (lost) => { offline.hidden = !lost; },
  });
}

function fromAddress() {
  const found = /^\/archives\/(\w+)(?:\/p(\d+))?/.exec(location.pathname);
  if (!found) return;
  shown.room = found[1];
  const thread = new URLSearchParams(location.search).get("thread_ts");
  if (found[2]) shown.thread = thread ?? found[2].replace(/(\d{6})$/, ".$1");
}

onDraw(draw);
fromAddress();
start();
