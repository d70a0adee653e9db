"""The ways through a run: which steps there are, and which of them rely on which. Keys only.

The composition root hands these in; the engine knows no step by itself.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from steps.step import Order


@dataclass(frozen=True, slots=True)
class Laws:
    """What may be left out, and what may only go together. No entry means no bond."""

    needs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Step → the steps that have to come before it, forward and back."""
    optional: frozenset[str] = frozenset()
    """Steps that a person may leave out: nothing relies on them."""
    guards: frozenset[str] = frozenset()
    """Optional steps whose *no* counts: one that has seen trouble is not left out."""
    kept: Mapping[str, str] = field(default_factory=dict)
    """Step → why it is never left out, a sentence."""
    back_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Step → its ways back."""
    for_good: Mapping[str, str] = field(default_factory=dict)
    """Way back → what nobody can undo afterwards, a sentence."""
    follows: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Way back → the ways back that have to come after it."""
    ended_by: Mapping[str, str] = field(default_factory=dict)
    """Step → the later step that ends what it did."""
    refused_until: Mapping[str, str] = field(default_factory=dict)
    """Step → the step without which visitors are refused from there on."""


NO_LAWS = Laws()
"""Nothing relies on anything: what tests of toys begin with."""


@dataclass(frozen=True, slots=True)
class Itinerary:
    """The step keys of each direction, and the laws between them."""

    no_downtime: tuple[str, ...]
    published: tuple[str, ...]
    back: tuple[str, ...]
    laws: Laws = NO_LAWS

    def forward(self, order: Order) -> tuple[str, ...]:
        return self.published if order == "published" else self.no_downtime
