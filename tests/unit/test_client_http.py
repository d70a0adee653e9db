"""The one path of every request: which failure becomes which error, what is sent twice, what not.

Answers come from httpx's own transport for tests; real sockets are in tests/contract.
"""

import traceback
from collections.abc import Callable, Iterator

import httpx
import pytest
import stamina
from pydantic import SecretStr, TypeAdapter

from steps.clients import cloudflare_models as cf
from steps.clients.cloudflare import CloudflareClient, cloudflare
from steps.clients.http import Complaint, Service, seconds
from steps.clients.pace import Pace
from steps.clients.redaction import redacted
from steps.errors import (
    AlreadyExists,
    ClientError,
    Denied,
    NotFound,
    RateLimited,
    UnexpectedReply,
    Unreachable,
)

TOKEN = "cfut_0123456789abcdef0123456789abcdef01234567"
ANY = TypeAdapter(dict[str, int])
Handler = Callable[[httpx.Request], httpx.Response]


@pytest.fixture(autouse=True)
def _without_pauses() -> Iterator[None]:
    """Retries happen at once."""
    with stamina.set_testing(True, attempts=5, cap=True):
        yield


def _subclasses(kind: type[Exception]) -> Iterator[type[Exception]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from _subclasses(sub)


class Vendor:
    """Answers every request alike, or one after the other, and counts."""

    def __init__(self, *answers: httpx.Response | type[Exception]) -> None:
        self.answers = answers
        self.requests: list[httpx.Request] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        answer = self.answers[min(len(self.requests), len(self.answers) - 1)]
        self.requests.append(request)
        if isinstance(answer, httpx.Response):
            return httpx.Response(
                answer.status_code, headers=answer.headers, content=answer.content
            )
        raise answer(f"sent with {request.headers.get('authorization')}")

    def service(self) -> Service:
        http = httpx.Client(
            base_url="https://vendor.example/api", transport=httpx.MockTransport(self),
            headers={"authorization": f"Bearer {TOKEN}"},
        )  # fmt: skip
        return Service("Vendor", http, lambda _: Complaint("said no", "7"), "cf-ray")


TRANSPORT = sorted(set(_subclasses(httpx.RequestError)), key=lambda kind: kind.__name__)


@pytest.mark.parametrize("failure", TRANSPORT, ids=lambda kind: kind.__name__)
def test_every_failure_of_the_transport_is_one_of_ours_without_the_token(
    failure: type[Exception],
) -> None:
    """No exception of httpx leaves the client, and none of its words."""
    vendor = Vendor(failure)
    with pytest.raises(Unreachable) as caught:
        vendor.service().call("GET", "/x", ANY, doing="look")
    told = "".join(traceback.format_exception(caught.value))
    assert len(vendor.requests) == 3
    assert failure.__name__ in told
    assert TOKEN not in told


@pytest.mark.parametrize(
    ("status", "kind", "reads"),
    [
        (302, UnexpectedReply, 1),
        (400, UnexpectedReply, 1),
        (401, Denied, 1),
        (403, Denied, 1),
        (404, NotFound, 1),
        (408, Unreachable, 3),
        (409, AlreadyExists, 1),
        (410, NotFound, 1),
        (422, UnexpectedReply, 1),
        (429, RateLimited, 3),
        (500, Unreachable, 3),
        (502, Unreachable, 3),
        (503, Unreachable, 3),
        (599, Unreachable, 3),
    ],
)
def test_a_status_is_one_class_of_error_and_only_reads_are_repeated(
    status: int, kind: type[ClientError], reads: int
) -> None:
    """What may be asked again is asked three times; a write goes out once, whatever comes."""
    reading = Vendor(httpx.Response(status, headers={"cf-ray": "8f1-AMS"}))
    with pytest.raises(kind) as caught:
        reading.service().call("GET", "/x", ANY, doing="look")
    error = caught.value
    assert (type(error), error.status, error.request_id) == (kind, status, "8f1-AMS")
    assert (error.service, error.doing, error.vendor_code) == ("Vendor", "look", "7")
    assert len(reading.requests) == reads
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        writing = Vendor(httpx.Response(status))
        with pytest.raises(kind) as refused:
            writing.service().call(method, "/x", ANY, doing="change", json={})
        assert (len(writing.requests), refused.value.retryable) == (1, False)


def test_a_read_that_comes_at_the_second_time_is_a_reply() -> None:
    """A moment's failure is not an error."""
    vendor = Vendor(httpx.Response(502), httpx.Response(200, json={"a": 1}))
    assert vendor.service().call("GET", "/x", ANY, doing="look") == {"a": 1}
    assert len(vendor.requests) == 2


def test_a_long_wait_is_left_to_the_driver() -> None:
    """`Retry-After` of minutes is not slept through here; its length is in the error."""
    vendor = Vendor(httpx.Response(429, headers={"retry-after": "300"}))
    with pytest.raises(RateLimited) as caught:
        vendor.service().call("GET", "/x", ANY, doing="look")
    assert caught.value.retry_after == 300.0
    assert len(vendor.requests) == 1


@pytest.mark.parametrize(
    ("text", "value"),
    [("2", 2.0), ("1.5", 1.5), ("-4", 0.0), ("", None), (None, None),
     ("Wed, 21 Oct 2026 07:28:00 GMT", None)],
)  # fmt: skip
def test_retry_after_is_seconds_or_nothing(text: str | None, value: float | None) -> None:
    """Absence and the form with a date mean that the vendor did not say."""
    assert seconds(text) == value


@pytest.mark.parametrize(
    "path",
    ["https://elsewhere.example/x", "/https://elsewhere.example/x", "//https://vendor.example:1/x",
     "elsewhere", "/http://vendor.example/x", ""],
)  # fmt: skip
def test_an_address_that_a_vendor_names_is_never_asked(path: str) -> None:
    """Paths are built from the base: the token goes nowhere else, not even once."""
    vendor = Vendor(httpx.Response(200, json={}))
    with pytest.raises(UnexpectedReply, match="does not go there"):
        vendor.service().call("GET", path, ANY, doing="look")
    assert vendor.requests == []


def test_two_slashes_stay_on_the_vendors_host() -> None:
    """The control: what looks like a host in a path is a path."""
    vendor = Vendor(httpx.Response(200, json={}))
    vendor.service().call("GET", "//elsewhere.example/x", ANY, doing="look")
    assert [r.url.host for r in vendor.requests] == ["vendor.example"]


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"a": "secret-value"}', b"\xff"])
def test_an_answer_of_another_shape_is_unexpected_and_its_values_are_not_told(body: bytes) -> None:
    """The error names fields, not what stood in them."""
    with pytest.raises(UnexpectedReply, match="not understood") as caught:
        Vendor(httpx.Response(200, content=body)).service().call("GET", "/x", ANY, doing="look")
    assert "secret-value" not in "".join(traceback.format_exception(caught.value))


