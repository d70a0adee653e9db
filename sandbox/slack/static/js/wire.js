/** Talking with the sandbox: one stream in, acts out. */

import { shown } from "./state.js";

let source = null;

export function listen({ state, world, offline }) {
  source?.close();
  source = new EventSource(`/page/events?person=${encodeURIComponent(shown.person)}`);
  source.addEventListener("state", (event) => { offline(false); state(JSON.parse(event.data)); });
  source.addEventListener("world", (event) => world(JSON.parse(event.data)));
  source.onerror = () => offline(true);
}

/** One act of the person; the answer says what Slack would show, `{failure, errors}` or more. */
export async function act(what, asked) {
  const answer = await fetch(`/page/${what}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ person: shown.person, ...asked }),
  }).catch(() => null);
  if (answer === null) return { failure: "offline", errors: {} };
  return answer.json();
}
