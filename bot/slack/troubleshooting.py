"""What to do about each error that stops a step and brings no hint of its own. Pure."""

from collections.abc import Mapping

_VENDOR = (
    "Look at what the vendor's own page shows, and at the request named here; then press *Retry*:"
    " it looks again before it writes anything."
)
_RIGHT = "Put that right, then press *Retry*: it looks again before it writes anything."
_PLANNED = "Press *Retry*: the step is planned on what is there now, and asked for again."
_LATER = "Wait until it answers again, then press *Retry*. The site stays as it is meanwhile."
_LOG = (
    "Whoever runs the bot finds more in its log. Then press *Retry*: it looks again before it"
    " writes anything."
)
WHAT_TO_DO: Mapping[str, str] = {
    "precondition": _RIGHT,
    "plan-void": _PLANNED,
    "verification": "Look at the evidence on this card; *Retry* looks again, *Undo* goes back.",
    "way-back-taken": "Find out why Cloudflare presented no certificate, then press *Retry*.",
    "request-closed": "Press *Retry* to have a new one opened, or *Stop*.",
    "not-as-approved": f"Look at the site. {_PLANNED}",
    "gave-up-waiting": "Press *Retry*: it may have ended meanwhile, and the step goes on from"
                       " there.",
    "irreversible": _RIGHT,
    "step": _RIGHT,
    "unreachable": _LATER,
    "rate-limited": _LATER,
    "denied": "Whoever runs the bot sees with `python app.py check` which right the token lacks."
              " Give it that right, then press *Retry*.",
    "not-found": _VENDOR,
    "already-exists": _VENDOR,
    "unexpected-reply": _VENDOR,
    "client": _VENDOR,
    "push-refused": _PLANNED,
    "host-key-unknown": "If this host is genuine, whoever runs the bot adds its key to"
                        " `MTLS_SEAM_GIT_HOST_KEYS` and starts it again; then press *Retry*.",
    "routes-file": "Put the routes file right (`python app.py routes FILE --check` tries it),"
                   " then press *Retry*.",
    "store": _LOG,
    "conflict": "Press *Retry*.",
    "error": _LOG,
}  # fmt: skip
"""By code, in our own markup."""


def what_to_do(code: str) -> str:
    """The advice for a code; what is known of none is looked up in the log."""
    return WHAT_TO_DO.get(code, WHAT_TO_DO["error"])