def _words(text: str) -> Service:
    http = httpx.Client(
        base_url="https://vendor.example",
        transport=httpx.MockTransport(lambda _: httpx.Response(403)),
    )
    return Service("Vendor", http, lambda _: Complaint(text))


@pytest.mark.parametrize(
    "secret",
    [
        TOKEN,
        "cfat_AbCdEf-123_456",
        "v1.0-144c9defac04969c7bfad8ef-631a41d003a32d25fe878081ef365c49503f7fada600da935e2851a1c7",
        "Abcdefghijklmnopqrstuvwxyz0123456789-_ABCD",
        "eyJhbGciOiJFUzI1NiJ9.eyJzdWIiOiIxIn0.c2ln",
        "Bearer abc.def",
        "xoxb-1-2-abc",
        "-----BEGIN RSA PRIVATE KEY-----\nMIIE\nab==\n-----END RSA PRIVATE KEY-----",
        "-----BEGIN PRIVATE KEY-----\nMIIE cut short",
    ],
)
def test_a_secret_that_a_vendor_echoes_is_in_no_error(secret: str) -> None:
    """Vendors quote what they refuse; people read it without the secret."""
    with pytest.raises(Denied) as caught:
        _words(f"the value {secret} is refused").call("GET", "/x", ANY, doing="look")
    assert secret not in str(caught.value)
    assert "[redacted]" in str(caught.value)


@pytest.mark.parametrize(
    "plain",
    ["da39a3ee5e6b4b0d3255bfef95601890afd80709", "500979251828830395622087162554414441733214309554",
     "9a1ac2b4be15f9f27eee20a734cba4e9898f61001b3bd7c84b69b56a3e25a2b9", "www.example.com"],
)  # fmt: skip
def test_digests_and_serial_numbers_stay(plain: str) -> None:
    """The control: what people need to find a thing again is no secret."""
    assert redacted(f"the value {plain} is refused") == f"the value {plain} is refused"


def test_requests_go_out_evenly_and_not_more_than_allowed() -> None:
    """After 1,200 requests in five minutes Cloudflare answers nobody for five minutes."""
    now, slept = [100.0], []

    def sleep(pause: float) -> None:
        slept.append(pause)

    pace = Pace(4.0, clock=lambda: now[0], sleep=sleep)
    for _ in range(3):
        pace()
    now[0] = 200.0
    pace()
    assert slept == [0.25, 0.5]


def _client(handler: Handler) -> CloudflareClient:
    return cloudflare(
        SecretStr(TOKEN), base="https://127.0.0.1/client/v4", transport=httpx.MockTransport(handler)
    )


def test_one_look_asks_nothing_twice_and_the_next_look_asks_again() -> None:
    """Reads only, by their address; a write is sent each time."""
    vendor = Vendor(httpx.Response(200, json={"id": 1}))
    service, anything = vendor.service(), ANY
    for look in (service.once(), service.once()):
        for page in ("1", "1", "2"):
            look.call("GET", "/x", anything, doing="look", params={"page": page})
        for _ in range(2):
            look.call("POST", "/x", anything, doing="write")
    assert [r.method for r in vendor.requests].count("GET") == 4
    assert [r.method for r in vendor.requests].count("POST") == 4
    service.call("GET", "/x", anything, doing="look")
    assert len(vendor.requests) == 9


def test_a_good_status_with_success_false_is_a_failure() -> None:
    """The envelope decides, not the status alone; code 10000 there is a denial."""
    body = {"success": False, "errors": [{"code": 10000, "message": "Authentication error"}],
            "result": {"id": "ssl", "value": "full"}}  # fmt: skip
    with pytest.raises(Denied) as caught:
        _client(lambda _: httpx.Response(200, json=body)).setting("z", "ssl")
    assert (caught.value.vendor_code, caught.value.status) == ("10000", 200)


def test_a_success_message_with_the_code_of_an_error_is_a_success() -> None:
    """10000 is also the code of "This API Token is valid and active"."""
    body = {"success": True, "errors": [], "result": {"id": "t", "status": "active"},
            "messages": [{"code": 10000, "message": "valid and active", "type": None}]}  # fmt: skip
    found = _client(lambda _: httpx.Response(200, json=body)).verify_token()
    assert found == cf.TokenStatus(status="active")
