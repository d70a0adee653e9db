"""How Cloudflare says no: its envelope of a failure, and what people can do about each code."""

from collections.abc import Mapping

import httpx

from steps.clients.http import Complaint
from steps.errors import Denied

NO_ZONE_LIST = "com.cloudflare.api.account.zone.list"
NO_HOSTNAME = "Failed to validate requested hostname"
"""What the Origin CA says of a name that it will not sign; its code is not documented."""
HINTS: Mapping[str, str] = {
    "10000": "The token lacks a permission for this (see README, Cloudflare token), or is not one.",
    "1016": "The token has no right on the zone of one of the host names.",
    NO_ZONE_LIST: "The token needs Zone Read for the zone.",
    NO_HOSTNAME: "A host name is not in the zones of the token's account, or the token's user lacks"
    " API access there.",
    "6003": "The token is malformed: copied short, with a line end, or of the wrong kind.",
    "9103": "A global key was given; make an API token instead.",
    "9109": "The token is not valid for this; check that it was copied whole.",
}
_DENIED = frozenset({"10000", "1016", "6003", "6103", "9103", "9109"})
"""Codes that mean a missing right when a request has failed; HTTP 400 comes with some of them."""
_REFUSALS = (200, 400, 401, 403)


def says_no(response: httpx.Response) -> bool:
    try:
        body = response.json()
    except ValueError:
        return False  # what it is instead is told when it is validated
    return isinstance(body, dict) and body.get("success") is False


def complaint(response: httpx.Response) -> Complaint:
    """Cloudflare's envelope of a failure. Only for failures: code 10000 is also that of a yes."""
    try:
        body = response.json()
    except ValueError:
        return Complaint()
    errors = body.get("errors") if isinstance(body, dict) else None
    first = errors[0] if isinstance(errors, list) and errors else {}
    if not isinstance(first, dict):
        return Complaint(str(first))
    message, code = str(first.get("message", "")), str(first.get("code", ""))
    chain = first.get("error_chain") or ()
    codes = [code, *(str(link.get("code", "")) for link in chain if isinstance(link, dict))]
    codes[:0] = [words for words in (NO_ZONE_LIST, NO_HOSTNAME) if words in message]
    denied = response.status_code in _REFUSALS and not _DENIED.isdisjoint(codes)
    hint = next((HINTS[c] for c in codes if c in HINTS), "")
    return Complaint(message, code, hint, Denied if denied else None)
