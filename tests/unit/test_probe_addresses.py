"""Which addresses the probe may knock at, whoever names them."""

from ipaddress import ip_network

import pytest

from steps.origin.public import may_be_probed

LOOPBACK = (ip_network("127.0.0.0/8"), ip_network("::1/128"))


@pytest.mark.parametrize(
    "address",
    ["127.0.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1",
     "0.0.0.0", "224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1",
     "::", "::1", "::7f00:1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00::1", "ff02::1",
     "2001:db8::1", "3fff::1", "2001::1", "100::1", "5f00::1", "4000::1",
     "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1",
     "2002:7f00:1::", "2002:a00:1::1", "not an address", "", "127.1", "0x7f.1", "\uff11.1.1.1"],
)  # fmt: skip
def test_addresses_inside_are_never_asked(address: str) -> None:
    """Private, local, shared, reserved, documentation; also mapped, translated or tunnelled."""
    assert not may_be_probed(address, ())


@pytest.mark.parametrize(
    "address",
    ["1.1.1.1", "192.88.99.1", "2606:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101",
     "2002:101:101::1"],
)  # fmt: skip
def test_public_addresses_may_be_asked(address: str) -> None:
    """The control of the test above."""
    assert may_be_probed(address, ())


def test_a_network_that_is_named_may_be_asked_as_well() -> None:
    """And no other one through it."""
    for address in ("127.0.0.11", "::1", "::ffff:127.0.0.11"):
        assert may_be_probed(address, LOOPBACK)
    for address in ("10.0.0.1", "::2", "::ffff:10.0.0.1"):
        assert not may_be_probed(address, LOOPBACK)
