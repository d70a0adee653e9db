"""From what one exchange left behind to a verdict, by the evidence. No I/O here."""

from dataclasses import dataclass
from typing import assert_never

from steps.origin.answer import Answer, begins, redirects_to_https
from steps.origin.evidence import Attempt
from steps.origin.reasons import HINTS, NoConnection, Reason, UnclearReason, Verdict
from steps.origin.trace import Trace

_ALERTS = {
    10: "unexpected_message", 20: "bad_record_mac", 22: "record_overflow", 40: "handshake_failure",
    41: "no_certificate", 42: "bad_certificate", 43: "unsupported_certificate",
    44: "certificate_revoked", 45: "certificate_expired", 46: "certificate_unknown",
    47: "illegal_parameter", 48: "unknown_ca", 49: "access_denied", 50: "decode_error",
    51: "decrypt_error", 60: "export_restriction", 70: "protocol_version",
    71: "insufficient_security", 80: "internal_error", 86: "inappropriate_fallback",
    100: "no_renegotiation", 109: "missing_extension", 110: "unsupported_extension",
    111: "certificate_unobtainable", 112: "unrecognized_name", 115: "unknown_psk_identity",
    116: "certificate_required", 120: "no_application_protocol",
}  # fmt: skip
# What servers send when a client certificate is missing; only after one was asked for does any of
# them mean that. 41 is Mbed TLS under TLS 1.3, 42 Go and NSS, 50 some that met an empty list.
_REFUSING = frozenset({40, 41, 42, 46, 48, 49, 50, 116})
_UNKNOWN_NAME = 112


@dataclass(frozen=True, slots=True)
class Judged:
    """What the evidence of one exchange amounts to."""

    verdict: Verdict
    reason: Reason
    evidence: str
    needs_control: bool = False
    """Inconclusive by itself, closed if a control shows that the origin works."""


def judge_tls(trace: Trace) -> Judged:
    """Judge an exchange over TLS in which no acceptable certificate was presented."""
    if trace.no_connection is not None:
        return _no_connection(trace.no_connection)
    if (answer := trace.answer) is not None:
        return _answered(answer, trace)
    if (alert := _last_alert(trace)) is not None:
        return _alerted(alert, trace)
    if trace.http2 is not None and trace.http2.error:
        return _unclear("http2-failed", f"It ended HTTP/2 with {trace.http2.error}, unanswered.")
    if begins(bytes(trace.data)):
        return _unclear("answer-cut-short", "An answer began, and the rest did not come.")
    if trace.spoke:
        return _unclear("not-http", f"It sent {len(trace.data)} bytes over TLS that are no HTTP.")
    if not trace.server_hello:
        return _before_tls(trace)
    return _ended(trace)


def judge_plain(trace: Trace) -> Judged:
    """Judge an exchange on the plain port, where only a redirect to https is expected."""
    if trace.no_connection is not None:
        return _no_connection(trace.no_connection)
    answer = trace.answer
    if answer is None:
        if begins(bytes(trace.data)):
            return _unclear("answer-cut-short", "An answer began, and the rest did not come.")
        if trace.data:
            return _unclear("not-http", "What it sent on the plain port is no HTTP.")
        return _unclear("no-answer", "It took the connection on the plain port and sent nothing.")
    if not answer.head_whole and not dict(answer.headers).get("location"):
        return _unclear("answer-cut-short", "The answer on the plain port did not come to its end.")
    if redirects_to_https(answer):
        return Judged(
            "closed", "redirects-to-https",
            f"The plain port only redirects to https (HTTP {answer.status}).",
        )  # fmt: skip
    if answer.refusal:
        return Judged("closed", "refused-by-http", f"The plain port refuses: {answer.refusal}.")
    return Judged("open", "http-content", f"The plain port answers with HTTP {answer.status}.")


def refused(trace: Trace, judged: Judged) -> bool:
    """Whether a certificate that was presented was turned down, by whatever fatal alert."""
    turned_down = trace.presented and trace.alert is not None and trace.answer is None
    return judged.verdict == "closed" or turned_down


