"""What to do about each error that stops a step, as the README's table says. Pure."""

from collections.abc import Mapping

WHAT_TO_DO: Mapping[str, str] = {
    "precondition": "what the card names, then *Retry*",
    "plan-void": "*Retry*: it is planned anew and asked for again",
    "verification": "see the evidence on the card; *Retry* looks again, *Undo* goes back",
    "way-back-taken": "find out why Cloudflare presented nothing, then *Retry*",
    "request-closed": "*Retry* offers a new one",
    "not-as-approved": "look at the site; *Retry* plans on what is there",
    "gave-up-waiting": "*Retry* goes on from there",
    "irreversible": "put it right, then *Retry*",
    "step": "put it right, then *Retry*",
    "unreachable": "wait, then *Retry*",
    "rate-limited": "wait, then *Retry*",
    "denied": "`python app.py check`, give the right, *Retry*",
    "not-found": "look there, then *Retry*",
    "already-exists": "look there, then *Retry*",
    "unexpected-reply": "look there, then *Retry*",
    "client": "look there, then *Retry*",
    "push-refused": "*Retry* plans anew on its head",
    "host-key-unknown": "`MTLS_SEAM_GIT_HOST_KEYS`, if it is genuine",
    "routes-file": "correct it (`python app.py routes FILE --check` tries it), then *Retry*",
    "error": "see the bot's log, then *Retry*",
}
"""By code, in our own markup, for errors without a hint of their own; a test compares the table."""


def what_to_do(code: str) -> str:
    """The table's advice for a code; empty for one of an older version."""
    said = WHAT_TO_DO.get(code, "")
    return f"{said[0].upper()}{said[1:]}." if said else ""
