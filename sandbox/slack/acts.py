"""What a person does at their screen: commands, presses, modals. Each act waits for the app."""

from typing import Any

from sandbox.slack import limits_elements, modal_answers, payloads, views
from sandbox.slack.hub import Ack, Hub
from sandbox.slack.messages import Message
from sandbox.slack.people import Channel
from sandbox.slack.refusals import Json, Refused
from sandbox.slack.responses import place
from sandbox.slack.views import NotThere, View
from sandbox.slack.workspace import RESPONSE_SECONDS, ResponseUrl, Workspace

Values = dict[tuple[str, str], Any]
"""What a person enters, by (block_id, action_id): text, an option's value, or an option."""


class Acts:
    """The hands of all people of one workspace."""

    def __init__(self, workspace: Workspace, hub: Hub) -> None:
        self._workspace = workspace
        self._hub = hub

    def command(self, user: str, name: str, text: str, channel: str) -> Ack:
        """Types a slash command. Not possible in a thread or an archived channel, as in Slack."""
        workspace = self._workspace
        room = self._room(user, channel)
        if room.archived:
            raise NotThere(f"{channel} is archived: there is nothing to type into")
        with workspace.changing():
            clean = payloads.escaped(text.strip(), workspace.people, workspace.channels)
            payload = payloads.command(workspace.people[user], room, name, clean)
            payload["response_url"] = workspace.response_url(channel, user)
            payload["trigger_id"] = workspace.trigger(user)
        ack = self._send(user, name, "slash_commands", payload)
        if ack.payload.get("text") or ack.payload.get("blocks"):
            address = ResponseUrl(channel, user, workspace.clock() + RESPONSE_SECONDS)
            self._show(address, ack.payload)
        return ack

    def _show(self, address: ResponseUrl, payload: Json) -> None:
        try:
            with self._workspace.changing():
                place(self._workspace, address, payload)
        except Refused as refused:
            self._workspace.tell(address.user, refused.error, f"The answer was {refused.error}.")

    def _room(self, user: str, channel: str) -> Channel:
        room = self._workspace.channels.get(channel)
        if room is None or user not in room.members:
            raise NotThere(f"{user} does not see {channel}")
        return room

    def _send(self, user: str, what: str, kind: Any, payload: Json) -> Ack:
        ack = self._hub.deliver(kind, payload)
        if ack.failure and kind != "events_api":
            text = f"{what} failed with the error “{ack.failure}”"
            self._workspace.tell(user, ack.failure, text)
        return ack

    def press(
        self, user: str, channel: str, ts: str, action_id: str,
        *, block_id: str | None = None, value: Any = None,
    ) -> Ack:  # fmt: skip
        """Presses a button, or chooses `value` in a select, of a message that the person sees."""
        workspace = self._workspace
        room = self._room(user, channel)
        with workspace.changing():
            message = self._visible(user, channel, ts)
            block, element = views.find(message.blocks, action_id, block_id)
            entry = self._enter(message.inputs, block, element, value)
            payload = payloads.on_message("block_actions", workspace.people[user], message, room)
            payload["state"] = payloads.state(message)
            payload["response_url"] = workspace.response_url(channel, user, ts)
            payload["actions"] = [payloads.action(block, element, entry, workspace.mint_ts())]
            payload["trigger_id"] = workspace.trigger(user)
        return self._send(user, "The action", "interactive", payload)

    def _visible(self, user: str, channel: str, ts: str) -> Message:
        message = self._workspace.message(channel, ts)
        if message is None or message.only_for not in (None, user):
            raise NotThere(f"{user} sees no message {ts}")
        return message

    def _enter(
        self, inputs: views.Inputs, block: Json, element: Json, value: Any, view: View | None = None
    ) -> Json | None:
        if element["type"] == "overflow":
            option = next(o for o in element["options"] if o["value"] == value)
            return {"selected_option": option}
        if element["type"] not in views.STATEFUL:
            return None
        known = view.suggested.get(element["action_id"]) if view else None
        entry = views.chosen(element, value, known)
        inputs[block["block_id"], element["action_id"]] = entry
        return entry

    def press_in_view(
        self, user: str, view_id: str, action_id: str,
        *, block_id: str | None = None, value: Any = None,
    ) -> Ack:  # fmt: skip
        """Presses or chooses in a modal or a home tab."""
        workspace = self._workspace
        with workspace.changing():
            view = self.view(user, view_id)
            block, element = views.find(view.body["blocks"], action_id, block_id)
            entry = self._enter(view.inputs, block, element, value, view)
            payload = payloads.on_view("block_actions", workspace.people[user], view)
            payload["state"] = payload["view"]["state"]
            payload["actions"] = [payloads.action(block, element, entry, workspace.mint_ts())]
            payload["trigger_id"] = workspace.trigger(user)
        return self._send(user, "The action", "interactive", payload)

    def view(self, user: str, view_id: str) -> View:
        """An open view of this person; NotThere when they have closed it."""
        view = self._workspace.screens.find(view_id)
        if view is None or view.user != user:
            raise NotThere(f"{user} has no view {view_id}")
        return view

    def suggest(self, user: str, view_id: str, action_id: str, typed: str) -> list[Json]:
        """Types into an external select; the options that came, flat, or none."""
        workspace = self._workspace
        with workspace.changing():
            view = self.view(user, view_id)
            block, _element = views.find(view.body["blocks"], action_id)
            payload = payloads.on_view("block_suggestion", workspace.people[user], view)
            payload |= {"action_id": action_id, "block_id": block["block_id"], "value": typed}
        ack = self._hub.deliver("interactive", payload)
        options = _options(ack.payload)
        with workspace.changing():
            view.suggested[action_id] = options
        return options

    def fill(self, user: str, view_id: str, entered: Values) -> View:
        """Types into a modal without sending it."""
        view = self.view(user, view_id)
        for (block_id, action_id), value in entered.items():
            block, element = views.find(view.body["blocks"], action_id, block_id)
            is_text = isinstance(value, str) and element["type"] == "external_select"
            offered = [o["value"] for o in view.suggested.get(action_id, [])]
            if is_text and value not in offered:
                self.suggest(user, view_id, action_id, value)
            with self._workspace.changing():
                self._enter(view.inputs, block, element, value, view)
        return view

    def submit(self, user: str, view_id: str, entered: Values | None = None) -> Ack:
        """Fills and sends a modal. Slack's own checks come first and send nothing."""
        view = self.fill(user, view_id, entered or {})
        workspace = self._workspace
        with workspace.changing():
            view.errors = views.missing(view.body["blocks"], view.inputs)
            if view.errors:
                return Ack(errors=dict(view.errors))
            payload = payloads.on_view("view_submission", workspace.people[user], view)
            payload |= {"trigger_id": workspace.trigger(user), "response_urls": []}
        ack = self._send(user, "The form", "interactive", payload)
        if ack.answered:
            modal_answers.apply(workspace, view, ack.payload)
        return Ack(ack.envelope, ack.payload, ack.failure, dict(view.errors))

    def close(self, user: str, view_id: str, *, everything: bool = False) -> Ack | None:
        """Closes a modal: its close button, or `everything` for the x that closes all."""
        workspace = self._workspace
        with workspace.changing():
            view = self.view(user, view_id)
            stack = list(workspace.screens.modals.get(user, ()))
            told = stack[0] if everything else view
            everything = everything or bool(view.body.get("clear_on_close"))
            for gone in stack if everything else [view]:
                workspace.screens.drop(gone)
        if not told.body.get("notify_on_close"):
            return None
        payload = payloads.on_view("view_closed", workspace.people[user], told)
        return self._hub.deliver("interactive", payload | {"is_cleared": everything})

    def open_home(self, user: str, tab: str = "home") -> Ack:
        """Opens the app's home tab (or its messages tab)."""
        workspace = self._workspace
        with workspace.changing():
            channel = workspace.direct(user).id
            view = workspace.screens.homes.get(user) if tab == "home" else None
            payload = payloads.home_opened(workspace.people[user], channel, tab, view)
            payload["event"]["event_ts"] = workspace.mint_ts()
            payload |= {"event_id": workspace.mint("Ev"), "event_time": int(workspace.clock())}
        return self._send(user, "Home", "events_api", payload)

    def say(self, user: str, channel: str, text: str, thread_ts: str | None = None) -> str:
        """Writes a plain message; its ts."""
        self._room(user, channel)
        with self._workspace.changing():
            ts = self._workspace.mint_ts()
            message = Message(ts, channel, user, text, thread_ts=thread_ts)
            self._workspace.in_channel(channel).append(message)
        return ts


def _options(answer: Json) -> list[Json]:
    groups = answer.get("option_groups")
    if groups and not list(limits_elements.option_groups(groups, "/option_groups")):
        return [{**o, "group": g["label"]["text"]} for g in groups for o in g["options"]]
    options = answer.get("options") or []
    return [] if list(limits_elements.options(options, "/options", least=0)) else list(options)