def as_attempt(
    judged: Judged, trace: Trace, *, host: str, address: str, port: int, milliseconds: int
) -> Attempt:
    """The record of one attempt."""
    answer = trace.answer
    return Attempt(
        host=host, address=address, port=port, verdict=judged.verdict, reason=judged.reason,
        evidence=judged.evidence, tls_version=trace.tls_version, certificate=trace.certificate,
        certificate_requested=trace.requested,
        authorities=tuple(name for name, _ in trace.authorities),
        alert=alert_name(_last_alert(trace)), status=answer.status if answer else None,
        headers=answer.headers if answer else (), bytes_read=trace.raw, milliseconds=milliseconds,
        hint=HINTS.get(judged.reason, ""),
    )  # fmt: skip


def _last_alert(trace: Trace) -> int | None:
    """The alert that ended it: a fatal one, or a warning that refuses and that the end followed."""
    if trace.alert is not None or trace.warning not in _REFUSING:
        return trace.alert
    return trace.warning if trace.ended in ("eof", "reset") else None


def alert_name(alert: int | None) -> str:
    """The name of the RFCs, or the number for one without a name here."""
    return "" if alert is None else _ALERTS.get(alert, f"alert {alert}")


_NO_CONNECTION: dict[NoConnection, str] = {
    "connection-refused": "The connection was refused.",
    "connect-timeout": "No connection within the time allowed.",
    "no-route": "There is no route from here to this address.",
    "connect-failed": "No connection could be made.",
}


def _no_connection(reason: NoConnection) -> Judged:
    return _unclear(reason, _NO_CONNECTION[reason])


def _unclear(reason: UnclearReason, evidence: str, *, needs_control: bool = False) -> Judged:
    return Judged("inconclusive", reason, evidence, needs_control)


def _asked(trace: Trace) -> str:
    version = trace.tls_version or "TLS"
    return f"It asked for a client certificate ({version})"


def _answered(answer: Answer, trace: Trace) -> Judged:
    asked = "after asking for" if trace.requested else "without asking for"
    if answer.refusal:
        return Judged(
            "closed", "refused-by-http",
            f"It answered {answer.status} about the certificate: {answer.refusal}.",
        )  # fmt: skip
    if answer.status == 400 and not (answer.whole or trace.ended == "full"):  # noqa: PLR2004 - the words may be in the rest
        return _unclear("answer-cut-short", "It answered 400, and the rest did not come.")
    version = "HTTP/2" if trace.http2 is not None else "HTTP"
    words = f"It answered {version} {answer.status} {asked} a client certificate."
    return Judged("open", "answered", words)


def _alerted(alert: int, trace: Trace) -> Judged:
    name = alert_name(alert)
    if trace.requested and alert in _REFUSING:
        return Judged("closed", "refused-by-alert",
                      f"{_asked(trace)}, got none that it takes, and refused: {name}.")  # fmt: skip
    if alert == _UNKNOWN_NAME:
        return _unclear("unknown-host", f"It does not know this name: {name}.")
    if trace.requested:
        words = f"{_asked(trace)} and ended with {name}, which does not say why."
        return _unclear("alert-after-request", words)
    words = f"It ended with {name} without having asked for a client certificate."
    return _unclear("handshake-failed", words)


def _before_tls(trace: Trace) -> Judged:
    match trace.ended:
        case "eof":
            return _unclear("eof-before-tls", "It closed the connection before any TLS.")
        case "reset":
            return _unclear("reset-before-tls", "It reset the connection before any TLS.")
        case "timeout" | "full" | "enough" | "":
            return _unclear("silent-before-tls", "It took the connection and did not speak TLS.")
        case "garbled":
            return _unclear("not-tls", "What it sent is not TLS.")
        case other:
            assert_never(other)


def _ended(trace: Trace) -> Judged:
    """TLS began, and no alert and no answer came."""
    done = "after the handshake" if trace.handshake_done else "in the handshake"
    match trace.ended:
        case "eof" | "reset" if trace.requested:
            return _unclear("eof-after-request",
                            f"{_asked(trace)} and closed {done} without a word.",
                            needs_control=True)  # fmt: skip
        case "eof" | "reset":
            reason: UnclearReason = (
                "eof-without-request" if trace.handshake_done else "eof-in-handshake"
            )
            return _unclear(reason, f"It closed {done} without asking for a client certificate.")
        case "garbled":
            return _unclear("handshake-failed", f"The exchange broke {done}.")
        case "timeout" | "full" | "enough" | "":
            reason = "no-answer" if trace.handshake_done else "silent-in-handshake"
            return _unclear(reason, f"Nothing more came {done} within the bounds.")
        case other:
            assert_never(other)
