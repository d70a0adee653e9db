/** What the server told, and where this person is on the page. */

export const shown = {
  state: null,
  person: new URLSearchParams(location.search).get("as") || "U0STARTER01",
  room: "C0SITEOPS01",
  tab: "home",
  thread: null,
  left: new Set(),
  read: new Map(),
};

let draw = () => {};
export const onDraw = (callback) => { draw = callback; };
export const redraw = () => draw();

export const room = () => shown.state?.channels.find((c) => c.id === shown.room);
export const messages = (id) => shown.state?.messages[id] ?? [];
export const nameOf = (id) => shown.state?.people[id]?.name ?? id;
export const isBot = (id) => Boolean(shown.state?.people[id]?.bot);

export function go(id, thread = null) {
  shown.room = id;
  shown.thread = thread;
  redraw();
}
