"""Where the two keys are put: the cuts that give the wanted routes our authority and the mode.

What a route shares with others (an anchor, an alias, a merge key) is changed in its one place when
all of its users want it; else the others get a copy, or the route gets a block of its own.
"""

from collections.abc import Collection
from dataclasses import dataclass

from steps.routes_draft import NEW, Draft
from steps.routes_meaning import TLS, Meanings, Pair, roles, sources
from steps.routes_read import Mode, Section, state
from steps.routes_text import Cut, Style, into_block, into_braces, lists_are_indented
from steps.routes_tls import TlsBlocks
from steps.routes_tree import Node


def cuts_for(
    text: str, part: Section, wanted: Collection[str], mode: Mode, ca_path: str
) -> list[Cut]:
    """The cuts for the routes of one document. Raises EditError for what is not edited."""
    pairs = [pair for url, pair in part.pairs.items() if url in wanted]
    used = roles(part.root, part.routes, [pair.value for pair in pairs])
    draft = Draft(text, part, mode, ca_path, used, lists_are_indented(part.root))
    work = _Routes(draft, TlsBlocks(draft))
    for pair in pairs:
        if not is_right(part.meanings, pair.value, mode, ca_path):
            work.route(pair)
    return draft.cuts


def is_right(meanings: Meanings, route: Node, mode: Mode, ca_path: str) -> bool:
    """Whether a route has what is wanted. `require` is never lowered to `request`."""
    return state(meanings, route, ca_path) in ("require", mode)


@dataclass(frozen=True, slots=True)
class _Routes:
    """The routes of one document."""

    draft: Draft
    blocks: TlsBlocks

    def route(self, pair: Pair) -> None:
        """One route, where it stands or where its alias leads."""
        draft, route = self.draft, pair.value.real
        if route in draft.done:
            return
        if draft.only(route, "route"):
            self._mapping(pair, route)
        elif pair.holder is not draft.part.routes:
            raise draft.refused(
                f"{pair.key.real.value} comes from elsewhere by a merge key", pair.key
            )
        elif pair.value.target is not None:
            self._instead_of_alias(pair)
        else:
            draft.part_from_others(route)
            self._mapping(pair, route)

    def _mapping(self, pair: Pair, route: Node) -> None:
        """The mapping of a route, or one that is merged into it."""
        draft = self.draft
        if route in draft.done:
            return
        draft.done.add(route)
        tls = draft.meanings.pairs(route).get(TLS)
        shared = next(filter(draft.changes, sources(route)), None)
        if tls is not None and (tls.holder is route or draft.changes(tls.holder)):
            self.blocks.change(tls, draft.style(pair, tls.holder))
        elif tls is not None:
            self._whole_block(pair, route, tls.value)
        elif shared is not None:
            self._mapping(pair, shared)
        else:
            self._whole_block(pair, route, None)

    def _whole_block(self, pair: Pair, route: Node, merged: Node | None) -> None:
        """A tls block at the end of a route, with what it had from a merged mapping."""
        draft = self.draft
        had = None if merged is None or merged.real.is_null else merged
        if route.flow:
            words = f"{TLS}: {{{draft.words(had)}}}"
            draft.cuts.extend(into_braces(draft.text, route, words))
            return
        style = draft.style(pair, route)
        note = "" if had is None else f" {NEW}"
        lines = draft.lines(had, route.margin + style.step, style)
        lines.insert(0, f"{' ' * route.margin}{TLS}:{note}")
        draft.cuts.append(into_block(draft.text, route, lines))

    def _instead_of_alias(self, pair: Pair) -> None:
        """Instead of an alias whose mapping others use as well: what it says, and the block."""
        draft, alias, outer = self.draft, pair.value, self.draft.part.routes
        tls = draft.meanings.pairs(alias).get(TLS)
        had = tls.value if tls and not tls.value.real.is_null else None
        if outer.flow:
            words = f"{{<<: *{alias.value}, {TLS}: {{{draft.words(had)}}}}}"
            draft.cuts.append(Cut(alias.start, alias.end, words))
            return
        real = alias.real
        step = 2 if real.flow else max(real.margin - outer.margin, 2)
        margin, style = outer.margin + step, Style(step, step)
        pad = " " * margin
        lines = draft.lines(had, margin + step, style)
        draft.instead(alias, [f"{pad}<<: *{alias.value}", f"{pad}{TLS}:", *lines])
