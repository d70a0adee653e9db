"""YAML text as the events of its documents. The only module that runs ruamel.yaml."""

from collections.abc import Iterator

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    Event,
    MappingEndEvent,
    NodeEvent,
    SequenceEndEvent,
)
from ruamel.yaml.scanner import Scanner

from steps.errors import EditError


class _Scanner(Scanner):
    """ruamel's, which takes no tab between tokens of a block though YAML (and libyaml) do."""

    def scan_to_next_token(self) -> None:
        super().scan_to_next_token()
        while self.reader.peek() == "\t" and self._parts_tokens():
            while self.reader.peek() in " \t":
                self.reader.forward()
            super().scan_to_next_token()

    def _parts_tokens(self) -> bool:
        """It stands after something on its line, or there is nothing but a comment after it."""
        ahead = 0
        while self.reader.peek(ahead) in " \t":
            ahead += 1
        return not self.allow_simple_key or self.reader.peek(ahead) in "\r\n#\0"


def content_of(text: str) -> Iterator[Event]:
    """The events of every document's content, one document after the other.

    Raises EditError for what is no valid YAML.
    """
    yaml = YAML(typ="safe", pure=True)
    yaml.Scanner = _Scanner
    try:
        for event in yaml.parse(text):
            if isinstance(event, NodeEvent | MappingEndEvent | SequenceEndEvent):
                yield event
    except MarkedYAMLError as invalid:
        mark = invalid.problem_mark or invalid.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        what = invalid.problem or invalid.context or "it cannot be parsed"
        raise EditError(f"This is not valid YAML: {what}.", line=line, column=column) from invalid
    except (YAMLError, ValueError, LookupError, OverflowError) as invalid:
        # ruamel's scanner lets some of Python's own errors out, e.g. for \U escapes past Unicode.
        line, column = _place(invalid, text)
        raise EditError(
            f"This is not valid YAML: {_first_line(invalid)}.", line=line, column=column
        ) from invalid


def _place(invalid: BaseException, text: str) -> tuple[int, int]:
    """Line and column of a character that YAML does not allow; zeros for anything else."""
    at = getattr(invalid, "position", None)
    if not isinstance(at, int):
        return 0, 0
    before = text[:at]
    return before.count("\n") + 1, at - (before.rfind("\n") + 1) + 1


def _first_line(error: BaseException) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
