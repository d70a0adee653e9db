"""Client authentication in a routes file, put in and taken out. Text to text.

A `routes.yaml`, or an Upsun file with a `routes:` key: by its content. Lines are only inserted, or
a value changed, at places that the parser's positions give; what came out is parsed again and
compared before anybody gets it.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from steps.errors import EditError
from steps.routes_edit import cuts_for, is_right
from steps.routes_findings import Finding, found_in, too_large
from steps.routes_meaning import AUTHORITIES, MODE
from steps.routes_notes import with_notes, without_notes
from steps.routes_proof import proven
from steps.routes_read import Authority, Mode, RouteEntry, Section, sections, state
from steps.routes_text import Cut, apply, block_by_hand
from steps.routes_undo import cuts_back

__all__ = [
    "Authority", "Edited", "Finding", "Mode", "RouteEntry", "diff", "every_https", "findings",
    "require", "routes", "undo",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class Edited:
    """The new text, and the URLs of the routes that were changed (none: it was right already)."""

    text: str
    routes: tuple[str, ...]
    exact: bool = True
    """`undo` gives the original bytes. If not, only the text from before does."""


def every_https(route: RouteEntry) -> bool:
    """The usual choice: each route that is served with TLS."""
    return route.scheme == "https"


def routes(text: str) -> tuple[RouteEntry, ...]:
    """Every route in the file's order. Raises EditError when it cannot be read for certain."""
    return tuple(route for part in sections(text) for route in part.entries.values())


def findings(
    text: str, *, ca_path: str = "cloudflare-ca.crt", accepted: Collection[str] = ()
) -> tuple[Finding, ...]:
    """All that stands in the way or must be told, in the file's order; never raises.

    `accepted` holds codes of findings that no longer block, if they are acceptable.
    """
    try:
        return found_in(text, sections(text), ca_path, accepted)
    except EditError as refused:
        return (
            Finding(
                "unreadable", refused.for_people, refused.line, refused.column, hint=refused.hint
            ),
        )


def require(
    text: str,
    *,
    mode: Mode = "require",
    ca_path: str,
    selected: Callable[[RouteEntry], bool] = every_https,
) -> Edited:
    """Put client authentication on every https route that is `selected`; other bytes stay.

    A route is changed with all others of its host, since TLS is agreed on per host. `ca_path` is
    relative to the configuration directory. Raises EditError for what stops the edit (see
    `Finding`) or could not be proven, with the lines to add by hand in `hint`.
    """
    parts = sections(text)
    for finding in found_in(text, parts, ca_path, ()):
        if finding.stops_the_edit:
            raise EditError(
                finding.message, hint=finding.hint, line=finding.line, column=finding.column
            )
    return _put_in(text, parts, _alike(parts, selected), mode, ca_path)


def undo(text: str, *, ca_path: str) -> Edited:
    """Take out exactly what `require` puts in, in either mode.

    Raises EditError when the file cannot be read, or when the lines are not as we wrote them: what
    is left must give this very text again when it is put in.
    """
    parts = sections(text)
    before = _taken_out(text, ca_path)
    if before == text:
        return Edited(text, ())
    modes, left = _modes(parts, ca_path), _modes(_read_again(before), ca_path)
    gone = tuple(url for url, mode in left.items() if mode != modes.get(url, mode))
    again = before
    for mode in ("request", "require"):
        wanted = {url for url in gone if modes[url] == mode}
        again = _put_in(again, sections(again), wanted, mode, ca_path).text
    if again != text:
        raise _not_as_written(text, again, ca_path)
    return Edited(before, gone)


def diff(before: str, after: str, path: str) -> str:
    """A unified diff of two texts for a card; empty when they are the same."""
    old, new = (
        [f"{line}\n" for line in re.split(r"\r?\n", side.removesuffix("\n").removesuffix("\r"))]
        for side in (before, after)
    )
    return "".join(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}"))


def _put_in(
    text: str, parts: tuple[Section, ...], wanted: Collection[str], mode: Mode, ca_path: str
) -> Edited:
    changed = tuple(
        url for part in parts for url, pair in part.pairs.items()
        if url in wanted and not is_right(part.meanings, pair.value, mode, ca_path)
    )  # fmt: skip
    if not changed:
        return Edited(text, ())
    cuts = [cut for part in parts for cut in cuts_for(text, part, wanted, mode, ca_path)]
    right = (after for after in _written(text, cuts, ca_path)
             if proven(parts, _read_again(after), wanted, mode, ca_path))  # fmt: skip
    after = next(right, None)
    if after is None:
        raise EditError(
            "The edit of this file could not be proven right, so it is not made.",
            hint="Put these keys into every https route by hand:\n" + block_by_hand(ca_path),
        )
    exact = next((one for one in chain((after,), right) if _taken_out(one, ca_path) == text), None)
    after = exact or after
    if too_large(after, _read_again(after)):
        raise EditError(
            "With the block in every route, the routes are over the platform's limit of 128 KB.",
            hint="Give routes that are alike one anchor, or take some out.",
        )
    return Edited(after, changed, exact=exact is not None)


def _written(text: str, cuts: list[Cut], ca_path: str) -> Iterator[str]:
    """The new text; and with notes, for one whose way back could not be read without them."""
    yield apply(text, cuts)
    if _taken_out(text, ca_path) == text:
        yield apply(text, with_notes(text, cuts))


def _read_again(text: str) -> tuple[Section, ...]:
    try:
        return sections(text)
    except EditError:
        return ()


def _alike(parts: tuple[Section, ...], selected: Callable[[RouteEntry], bool]) -> set[str]:
    """The https routes of every host of which one is selected."""
    every = [route for part in parts for route in part.entries.values() if every_https(route)]
    hosts = {route.host for route in every if selected(route)}
    return {route.url for route in every if route.host in hosts}


def _taken_out(text: str, ca_path: str) -> str:
    before = without_notes(text)
    parts = _read_again(before)
    return apply(before, [cut for part in parts for cut in cuts_back(before, part, ca_path)])


def _modes(parts: tuple[Section, ...], ca_path: str) -> dict[str, str]:
    """The mode of each route that lets our authority in; empty for the others."""
    return {
        url: state(part.meanings, pair.value, ca_path)
        for part in parts for url, pair in part.pairs.items()
    }  # fmt: skip


def _not_as_written(text: str, again: str, ca_path: str) -> EditError:
    """Told at the first place where the text is not what would have been put in."""
    at = next((n for n, pair in enumerate(zip(text, again, strict=False)) if pair[0] != pair[1]),
              min(len(text), len(again)))  # fmt: skip
    return EditError(
        "The tls block here is not written as it was put in; nothing is taken out.",
        hint=f"Take {MODE} and {AUTHORITIES} with {ca_path} out by hand.",
        line=text.count("\n", 0, at) + 1, column=at - text.rfind("\n", 0, at),
    )  # fmt: skip
