"""Which addresses count where one kind of them has no way from here."""

from dataclasses import dataclass

import pytest

from steps.origin.reach import not_reached, reached


@dataclass(frozen=True)
class One:
    """An address that was asked."""

    address: str
    no_route: bool = False


V4, V4_TOO, V6 = One("192.0.2.1"), One("192.0.2.2"), One("2001:db8::1")
V4_LOST, V6_LOST = One("192.0.2.1", no_route=True), One("2001:db8::1", no_route=True)
V6_LOST_TOO = One("2001:db8::2", no_route=True)


@pytest.mark.parametrize(
    ("asked", "counted"),
    [
        ((V4, V6), (V4, V6)),
        ((V4, V6_LOST), (V4,)),
        ((V4_LOST, V6), (V6,)),
        ((V4, V4_TOO, V6_LOST, V6_LOST_TOO), (V4, V4_TOO)),
        ((V4_LOST, V6_LOST), (V4_LOST, V6_LOST)),  # no network at all is nothing seen
        ((V4_LOST, V4_TOO), (V4_LOST, V4_TOO)),  # one of a kind that has a way
        ((V6, V6_LOST_TOO), (V6, V6_LOST_TOO)),
        ((V6_LOST,), (V6_LOST,)),
        ((), ()),
    ],
)
def test_a_kind_without_a_way_is_left_out_where_the_other_has_one(
    asked: tuple[One, ...], counted: tuple[One, ...]
) -> None:
    """What is left out is said, and nothing is said where nothing is."""
    assert reached(asked) == counted
    left = [one.address for one in asked if one not in counted]
    assert len(not_reached(asked)) == bool(left)
    assert all(address in not_reached(asked)[0] for address in left)
