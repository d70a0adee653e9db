"""What goes into a tls block that is there: the two keys are added, or their values changed.

A value that is replaced is kept beside it, as `# was …`, and a single key that is put into a block
of somebody else's says `# new`: so the way back can be read from the file.
"""

from dataclasses import dataclass

from steps.routes_draft import NEW, Draft
from steps.routes_meaning import AUTHORITIES, MODE, Pair
from steps.routes_read import is_ours
from steps.routes_text import (
    Cut,
    Style,
    as_flow,
    include,
    into_block,
    into_braces,
    item_lines,
    line_end,
    list_lines,
    list_pair,
    mode_line,
    mode_pair,
)
from steps.routes_tree import Node


@dataclass(frozen=True, slots=True)
class TlsBlocks:
    """The tls blocks of one document."""

    draft: Draft

    def change(self, pair: Pair, style: Style) -> None:
        """The block under a route's tls, where it stands or where its alias leads."""
        tls = pair.value.real
        if tls in self.draft.done:
            return
        if self.draft.only(tls, "tls"):
            self._block(pair, tls, style)
        elif pair.value.target is None:
            self.draft.part_from_others(tls)
            self._block(pair, tls, style)
        else:
            self._own(pair, style)

    def _own(self, pair: Pair, style: Style) -> None:
        """Instead of an alias whose block others use as well: what it says, and our keys."""
        draft, alias, tls = self.draft, pair.value, pair.value.real
        had = None if tls.is_null else tls
        if draft.listed(had) or (pair.holder.flow and had is None):
            note = "" if pair.holder.flow else f" # was *{alias.value}"
            draft.cuts.append(Cut(alias.start, alias.end, f"{{{draft.words(had)}}}{note}"))
            return
        mode = draft.mode_for(had)
        if pair.holder.flow:
            # The list before the mode: so the way back leaves the alias.
            words = f"<<: *{alias.value}, {list_pair(draft.ca_path)}, {mode_pair(mode)}"
            draft.cuts.append(Cut(alias.start, alias.end, f"{{{words}}}"))
            return
        margin = pair.holder.margin + style.step
        merged = [f"{' ' * margin}<<: *{alias.value}"] if had is not None else []
        ours = [*mode_line(mode, margin), *list_lines(draft.ca_path, margin, style)]
        draft.instead(alias, [*merged, *ours])

    def _block(self, pair: Pair, tls: Node, style: Style) -> None:
        """A block that only wanted routes use."""
        self.draft.done.add(tls)
        if tls.is_null:
            self._nothing_yet(pair, tls, style)
            return
        found = self.draft.meanings.pairs(tls)
        mode, listed = found.get(MODE), found.get(AUTHORITIES)
        if listed is None and (mode is None or self._is_overridden(tls, mode)):
            self._both(tls, style)
            return
        if listed is None:
            lines = list_lines(self.draft.ca_path, tls.margin, style)
            self._add(tls, list_pair(self.draft.ca_path), lines)
        else:
            self._authorities(tls, listed)
        if mode is None:
            self._add_mode(tls)
        else:
            self._mode(tls, mode)

    def _is_overridden(self, tls: Node, mode: Pair) -> bool:
        """A mode that a merge key brings in, that others use as well and that is not enough."""
        shared = mode.holder is not tls and not self.draft.only(mode.holder, "tls")
        return shared and mode.value.real.value not in ("require", self.draft.mode)

    def _nothing_yet(self, pair: Pair, tls: Node, style: Style) -> None:
        """An empty block. The list comes first there: so the way back leaves the block."""
        draft = self.draft
        if pair.holder.flow:
            colon = "" if draft.text[pair.key.end : tls.bare].strip() else ":"
            space = "" if tls.value else " "
            words = f"{{{list_pair(draft.ca_path)}, {mode_pair(draft.mode)}}}"
            draft.cuts.append(Cut(tls.bare, tls.end, colon + space + words))
            return
        margin = pair.holder.margin + style.step
        if tls.value:
            draft.cuts.append(Cut(tls.bare, tls.end, f"# was {tls.value}"))
        lines = [*list_lines(draft.ca_path, margin, style), *mode_line(draft.mode, margin)]
        draft.insert(tls.end, lines)

    def _both(self, tls: Node, style: Style) -> None:
        draft = self.draft
        if not tls.flow:
            ours = mode_line(draft.mode, tls.margin)
            ours += list_lines(draft.ca_path, tls.margin, style)
            draft.cuts.append(into_block(draft.text, tls, ours))
            return
        words = [mode_pair(draft.mode), list_pair(draft.ca_path)]
        words = words if tls.pairs else words[::-1]
        draft.cuts.extend(into_braces(draft.text, tls, ", ".join(words)))

    def _add(self, tls: Node, words: str, lines: list[str]) -> None:
        """One of the two keys, where the other one is there already."""
        draft = self.draft
        if tls.flow:
            draft.cuts.extend(into_braces(draft.text, tls, words))
        else:
            draft.cuts.append(into_block(draft.text, tls, [f"{lines[0]} {NEW}", *lines[1:]]))

    def _add_mode(self, tls: Node) -> None:
        self._add(tls, mode_pair(self.draft.mode), mode_line(self.draft.mode, tls.margin))

    def _authorities(self, tls: Node, pair: Pair) -> None:
        """Our authority into a list that is there, after those of others."""
        draft, real = self.draft, pair.value.real
        ours = any(is_ours(draft.meanings, item, draft.ca_path) for item in real.items)
        if ours or real in draft.done:
            return
        alone = draft.only(real, "authorities")
        words = f"[{', '.join([*map(as_flow, real.items), include(draft.ca_path)])}]"
        if pair.holder is not tls and not draft.only(pair.holder, "tls"):
            self._add(tls, f"{AUTHORITIES}: {words}", [f"{' ' * tls.margin}{AUTHORITIES}: {words}"])
        elif (real.items or real.flow) and (alone or pair.value.target is None):
            if not alone:
                draft.part_from_others(real)
            self._append(real)
        else:
            draft.replace(pair, words)

    def _append(self, listed: Node) -> None:
        draft = self.draft
        draft.done.add(listed)
        if listed.flow:
            draft.cuts.extend(into_braces(draft.text, listed, include(draft.ca_path)))
        else:
            lines = item_lines(draft.ca_path, listed.margin)
            draft.cuts.append(into_block(draft.text, listed, lines))

    def _mode(self, tls: Node, pair: Pair) -> None:
        """The mode of a block that has one; `require` stays as it is."""
        draft, was = self.draft, pair.value.real
        if was.kind != "scalar" or was.block_text:
            raise draft.refused(f"the {MODE} is no word", pair.value)
        if was.value in ("require", draft.mode):
            return
        if pair.holder is not tls and not draft.only(pair.holder, "tls"):
            self._add_mode(tls)
            return
        if self._is_whole(tls, pair):
            written = draft.text[was.bare : was.end]
            draft.cuts.append(Cut(was.bare, was.end, written.replace(was.value, draft.mode)))
            return
        if pair.value.target is None and not draft.only(was, "mode"):
            draft.part_from_others(was)
        draft.replace(pair, f'"{draft.mode}"')

    def _is_whole(self, tls: Node, mode: Pair) -> bool:
        """Both keys are as we put them in together, so the mode may change without a trace."""
        listed = tls.own(AUTHORITIES)
        word = mode.value.target is None and not mode.value.anchor and bool(mode.value.value)
        if listed is None or mode.holder is not tls or not word:
            return False
        items = listed[1].items
        alone = len(items) == 1 and is_ours(self.draft.meanings, items[0], self.draft.ca_path)
        beside = self._beside(mode.key)
        marked = not tls.flow and (beside.endswith(NEW) or "# was " in beside)
        if tls.flow:
            return alone and self.draft.text[mode.value.start] == '"'
        return marked or (alone and self._is_as_put_in(listed))

    def _is_as_put_in(self, listed: tuple[Node, Node]) -> bool:
        """A list in our own words; one that somebody wrote like it is theirs."""
        text, margin = self.draft.text, listed[1].margin
        lines = item_lines(self.draft.ca_path, margin)
        written = text[listed[1].bare - margin : listed[1].end].splitlines()
        return written == lines and not self._beside(listed[0]).endswith(NEW)

    def _beside(self, key: Node) -> str:
        return self.draft.text[key.end : line_end(self.draft.text, key.end)].rstrip()
