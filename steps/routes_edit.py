"""Where the two keys are put: the cuts that give the wanted routes our authority and the mode.

What a route shares with others (an anchor, an alias, a merge key) is changed in its one place when
all of its users want it; else the others get a copy, or the route gets a block of its own. A value
that is replaced is kept beside it, as `# was …`, and a single key that is put into a block of
somebody else's says `# new`: so the way back can be read from the file.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field

from steps.errors import EditError
from steps.routes_meaning import AUTHORITIES, MODE, TLS, Meanings, Pair, Role, roles, sources
from steps.routes_read import Mode, Section, is_ours, state
from steps.routes_text import (
    Cut,
    Style,
    as_flow,
    include,
    into_block,
    into_braces,
    item_lines,
    line_break,
    line_end,
    list_lines,
    list_pair,
    mode_line,
    mode_pair,
    style_of,
)
from steps.routes_tree import Node

NEW = "# new"
_TOKEN = re.compile(r"[^\s#]\S*")


def cuts_for(
    text: str, part: Section, wanted: Collection[str], mode: Mode, ca_path: str
) -> list[Cut]:
    """The cuts for the routes of one document. Raises EditError for what is not edited."""
    pairs = [pair for url, pair in part.pairs.items() if url in wanted]
    used = roles(part.root, [pair.value for pair in pairs])
    work = _Work(text, part, mode, ca_path, used)
    for pair in pairs:
        if not is_right(part.meanings, pair.value, mode, ca_path):
            work.route(pair)
    return work.cuts


def is_right(meanings: Meanings, route: Node, mode: Mode, ca_path: str) -> bool:
    """Whether a route has what is wanted. `require` is never lowered to `request`."""
    return state(meanings, route, ca_path) in ("require", mode)


@dataclass(frozen=True, slots=True)
class _Work:
    """The edit of one document; `cuts` is what it comes to."""

    text: str
    part: Section
    mode: Mode
    ca_path: str
    used: dict[Node, set[Role]]
    cuts: list[Cut] = field(default_factory=list)
    done: set[Node] = field(default_factory=set)

    def only(self, node: Node, role: Role) -> bool:
        """Nobody uses a value otherwise than those who want it changed."""
        return self.used.get(node) == {role}

    def route(self, pair: Pair) -> None:
        """One route, where it stands or where its alias leads."""
        route = pair.value.real
        if route in self.done:
            return
        if self.only(route, "route"):
            self.mapping(pair, route)
        elif pair.value.target is not None and pair.holder is self.part.routes:
            self.own_block(pair)
        elif pair.holder is self.part.routes:
            self.part_from_others(route)
            self.mapping(pair, route)
        else:
            raise _refused(f"{pair.key.real.value} comes from elsewhere by a merge key.", pair.key)

    def mapping(self, pair: Pair, route: Node) -> None:
        """The mapping of a route, or one that is merged into it."""
        if route in self.done:
            return
        self.done.add(route)
        tls = self.part.meanings.pairs(route).get(TLS)
        if tls is not None and (tls.holder is route or self.changes(tls.holder)):
            self.tls(tls, self.style(pair, tls.holder))
        elif tls is not None:
            self.whole_block(pair, route, tls.value)
        else:
            shared = next((one for one in sources(route) if self.changes(one)), None)
            if shared is not None:
                self.mapping(pair, shared)
            else:
                self.whole_block(pair, route, None)

    def changes(self, merged: Node) -> bool:
        """A mapping that is merged into a route gets the block itself."""
        return merged in self.done or self.only(merged, "route")

    def style(self, pair: Pair, block: Node) -> Style:
        return style_of(self.part.root, block, pair.key)

    def whole_block(self, pair: Pair, route: Node, merged: Node | None) -> None:
        """A tls block at the end of a route, with what it had from a merged mapping."""
        if merged is not None and merged.real.is_null:
            merged = None
        if route.flow:
            self.cuts.extend(into_braces(self.text, route, f"{TLS}: {{{self.words(merged)}}}"))
            return
        style = self.style(pair, route)
        margin = route.margin + style.step
        note = f" {NEW}" if merged is not None else ""
        lines = [f"{' ' * route.margin}{TLS}:{note}", *self.lines(merged, margin, style)]
        self.cuts.append(into_block(self.text, route, lines))

    def own_block(self, pair: Pair) -> None:
        """Instead of an alias whose mapping others use as well: what it says, and the block."""
        alias, route = pair.value, pair.value.real
        tls = self.part.meanings.pairs(route).get(TLS)
        merged = tls.value if tls and not tls.value.real.is_null else None
        if self.part.routes.flow:
            words = f"{TLS}: {{{self.words(merged)}}}"
            self.cuts.append(Cut(alias.start, alias.end, f"{{<<: *{alias.value}, {words}}}"))
            return
        style = Style(max(route.margin - self.part.routes.margin, 2), 2)
        margin = self.part.routes.margin + style.step
        pad, inner = " " * margin, margin + style.step
        lines = [f"{pad}<<: *{alias.value}", f"{pad}{TLS}:", *self.lines(merged, inner, style)]
        self.instead(alias, lines)

    def instead(self, alias: Node, lines: list[str]) -> None:
        """Lines below a key in the place of its alias, which is named beside it."""
        at = line_end(self.text, alias.end)
        newline = line_break(self.text, at)
        self.cuts.extend([
            Cut(alias.start, alias.end, f"# was *{alias.value}"),
            Cut(at, at, "".join(newline + line for line in lines)),
        ])

    def lines(self, merged: Node | None, margin: int, style: Style) -> list[str]:
        """Our two keys as lines, after what a block had that is no longer merged in."""
        pad = " " * margin
        kept = [f"{pad}{as_flow(pair.key)}: {as_flow(pair.value)}" for pair in self.kept(merged)]
        listed = self.listed(merged)
        if listed:
            words = ", ".join([*listed, include(self.ca_path)])
            return [*kept, *mode_line(self.mode_for(merged), margin), f"{pad}{AUTHORITIES}: [{words}]"]
        return [
            *kept, *mode_line(self.mode_for(merged), margin),
            *list_lines(self.ca_path, margin, style),
        ]  # fmt: skip

    def words(self, merged: Node | None) -> str:
        """Our two keys between braces, after what a block had that is no longer merged in."""
        kept = [f"{as_flow(pair.key)}: {as_flow(pair.value)}" for pair in self.kept(merged)]
        listed = ", ".join([*self.listed(merged), include(self.ca_path)])
        return ", ".join([*kept, mode_pair(self.mode_for(merged)), f"{AUTHORITIES}: [{listed}]"])

    def kept(self, merged: Node | None) -> Iterator[Pair]:
        found = self.part.meanings.pairs(merged) if merged is not None else {}
        return (pair for name, pair in found.items() if name not in (MODE, AUTHORITIES))

    def listed(self, merged: Node | None) -> list[str]:
        pair = self.part.meanings.pairs(merged).get(AUTHORITIES) if merged is not None else None
        items = pair.value.real.items if pair else ()
        return [as_flow(one) for one in items if not is_ours(self.part.meanings, one, self.ca_path)]

    def mode_for(self, merged: Node | None) -> str:
        was = self.part.meanings.word(merged, MODE) if merged is not None else ""
        return "require" if was == "require" else self.mode

    def part_from_others(self, shared: Node) -> None:
        """Every alias of a value that is not changed with it becomes a copy of what it was."""
        for alias, in_braces in _aliases(self.part.root, in_braces=False):
            role = self.used.get(alias, set())
            if alias.target is shared and "other" in role and len(role) == 1:
                note = "" if in_braces else f" # was *{alias.value}"
                self.cuts.append(Cut(alias.start, alias.end, as_flow(alias) + note))

    def tls(self, pair: Pair, style: Style) -> None:
        """A tls block that is there: the two keys are added, or their values changed."""
        tls = pair.value.real
        if tls in self.done:
            return
        if self.only(tls, "tls"):
            self.block(pair, tls, style)
        elif pair.value.target is None:
            self.part_from_others(tls)
            self.block(pair, tls, style)
        else:
            self.own_tls(pair, style)

    def own_tls(self, pair: Pair, style: Style) -> None:
        """Instead of an alias whose block others use as well: what it says, and our keys."""
        alias, tls = pair.value, pair.value.real
        if alias in self.done:
            return
        self.done.add(alias)
        name = "" if tls.is_null else f"<<: *{alias.value}"
        if pair.holder.flow or self.listed(tls):
            words = self.words(None if tls.is_null else tls)
            note = "" if pair.holder.flow else f" # was *{alias.value}"
            self.cuts.append(Cut(alias.start, alias.end, f"{{{words}}}{note}"))
            return
        margin = pair.holder.margin + style.step
        ours = [*mode_line(self.mode_for(tls), margin), *list_lines(self.ca_path, margin, style)]
        self.instead(alias, [" " * margin + name, *ours] if name else ours)

    def block(self, pair: Pair, tls: Node, style: Style) -> None:
        """A tls block that only wanted routes use."""
        self.done.add(tls)
        if tls.is_null:
            self.nothing_yet(pair, tls, style)
            return
        found = self.part.meanings.pairs(tls)
        mode, listed = found.get(MODE), found.get(AUTHORITIES)
        if mode is None and listed is None:
            self.both(tls, style)
            return
        if listed is None:
            self.add(tls, list_pair(self.ca_path), list_lines(self.ca_path, tls.margin, style))
        else:
            self.authorities(tls, listed)
        if mode is None:
            self.add(tls, mode_pair(self.mode), mode_line(self.mode, tls.margin))
        else:
            self.change_mode(tls, mode)

    def nothing_yet(self, pair: Pair, tls: Node, style: Style) -> None:
        """An empty tls block. The list comes first there: so the way back leaves the block."""
        if pair.holder.flow:
            words = f"{{{list_pair(self.ca_path)}, {mode_pair(self.mode)}}}"
            colon = "" if self.text[pair.key.end : tls.bare].strip() else ":"
            space = "" if tls.value else " "
            self.cuts.append(Cut(tls.bare, tls.end, colon + space + words))
            return
        margin = pair.holder.margin + style.step
        lines = [*list_lines(self.ca_path, margin, style), *mode_line(self.mode, margin)]
        if tls.value:
            self.cuts.append(Cut(tls.bare, tls.end, f"# was {tls.value}"))
        at = line_end(self.text, tls.end)
        newline = line_break(self.text, at)
        self.cuts.append(Cut(at, at, "".join(newline + line for line in lines)))

    def both(self, tls: Node, style: Style) -> None:
        if not tls.flow:
            ours = mode_line(self.mode, tls.margin)
            ours += list_lines(self.ca_path, tls.margin, style)
            self.cuts.append(into_block(self.text, tls, ours))
            return
        words = [mode_pair(self.mode), list_pair(self.ca_path)]
        self.cuts.extend(into_braces(self.text, tls, ", ".join(words if tls.pairs else words[::-1])))

    def add(self, tls: Node, words: str, lines: list[str]) -> None:
        """One of the two keys, where the other one is there already."""
        if tls.flow:
            self.cuts.extend(into_braces(self.text, tls, words))
        else:
            lines = [f"{lines[0]} {NEW}", *lines[1:]]
            self.cuts.append(into_block(self.text, tls, lines))

    def authorities(self, tls: Node, pair: Pair) -> None:
        """Our authority into a list that is there, after those of others."""
        meanings, real = self.part.meanings, pair.value.real
        ours = any(is_ours(meanings, item, self.ca_path) for item in real.items)
        if ours or real in self.done:
            return
        in_place = pair.holder is tls or self.only(pair.holder, "tls")
        alone = self.only(real, "authorities")
        words = f"[{', '.join([*map(as_flow, real.items), include(self.ca_path)])}]"
        if not in_place:
            self.add(tls, f"{AUTHORITIES}: {words}", [f"{' ' * tls.margin}{AUTHORITIES}: {words}"])
        elif (real.items or real.flow) and (alone or pair.value.target is None):
            if not alone:
                self.part_from_others(real)
            self.append(real)
        else:
            self.replace(pair, words)

    def append(self, listed: Node) -> None:
        self.done.add(listed)
        if listed.flow:
            self.cuts.extend(into_braces(self.text, listed, include(self.ca_path)))
        else:
            lines = item_lines(self.ca_path, listed.margin)
            self.cuts.append(into_block(self.text, listed, lines))

    def change_mode(self, tls: Node, pair: Pair) -> None:
        """The mode of a block that has one; `require` stays as it is."""
        was = pair.value.real
        if was.kind != "scalar" or was.block_text:
            raise _refused(f"The {MODE} is no word.", pair.value)
        if was.value in ("require", self.mode):
            return
        if pair.holder is not tls and not self.only(pair.holder, "tls"):
            self.add(tls, mode_pair(self.mode), mode_line(self.mode, tls.margin))
        elif pair.value.target is None and not self.only(was, "mode"):
            self.part_from_others(was)
            self.replace(pair, f'"{self.mode}"')
        elif self.is_whole(tls, pair):
            written = self.text[was.bare : was.end]
            self.cuts.append(Cut(was.bare, was.end, written.replace(was.value, self.mode)))
        else:
            self.replace(pair, f'"{self.mode}"')

    def is_whole(self, tls: Node, mode: Pair) -> bool:
        """Both keys are as we put them in together, so the mode may change without a trace."""
        listed = tls.own(AUTHORITIES)
        if listed is None or mode.holder is not tls or mode.value.target is not None:
            return False
        items = listed[1].items
        alone = len(items) == 1 and is_ours(self.part.meanings, items[0], self.ca_path)
        marked = self.rest_of_line(listed[0]).endswith(NEW)
        kept = NEW in self.rest_of_line(mode.key) or "# was " in self.rest_of_line(mode.key)
        return bool(mode.value.real.value) and (kept or (alone and not marked))

    def rest_of_line(self, key: Node) -> str:
        return self.text[key.end : line_end(self.text, key.end)].rstrip()

    def replace(self, pair: Pair, words: str) -> None:
        """Another value under a key; what it was stands beside it."""
        value = pair.value
        start = value.start if value.target is not None else value.bare
        written = self.text[start : value.end]
        if written and not _TOKEN.fullmatch(written) and not pair.holder.flow:
            raise _refused(f"What stands under {pair.key.real.value} is more than a word.", value)
        note = "" if pair.holder.flow else f" # was {written or 'empty'}"
        space = "" if written else " "
        self.cuts.append(Cut(start, value.end, f"{space}{words}{note}"))


def _aliases(node: Node, *, in_braces: bool) -> Iterator[tuple[Node, bool]]:
    if node.kind == "alias":
        yield node, in_braces
    for child in (*node.items, *(value for _, value in node.pairs)):
        yield from _aliases(child, in_braces=in_braces or node.flow)


def _refused(why: str, at: Node) -> EditError:
    return EditError(f"This is not edited: {why}", line=at.line, column=at.column)
