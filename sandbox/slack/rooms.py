"""What people do to a channel as a whole: who is in it, whether it is open, what is removed."""

from sandbox.slack import payloads
from sandbox.slack.chat import remove
from sandbox.slack.hub import Hub
from sandbox.slack.people import BOT_USER
from sandbox.slack.refusals import Json
from sandbox.slack.views import NotThere
from sandbox.slack.workspace import Workspace


class Rooms:
    """The hands of whoever looks after the channels; the app is told what Slack tells it."""

    def __init__(self, workspace: Workspace, hub: Hub) -> None:
        self._workspace = workspace
        self._hub = hub

    def remove_bot(self, channel: str) -> None:
        """Somebody takes the app out of the channel. Its messages stay."""
        with self._workspace.changing():
            self._workspace.channels[channel].members.discard(BOT_USER)

    def invite_bot(self, channel: str, by: str) -> None:
        """``/invite``: the app hears of it when it listens."""
        with self._workspace.changing():
            self._workspace.channels[channel].members.add(BOT_USER)
        self._tell(payloads.joined(channel, by))

    def archive(self, channel: str) -> None:
        """Read only from now on; whoever was in it still is."""
        with self._workspace.changing():
            self._workspace.channels[channel].archived = True

    def unarchive(self, channel: str, by: str) -> None:
        """Open again: `channel_unarchive`, or `group_unarchive` for a private one."""
        with self._workspace.changing():
            room = self._workspace.channels[channel]
            room.archived = False
        self._tell(payloads.unarchived(room, by))

    def delete_message(self, channel: str, ts: str) -> None:
        """A person deletes a message, whoever wrote it; a root with answers leaves a tombstone."""
        message = self._workspace.message(channel, ts)
        if message is None:
            raise NotThere(f"no message {ts}")
        remove(self._workspace, message)

    def delete_thread(self, channel: str, root: str) -> None:
        """Every answer and the root: nothing is left of it, a tombstone neither."""
        listed = list(self._workspace.in_channel(channel))
        for message in listed:
            if message.is_reply and message.thread_ts == root:
                remove(self._workspace, message)
        self.delete_message(channel, root)

    def _tell(self, payload: Json) -> None:
        workspace = self._workspace
        payload["event"]["event_ts"] = workspace.mint_ts()
        payload |= {"event_id": workspace.mint("Ev"), "event_time": int(workspace.clock())}
        self._hub.deliver("events_api", payload)
