"""One request over HTTP/2 against bytes put together by hand."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steps.origin.http2 import Http2
from tests import frames as f


def conversation(*said: bytes) -> Http2:
    """After the request went out and these came, each in one piece."""
    made = Http2("www.example.com")
    made.request()
    for one in said:
        made.take(one)
    return made


def test_the_request_is_one_get_and_refuses_pushes() -> None:
    """The preface, and a request that changes nothing."""
    sent = Http2("www.example.com").request()
    assert sent.startswith(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
    assert b"\x00\x02\x00\x00\x00\x00" in sent


@pytest.mark.parametrize(
    ("said", "status", "whole", "refusal"),
    [
        ((f.headers("200"),), 200, False, ""),
        ((f.headers("103"), f.headers("404", end=True)), 404, True, ""),
        ((f.headers("400"), f.data(f.NGINX)), 400, True, "no required ssl certificate was sent"),
        ((f.headers("400"), f.data(b"x", end=False)), 400, False, ""),
        ((f.headers("400"), f.data(b"x" * 9000, end=False)), 400, True, ""),
        ((f.headers("403"), f.data(f.NGINX)), 403, True, ""),
        ((f.headers("496"),), 496, False, "HTTP 496"),
    ],
)
def test_an_answer_is_read_from_its_frames(
    said: tuple[bytes, ...], status: int, whole: bool, refusal: str
) -> None:
    """Status, end and words, whether the bytes come at once or one by one."""
    together = b"".join((f.SETTINGS, *said))
    single = [together[at : at + 1] for at in range(len(together))]
    for pieces in ([f.SETTINGS, *said], [together], single):
        answer = conversation(*pieces).answer
        assert answer is not None
        assert (answer.status, answer.whole, answer.refusal) == (status, whole, refusal)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (f.reset(0xD), "HTTP_1_1_REQUIRED"),
        (f.goodbye(0xC), "INADEQUATE_SECURITY"),
        (f.goodbye(0), ""),
        (f.reset(0x99), "error 153"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "what is no HTTP/2"),
    ],
)
def test_an_end_by_error_is_named(said: bytes, error: str) -> None:
    """In the words of RFC 9113; a farewell without an error is none."""
    seen = conversation(f.SETTINGS, said)
    assert seen.answer is None
    assert seen.error.startswith(error)
    assert bool(seen.error) == bool(error)


def test_what_came_before_rubbish_counts() -> None:
    """An answer in the same piece as a frame that breaks the rules is still an answer."""
    seen = conversation(f.SETTINGS + f.headers("200") + b"\xff" * 40)
    assert seen.answer is not None
    assert (seen.answer.status, seen.broken) == (200, True)


@settings(deadline=None)
@given(st.lists(st.sampled_from(f.FRAMES) | st.binary(max_size=30), max_size=10))
def test_no_bytes_make_it_raise(said: list[bytes]) -> None:
    """And only a status of three digits is one."""
    answer = conversation(*said).answer
    assert answer is None or 100 <= answer.status <= 999
