// Slack's own JavaScript clients, as published, against the stand-in. Prints what they saw as JSON.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.MODULES}/`);
const { WebClient } = require("@slack/web-api");
const { SocketModeClient } = require("@slack/socket-mode");

const { url, bot, app, channel, modal } = JSON.parse(process.argv[2]);
const quiet = { logLevel: "error" };
const web = new WebClient(bot, { slackApiUrl: url, ...quiet });
const seen = {};

const failure = (promise) => promise.then(() => null, (error) => error.data?.error ?? String(error));

seen.team = (await web.auth.test()).team_id;
const posted = await web.chat.postMessage({ channel, text: "Run", blocks: [{ type: "divider" }] });
const { ts } = posted;
await web.chat.postMessage({ channel, text: "Step", thread_ts: ts });
seen.updated = (await web.chat.update({ channel, ts, text: "Run again" })).text;
seen.thread = (await web.conversations.replies({ channel, ts })).messages.map((m) => m.text);
seen.refused = await failure(web.views.open({ trigger_id: "none", view: modal }));
seen.blocks = await failure(web.chat.postMessage({ channel, text: "t", blocks: Array(51).fill({ type: "divider" }) }));

const socket = new SocketModeClient({ appToken: app, clientOptions: { slackApiUrl: url }, ...quiet });
const heard = new Promise((resolve) => {
  socket.on("slash_commands", async ({ ack, body }) => {
    await ack({ text: "Opening …" });
    const opened = await web.views.open({ trigger_id: body.trigger_id, view: modal });
    resolve({ command: body.command, text: body.text, view: opened.view.callback_id });
  });
});
await socket.start();
console.log("connected");
seen.command = await heard;
await socket.disconnect();
console.log(JSON.stringify(seen));
process.exit(0);
