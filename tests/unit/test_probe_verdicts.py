"""What an exchange amounts to, for alerts and ends that no ready-made server sends on order."""

import pytest

from steps.origin.answer import is_enough, parse
from steps.origin.attempt import Judged, alert_name, judge_tls
from steps.origin.evidence import Attempt
from steps.origin.probe import summed_up
from steps.origin.reasons import Verdict
from steps.origin.trace import Ended, Trace

HELLO = b"SSLv3/TLS read server hello"
ASKED = b"SSLv3/TLS read server certificate request"


def judged(*states: bytes, alert: int | None = None, data: bytes = b"") -> Judged:
    trace = Trace(states=set(states), alert=alert, data=bytearray(data), ended="garbled")
    return judge_tls(trace)


@pytest.mark.parametrize("alert", [40, 41, 42, 46, 48, 49, 50, 116])
def test_an_alert_refuses_only_after_a_certificate_was_asked_for(alert: int) -> None:
    """The same alert without that is a handshake that failed for another reason."""
    assert judged(HELLO, ASKED, alert=alert).reason == "refused-by-alert"
    assert judged(HELLO, alert=alert).reason == "handshake-failed"
    assert judged(alert=alert).verdict == "inconclusive"


@pytest.mark.parametrize("alert", [10, 43, 44, 45, 47, 51, 70, 80, 90, 112, 255])
def test_an_alert_that_does_not_say_why_proves_nothing(alert: int) -> None:
    """No control makes a refusal of it, asked or not."""
    for states in ((HELLO, ASKED), (HELLO,), ()):
        found = judged(*states, alert=alert)
        assert (found.verdict, found.needs_control) == ("inconclusive", False)
    if alert != 112:
        assert judged(HELLO, ASKED, alert=alert).reason == "alert-after-request"


@pytest.mark.parametrize(
    ("warning", "ended", "reason"),
    [
        (42, "eof", "refused-by-alert"),
        (42, "reset", "refused-by-alert"),
        (42, "timeout", "silent-in-handshake"),
        (112, "eof", "eof-after-request"),
        (100, "eof", "eof-after-request"),
    ],
)
def test_a_warning_refuses_only_when_the_end_follows_it(
    warning: int, ended: Ended, reason: str
) -> None:
    """Servers warn of a name that they do not know and go on."""
    found = judge_tls(Trace(states={HELLO, ASKED}, warning=warning, ended=ended))
    assert found.reason == reason
    assert judge_tls(Trace(states={HELLO}, warning=warning, ended=ended)).verdict != "closed"


def test_an_alert_is_named() -> None:
    """In the words of the RFCs, or by its number."""
    assert (alert_name(116), alert_name(255), alert_name(None)) == (
        "certificate_required", "alert 255", "",
    )  # fmt: skip


def test_an_answer_counts_more_than_the_alert_behind_it() -> None:
    """The origin has answered by then."""
    found = judged(HELLO, ASKED, alert=116, data=b"HTTP/1.1 200 OK\r\n\r\n")
    assert (found.verdict, found.reason) == ("open", "answered")


@pytest.mark.parametrize(
    ("data", "status", "whole"),
    [
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, False),
        (b"HTTP/1.0 200\r\nContent-Length: 2\r\n\r\nab", 200, True),
        (b"HTTP/1.1 200 OK\nContent-Length: 3\n\nab", 200, False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, True),
        (b"HTTP/1.1 200 OK\r\nContent-Length: \xb2\r\n\r\n", 200, False),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 404 No\r\n\r\n", 404, False),
    ],
)
def test_an_answer_is_understood_from_any_bytes(data: bytes, status: int, whole: bool) -> None:
    """Status, and whether its body has come to an end."""
    found = parse(data)
    assert found is not None
    assert (found.status, found.whole) == (status, whole)
    assert is_enough(data)


@pytest.mark.parametrize("data", [b"", b"HTTP/1.1", b"HTTP/2 200\r\n\r\n", b"SSH-2.0-x\r\n"])
def test_what_has_no_status_line_is_no_answer(data: bytes) -> None:
    """Nor is the beginning of one."""
    assert parse(data) is None
    assert not is_enough(data)


def test_a_400_is_read_until_its_words_are_known() -> None:
    """Every other status is judged by its head."""
    head = b"HTTP/1.1 400 Bad\r\nContent-Length: 99\r\n\r\n"
    assert not is_enough(head)
    assert is_enough(head + b"<title>400 No required SSL certificate was sent</title>")
    assert is_enough(head.replace(b"400", b"403"))


@pytest.mark.parametrize(
    ("verdicts", "sum_"),
    [
        (("closed", "closed"), "closed"),
        (("closed", "inconclusive"), "inconclusive"),
        (("inconclusive", "open"), "open"),
        ((), "inconclusive"),
    ],
)
def test_one_open_door_is_an_open_origin(verdicts: tuple[Verdict, ...], sum_: Verdict) -> None:
    """And one that could not be tried leaves the whole unproven."""
    attempts = tuple(
        Attempt("h", f"192.0.2.{at}", 443, verdict, "no-answer", "") for at, verdict in
        enumerate(verdicts)
    )  # fmt: skip
    report = summed_up(attempts)
    assert (report.verdict, report.of) == (sum_, len(verdicts))
    assert report.closed == verdicts.count("closed")
    assert report.as_json()["verdict"] == sum_
