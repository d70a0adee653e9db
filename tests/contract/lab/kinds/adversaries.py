"""Servers that nobody should run: they break off, keep silent, or never come to an end.

They live in this process; the settings are the names of their behaviours.
"""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace

from steps.origin.evidence import Bounds
from steps.origin.reasons import Reason, Verdict
from tests.contract import origins
from tests.contract.lab.case import Case, Kind, Setting, Tls, closed, only_ends
from tests.contract.origins import Asks, Behaviour, answer, forever, over_tls, says
from tests.contract.rude import drips, ends_handshake_with

_VERSION = {"1.2": ssl.TLSVersion.TLSv1_2, "1.3": ssl.TLSVersion.TLSv1_3}
_HELLO = answer(200)
_BEFORE: Mapping[str, tuple[Behaviour, Reason]] = {
    "hears and closes": (origins.closes, "eof-before-tls"),
    "hears and resets": (origins.resets, "reset-before-tls"),
    "says nothing": (origins.silent, "silent-before-tls"),
    "plain HTTP": (says(_HELLO), "not-tls"),
    "zeros for ever": (forever(b"\x00"), "not-tls"),
    "certificate_required, no hello": (says(b"\x15\x03\x03\x00\x02\x02\x74"), "handshake-failed"),
    "handshake_failure, no hello": (says(b"\x15\x03\x03\x00\x02\x02\x28"), "handshake-failed"),
    "unrecognized_name, no hello": (says(b"\x15\x03\x03\x00\x02\x02\x70"), "unknown-host"),
}
_AFTER: Mapping[str, tuple[Behaviour, Verdict, Reason]] = {
    "says nothing": (origins.silent, "inconclusive", "no-answer"),
    "says what is no HTTP": (says(b"\x00\x01\x02"), "inconclusive", "not-http"),
    "16 KB of x, again and again": (forever(b"x" * 16384), "inconclusive", "not-http"),
    "200 and an endless body": (forever(b"x" * 999, first=_HELLO), "open", "answered"),
    "200 and an endless header": (
        forever(b"x" * 999, first=b"HTTP/1.1 200 OK\r\nX: "), "open", "answered"),
    "400 and an endless drip": (
        forever(b"x", first=b"HTTP/1.1 400 Bad\r\n\r\n", pause=0.05),
        "inconclusive", "answer-cut-short"),
    "200, byte by byte": (drips(_HELLO, 0.002), "open", "answered"),
    "403": (says(answer(403)), "open", "answered"),
    "421": (says(answer(421)), "open", "answered"),
    "503": (says(answer(503)), "open", "answered"),
}  # fmt: skip
_ENDS: Mapping[str, Behaviour] = {"closes": origins.closes, "resets": origins.resets}
_REFUSING = {40: "handshake_failure", 42: "bad_certificate", 46: "certificate_unknown",
             48: "unknown_ca", 49: "access_denied", 50: "decode_error"}  # fmt: skip
_OTHER = {10: "unexpected_message", 47: "illegal_parameter", 80: "internal_error"}
_ALERTS = {f"alert {name}": number for number, name in (_REFUSING | _OTHER).items()}


def _before() -> Iterator[Case]:
    for words, (_, reason) in _BEFORE.items():
        yield Case(Setting("not-asked", "both", words), "inconclusive", reason, works=False)


def _after(tls: Tls, asks: Asks) -> Iterator[Case]:
    for words, (_, verdict, reason) in _AFTER.items():
        yield Case(Setting(asks, tls, f"{asks}, then {words}"), verdict, reason, works=False)


def _ends(tls: Tls) -> Iterator[Case]:
    """Asked for a certificate or not: only after having asked can a control make it a refusal."""
    for words in _ENDS:
        unclear, _, with_control = only_ends(Setting("requested", tls, f"requested, then {words}"))
        never = Setting("not-asked", tls, f"not-asked, then {words}")
        for case in (unclear, with_control):
            yield replace(case, works=False)
        yield Case(never, "inconclusive", "eof-without-request", "answers elsewhere", works=False)


def _alerts() -> Iterator[Case]:
    """TLS 1.2, in the handshake: some alerts refuse, but only who was asked."""
    for words, number in _ALERTS.items():
        asked = Setting("requested", "1.2", f"requested, then {words}")
        if number in _REFUSING:
            yield closed(asked, works=False)
        else:
            yield Case(asked, "inconclusive", "alert-after-request", works=False)
        never = Setting("not-asked", "1.2", f"not-asked, then {words}")
        yield Case(never, "inconclusive", "handshake-failed", "answers elsewhere", works=False)


def _behaviour(setting: Setting) -> Behaviour:
    if setting.words in _BEFORE:
        return _BEFORE[setting.words][0]
    _, _, words = setting.words.partition(", then ")
    if words in _ALERTS:
        return ends_handshake_with(_ALERTS[words], setting.asks)
    then = _ENDS[words] if words in _ENDS else _AFTER[words][0]
    return over_tls(origins.context(setting.asks, _VERSION[setting.tls]), then)


_CASES = (
    *_before(), *_after("1.2", "not-asked"), *_after("1.3", "requested"),
    *_ends("1.2"), *_ends("1.3"), *_alerts(),
)  # fmt: skip
# Long enough for a handshake on a busy machine, and no longer: some keep silent until then.
ADVERSARIES = Kind(
    "adversaries", (), _CASES, lambda _: (), _behaviour, Bounds(connect=2.5, attempt=2.5)
)
