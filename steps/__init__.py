"""The rollout: its two orders, and the one order of the way back. Keys only.

Both orders take the same steps. ``published`` follows the vendors' pages and has an outage between
client authentication and origin pulls; ``no-downtime`` presents the certificate before the origin
asks for it. The way back is the same whatever the run's order was: nobody may be refused while it
is walked, so *require* goes first and the certificate goes last.
"""

from steps.step import Order

_FIRST = ("preflight", "development-mode", "origin-certificate", "ssl-full")
_LAST = ("origin-probe", "ssl-strict", "http-access", "development-mode-off")


def rollout(order: Order) -> tuple[str, ...]:
    """The step keys of a run, first to last."""
    if order == "published":
        return (*_FIRST, "client-authentication", "origin-pulls", *_LAST)
    return (*_FIRST, "origin-pulls", "gate", "client-authentication", *_LAST)


def way_back() -> tuple[str, ...]:
    """The step keys of an undo, first to last."""
    return (
        "undo-client-authentication",
        "undo-origin-pulls",
        "undo-ssl-hold",
        "undo-origin-certificate",
        "undo-ssl-mode",
        "undo-certificate-revoke",
        "undo-automatic-ssl",
        "undo-http-access",
        "undo-development-mode",
    )
