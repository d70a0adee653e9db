"""Which addresses may be asked: a name server cannot make the probe knock on doors inside."""

from collections.abc import Sequence
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from steps.origin.evidence import Network

# RFC 4291: all of global unicast. What lies outside is local, reserved or a translation.
_UNICAST = IPv6Network("2000::/3")
# RFC 6052: the IPv4 address stands in the last 32 bits.
_TRANSLATED = IPv6Network("64:ff9b::/96")
# RFC 9637 documentation, unknown to older Pythons.
_DOCUMENTATION = IPv6Network("3fff::/20")


def may_be_probed(address: str, allowed: Sequence[Network]) -> bool:
    """Whether an address is a public one, or in a network that the settings name."""
    try:
        ip = ip_address(address)
    except ValueError:
        return False
    reached = _within(ip) or ip
    return _is_public(ip) or any(one in network for one in (ip, reached) for network in allowed)


def _is_public(ip: IPv4Address | IPv6Address) -> bool:
    within = _within(ip)
    if within is not None and not _is_public(within):
        return False
    if isinstance(ip, IPv4Address):
        return ip.is_global and not ip.is_multicast
    if within is not None and (ip.ipv4_mapped or ip in _TRANSLATED):
        return True
    return ip in _UNICAST and ip.is_global and ip not in _DOCUMENTATION and ip.scope_id is None


def _within(ip: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that is reached by an address of IPv6: mapped, translated or 6to4."""
    if isinstance(ip, IPv4Address):
        return None
    if ip in _TRANSLATED:
        return IPv4Address(int(ip) & 0xFFFFFFFF)
    return ip.ipv4_mapped or ip.sixtofour
