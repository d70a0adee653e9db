"""The people of the demonstration: a starter and an approver who press what people would."""

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle
from typing import Any

from sandbox.hosting.hosted import Hosted, Method
from sandbox.slack.people import APPROVER, SITE_OPS, STARTER
from sandbox.slack.stand_in import SlackStandIn

Json = dict[str, Any]
SITE = "www.example.com"


class Conversation:
    """One run, as its people live it: start, approve each card, read the report."""

    def __init__(
        self, slack: SlackStandIn, tell: Callable[[str], None], *, timeout: float = 60.0
    ) -> None:
        self._slack = slack
        self._tell = tell
        self._timeout = timeout
        self._pressed: set[str] = set()
        self._told: dict[str, str] = {}
        self._ended: set[str] = set()

    def start(
        self, *, order: str = "no-downtime", site: str = SITE, access: tuple[str, ...] = ()
    ) -> None:
        """`/mtls start`, and the form filled in and sent."""
        self._tell(f"Starter types: /mtls start {site}")
        self._slack.command(STARTER, "/mtls", f"start {site}", SITE_OPS)
        view: Json = self._slack.wait_for(self._form, self._timeout)
        values: dict[tuple[str, str], Any] = {("site", "site"): site, ("order", "order"): order}
        if access:
            values[_access(view), "access"] = list(access)
        answer = self._slack.submit(STARTER, view["id"], values)
        if answer.errors or not answer.answered:
            raise RuntimeError(f"the form was not taken: {answer.errors or answer.failure}")
        self._tell(f"Starter sends the form: {site}, {order}")

    def _form(self) -> Json | None:
        for view in self._slack.open_views(STARTER):
            inputs = {b["block_id"]: b["element"] for b in view["blocks"] if b["type"] == "input"}
            if inputs and "initial_option" in inputs["project"]:
                return view
        return None

    def approve_until(self, ends: tuple[str, ...]) -> str:
        """Press Approve on each new card until a message begins with one of `ends`.

        Raises RuntimeError when a card says that it cannot go on.
        """
        while True:
            ended, message, button = self._slack.wait_for(lambda: self._next(ends), self._timeout)
            if ended:
                return ended
            self._pressed.add(button["value"])
            self._tell(f"Approver presses {button['text']['text']}")
            ack = self._slack.press(APPROVER, SITE_OPS, message["ts"], button["action_id"])
            if not ack.answered:  # Slack says that it failed: whoever sees that presses again
                self._pressed.discard(button["value"])

    def undo(self) -> None:
        """The starter presses Undo on the run's first message."""
        message, button = self._slack.wait_for(lambda: self._button("undo"), self._timeout)
        self._tell("Starter presses Undo")
        self._slack.press(STARTER, SITE_OPS, message["ts"], button["action_id"])

    def _next(self, ends: tuple[str, ...]) -> tuple[str, Json, Json] | None:
        self.print_news()
        for message in self._messages():
            if message["text"].startswith(ends) and message["ts"] not in self._ended:
                self._ended.add(message["ts"])
                return str(message["text"]), message, {}
        stuck = self._button("retry")
        if stuck is not None:
            raise RuntimeError(f"cannot go on: {stuck[0]['text']}")
        answers = [m["text"] for m in self._slack.ephemerals(STARTER)]
        refused = [text for text in answers if not text.startswith("Heard: ")]
        if refused and not self._messages():
            raise RuntimeError(f"refused: {refused[-1]}")
        found = self._button("approve")
        return ("", *found) if found else None

    def _button(self, action_id: str) -> tuple[Json, Json] | None:
        for message in self._messages():
            for button in buttons(message):
                if button["action_id"] == action_id and button["value"] not in self._pressed:
                    return message, button
        return None

    def _messages(self) -> tuple[Json, ...]:
        return self._slack.messages(SITE_OPS)

    def print_news(self) -> None:
        """Each message whose words have changed, as readable text."""
        for message in self._messages():
            text = readable(message["text"])
            if self._told.get(message["ts"]) != text and message.get("thread_ts"):
                self._told[message["ts"]] = text
                self._tell(f"  bot: {text}")


def buttons(message: Json) -> Iterator[Json]:
    """The buttons of a message."""
    for block in message.get("blocks") or []:
        if block["type"] == "actions":
            yield from (e for e in block["elements"] if e["type"] == "button")


def readable(text: str) -> str:
    """Slack's markup as a person reads it."""
    text = re.sub(r"<!date\^\d+\^[^|]*\|([^>]*)>", r"\1", text)
    text = re.sub(r"<!subteam\^[^>]*>", "@approvers", text)
    names = {STARTER: "Starter", APPROVER: "Approver"}
    text = re.sub(r"<@([^>|]+)[^>]*>", lambda m: names.get(m[1], m[1]), text)
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")


METHODS: tuple[Method, ...] = ("squash", "merge", "rebase")


@contextmanager
def reviewed(hosted: Hosted | None, *methods: Method, seconds: float = 0.05) -> Iterator[None]:
    """Somebody at the git host looks every so many seconds and merges what is open.

    Each merge is made by the next of the methods. Nobody where the code is at Platform.sh.
    """
    over, turn = threading.Event(), cycle(methods or METHODS)

    def work() -> None:
        while hosted is not None and not over.wait(seconds):
            for request in [r for r in hosted.requests if r.state == "open"]:
                hosted.merge(request.number, next(turn))

    thread = threading.Thread(target=work, name="reviewer", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join(timeout=5)


def _access(view: Json) -> str:
    """The block of the environments, whose id tells of which project they are."""
    found = (str(b["block_id"]) for b in view["blocks"] if b["type"] == "input")
    return next(block for block in found if block.partition(".")[0] == "access")
