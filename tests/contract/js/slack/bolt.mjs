// An app of the official Bolt for JavaScript against the stand-in. Prints what it saw as JSON.
import { createRequire } from "node:module";

const require = createRequire(`${process.env.MODULES}/`);
const { App } = require("@slack/bolt");

const { url, bot, app: appToken, channel, modal } = JSON.parse(process.argv[2]);
const app = new App({
  token: bot, appToken, socketMode: true, logLevel: "error", clientOptions: { slackApiUrl: url },
});
const seen = {};
const done = new Promise((resolve) => {
  app.command("/mtls", async ({ ack, body, client }) => {
    await ack();
    seen.command = { command: body.command, text: body.text, user: body.user_id };
    await client.views.open({ trigger_id: body.trigger_id, view: modal });
  });
  app.view("start", async ({ ack, view, body, client }) => {
    const site = view.state.values.site.site.value;
    if (!site.includes(".")) {
      await ack({ response_action: "errors", errors: { site: "A host name has a dot." } });
      return;
    }
    await ack();
    seen.sent = { site, user: body.user.id };
    const button = {
      type: "button", action_id: "approve", value: "run-1", text: { type: "plain_text", text: "Approve" },
    };
    await client.chat.postMessage({
      channel, text: "Ready?",
      blocks: [
        { type: "section", text: { type: "mrkdwn", text: "Ready?" } },
        { type: "actions", elements: [button] },
      ],
    });
  });
  app.action("approve", async ({ ack, action, body, respond }) => {
    await ack();
    seen.pressed = { value: action.value, user: body.user.id };
    await respond({ text: "Approved.", replace_original: false, response_type: "ephemeral" });
    resolve();
  });
});
await app.start();
console.log("connected");
await done;
await app.stop();
console.log(JSON.stringify(seen));
process.exit(0);
