"""Block Kit pieces with Slack's limits. Everything from outside is escaped here, and only here."""

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, TypeAlias

Block: TypeAlias = dict[str, Any]
SECTION, HEADER, CONTEXT, BUTTON, OPTION, CONFIRM, TEXT = 3000, 150, 3000, 75, 75, 300, 4000
MOST_BLOCKS = 50
_CUT = " … (cut)"


@dataclass(frozen=True, slots=True)
class Handout:
    """A file for people; its name is found again, so it belongs to one run and step only."""

    name: str
    text: str
    """Its content; of a picture what it shows, for whoever does not see it."""
    drawn: Callable[[], bytes] | None = None
    """Draws the picture, once it is needed."""

    @property
    def content(self) -> bytes:
        return self.drawn() if self.drawn else self.text.encode()


@dataclass(frozen=True, slots=True)
class Card:
    """One message: `text` is a full sentence for notifications and screen readers."""

    text: str
    blocks: tuple[Block, ...]
    file: Handout | None = None
    """Uploaded with the text beside it; such a message is never changed."""

    @property
    def decides(self) -> bool:
        """Whether it has buttons, so that somebody may need it."""
        return any(block["type"] == "actions" for block in self.blocks)

    @property
    def digest(self) -> str:
        """Changes when the message does."""
        shown: list[Any] = [self.text, self.blocks]
        if self.file is not None:
            shown.append(self.file.text)
        return hashlib.sha256(json.dumps(shown).encode()).hexdigest()

    def numbered(self, prefix: str) -> list[Block]:
        """The blocks with ids of their own for this state; Slack wants new ones in an update."""
        mark = self.digest[:8]
        return [{**b, "block_id": f"{prefix}-{mark}-{n}"} for n, b in enumerate(self.blocks)]


_MOMENT = re.compile(r"\b(\d{4}-\d{2}-\d{2} \d{2}:\d{2}) UTC\b")
_UNSEEN = re.compile("[\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff]")
"""What turns the direction of a line or takes no place: it would make a name read as another."""


def shown(text: str) -> str:
    """Text in which nothing is invisible: such characters stand as their numbers."""
    return _UNSEEN.sub(lambda found: f"\u27e8U+{ord(found[0]):04X}\u27e9", text)


def escape(text: str) -> str:
    """Text from outside as it is: the three characters that Slack reads as markup."""
    return shown(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def strong(escaped: str) -> str:
    """In bold; as it is where a star of its own (a wildcard's) would end that early and be lost."""
    return escaped if "*" in escaped else f"*{escaped}*"


def dated(text: str) -> str:
    """The same, with the times in it in the reader's own zone: what a step says is in UTC."""
    return _MOMENT.sub(_when, escape(text))


def _when(found: re.Match[str]) -> str:
    try:
        return when(datetime.strptime(f"{found[1]} +0000", "%Y-%m-%d %H:%M %z"))
    except ValueError:  # digits of something else
        return found[0]


def cut(text: str, most: int) -> str:
    """Text within a limit, with a visible mark where something was left out."""
    if len(text) <= most:
        return text
    # An entity, a mention or a link that is cut in half would show as garbage.
    kept = re.sub(r"(&[a-z]{0,3}|<[^<>]{0,300})$", "", text[: most - len(_CUT)])
    return kept + _CUT


def card(text: str, blocks: Iterable[Block]) -> Card:
    """A message within Slack's limits."""
    made = tuple(blocks)
    if len(made) > MOST_BLOCKS:
        left = len(made) - MOST_BLOCKS + 1
        made = (*made[: MOST_BLOCKS - 1], context(f"{left} more parts are left out here."))
    return Card(cut(text, TEXT), made)


def mrkdwn(text: str, most: int = SECTION) -> dict[str, Any]:
    return {"type": "mrkdwn", "text": cut(text, most) or " "}


def plain(text: str, most: int) -> dict[str, Any]:
    """Plain text, in which nothing is markup."""
    return {"type": "plain_text", "text": cut(shown(text), most) or " ", "emoji": False}


def section(text: str, accessory: Block | None = None) -> Block:
    """A paragraph of mrkdwn; whatever is foreign in it has been escaped."""
    block: Block = {"type": "section", "text": mrkdwn(text)}
    return {**block, "accessory": accessory} if accessory else block


def sections(lines: Sequence[str]) -> list[Block]:
    """Lines as few sections as their limit allows."""
    blocks: list[Block] = []
    held = ""
    for line in lines:
        if held and len(held) + len(line) + 1 > SECTION:
            blocks.append(section(held))
            held = ""
        held = f"{held}\n{line}" if held else line
    return [*blocks, section(held)] if held else blocks


def header(text: str) -> Block:
    return {"type": "header", "text": plain(text, HEADER)}


def context(text: str) -> Block:
    return {"type": "context", "elements": [mrkdwn(text, CONTEXT)]}


def divider() -> Block:
    return {"type": "divider"}


def code(text: str) -> Block:
    """Preformatted text: a diff, commands to copy."""
    fence = "```"
    inside = cut(escape(text).replace(fence, "'''"), SECTION - 8)
    return section(f"{fence}\n{inside}\n{fence}")


def button(
    text: str, action_id: str, value: str, *, style: Literal["", "primary", "danger"] = "",
    confirm: Block | None = None, label: str = "",
) -> Block:  # fmt: skip
    """A button; `label` is what a screen reader says when the text alone is ambiguous."""
    made: Block = {
        "type": "button", "text": plain(text, BUTTON), "action_id": action_id, "value": value,
    }  # fmt: skip
    if style:
        made["style"] = style
    if confirm:
        made["confirm"] = confirm
    if label:
        made["accessibility_label"] = cut(label, BUTTON)
    return made


def confirm(title: str, text: str, yes: str, no: str = "Not now") -> Block:
    """The question before a press counts."""
    return {
        "title": plain(title, 100), "text": plain(text, CONFIRM),
        "confirm": plain(yes, 30), "deny": plain(no, 30),
    }  # fmt: skip


def actions(elements: Sequence[Block]) -> Block:
    return {"type": "actions", "elements": list(elements)}


def when(at: datetime) -> str:
    """A time in the reader's own zone."""
    fallback = at.strftime("%Y-%m-%d %H:%M UTC")
    return f"<!date^{int(at.timestamp())}^{{date_short_pretty}} {{time}}|{fallback}>"


def person(user: str) -> str:
    return f"<@{user}>" if user and user != "driver" else "the bot"


def option(value: str, label: str, description: str = "") -> Block:
    """One choice; the stored value is limited to 150 characters."""
    made: Block = {"text": plain(label, OPTION), "value": cut(value, 150)}
    return {**made, "description": plain(description, OPTION)} if description else made
