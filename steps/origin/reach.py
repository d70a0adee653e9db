"""Addresses of a kind that this machine has no way to: IPv6, mostly, where only IPv4 is at hand.

Cloudflare answers by both kinds, and many machines on which a bot runs have one. What is seen by
the other kind counts; what could not be looked at is said.
"""

import errno
from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

NO_ROUTE = frozenset({
    errno.ENETUNREACH, errno.EHOSTUNREACH, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT, errno.ENETDOWN,
})  # fmt: skip


class Asked(Protocol):
    """What came of asking one address."""

    @property
    def address(self) -> str: ...
    @property
    def no_route(self) -> bool: ...


A = TypeVar("A", bound=Asked)


def reached(asked: Iterable[A]) -> tuple[A, ...]:
    """Without the kind of addresses that has no way from here at all, where the other kind has.

    One address without a way among others of its kind is kept: that is its own trouble.
    """
    every = tuple(asked)
    kinds = {_kind(one) for one in every if not one.no_route}
    return tuple(one for one in every if not kinds or _kind(one) in kinds)


def not_reached(asked: Sequence[Asked]) -> tuple[str, ...]:
    """A sentence on the addresses that `reached` leaves out; none when it leaves none out."""
    counted = {one.address for one in reached(asked)}
    left = dict.fromkeys(one.address for one in asked if one.address not in counted)
    if not left:
        return ()
    return (f"Not looked at, for want of a way from here: {', '.join(left)}.",)


def _kind(asked: Asked) -> str:
    return "IPv6" if ":" in asked.address else "IPv4"
