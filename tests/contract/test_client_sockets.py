"""The clients' one path over real sockets: cut, slow and redirected answers, and who is asked."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import httpx
import pytest
import stamina
from pydantic import SecretStr, TypeAdapter
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route
from structlog.testing import capture_logs

from sandbox.faults import Fault, Faults
from sandbox.journal import Journal, Recorded
from sandbox.serving import Serving, Watched
from steps.clients.cloudflare import cloudflare
from steps.clients.http import Complaint, Service
from steps.errors import RateLimited, UnexpectedReply, Unreachable

TOKEN = "cfut_0123456789abcdef0123456789abcdef01234567"
REPLY = TypeAdapter(dict[str, bool])


@dataclass
class Vendor:
    """A server, what it was asked, and a service that asks it."""

    url: str
    journal: Journal
    faults: Faults
    service: Service
    elsewhere: Journal
    """What another host was asked."""

    def asked(self) -> tuple[Recorded, ...]:
        return self.journal.all("vendor")


async def _well(_request: Request) -> Response:
    return JSONResponse({"well": True})


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    journal, faults, elsewhere = Journal(), Faults(), Journal()
    with ExitStack() as closing:
        other = Serving(
            Watched(Starlette(routes=[Route("/{any:path}", _well)]), "other", elsewhere, Faults()),
            name="other",
        )
        closing.callback(other.close)

        async def away(_request: Request) -> Response:
            return RedirectResponse(f"{other.url}/stolen", 307)

        routes = [Route("/api/away", away, methods=["GET", "POST"]),
                  Route("/api/{any:path}", _well, methods=["GET", "POST"])]  # fmt: skip
        here = Serving(
            Watched(Starlette(routes=routes), "vendor", journal, faults), name="vendor"
        )  # fmt: skip
        closing.callback(here.close)
        http = httpx.Client(
            base_url=f"{here.url}/api", headers={"authorization": f"Bearer {TOKEN}"}, timeout=0.3
        )
        service = Service("Vendor", http, lambda _: Complaint())
        closing.callback(service.close)
        closing.enter_context(stamina.set_testing(True, attempts=3, cap=True))
        yield Vendor(here.url, journal, faults, service, elsewhere)


@pytest.mark.parametrize("kind", ["cut-before", "cut-after", "slow"])
def test_a_read_survives_one_bad_answer_and_a_write_is_never_repeated(
    vendor: Vendor, kind: str
) -> None:
    """Cut before or after the effect, or too slow: asked again once, or told as unreachable."""
    for method in ("GET", "POST"):
        fault = Fault("vendor", method, "/api/x", kind, seconds=0.5)  # type: ignore[arg-type]
        vendor.faults.add(fault)
    assert vendor.service.call("GET", "/x", REPLY, doing="look") == {"well": True}
    with pytest.raises(Unreachable) as caught:
        vendor.service.call("POST", "/x", REPLY, doing="change", json={})
    assert caught.value.retryable is False
    assert vendor.service.call("POST", "/y", REPLY, doing="change", json={}) == {"well": True}
    sent = [(r.method, r.path) for r in vendor.asked() if r.method == "POST"]
    assert sent.count(("POST", "/api/x")) <= 1


def test_a_server_that_is_not_there_is_unreachable(vendor: Vendor) -> None:
    """Nobody listens: no answer, and no answer made up."""
    with httpx.Client(base_url="http://127.0.0.1:1") as http, pytest.raises(Unreachable):
        Service("Vendor", http, lambda _: Complaint()).call("GET", "/x", REPLY, doing="look")


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_redirect_to_another_host_is_not_followed(vendor: Vendor, method: str) -> None:
    """The token stays with the vendor: the other host is asked nothing at all."""
    with pytest.raises(UnexpectedReply) as caught:
        vendor.service.call(method, "/away", REPLY, doing="look")
    assert caught.value.status == 307
    assert vendor.elsewhere.all() == ()
    assert len(vendor.asked()) == 1


def test_a_wait_that_the_vendor_asks_for_is_kept(vendor: Vendor) -> None:
    """429 with a short `Retry-After` is waited for; a long one is handed on."""
    after = (("retry-after", "0"),)
    vendor.faults.add(Fault("vendor", "GET", "/api/x", "status", 429, headers=after, times=2))
    assert vendor.service.call("GET", "/x", REPLY, doing="look") == {"well": True}
    assert [r.status for r in vendor.asked()] == [429, 429, 200]
    later = (("retry-after", "290"),)
    vendor.faults.add(Fault("vendor", "GET", "/api/y", "status", 429, headers=later))
    with pytest.raises(RateLimited) as caught:
        vendor.service.call("GET", "/y", REPLY, doing="look")
    assert caught.value.retry_after == 290


def test_the_log_has_the_request_and_nothing_of_its_content(vendor: Vendor) -> None:
    """Method, path, status and time; no header, no query, no body."""
    with capture_logs() as logs:
        vendor.service.call(
            "POST", "/x", REPLY, doing="change", params={"q": "in-the-query"}, json={"k": "in-body"}
        )
    (entry,) = (entry for entry in logs if entry["event"] == "request")
    assert set(entry) == {"event", "log_level", "service", "method", "path", "status", "ms"}
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/api/x", 200)
    assert TOKEN not in repr(logs)


def test_the_token_is_in_the_header_and_in_no_repr(vendor: Vendor) -> None:
    """Of a client, of its service, of its requests' journal paths."""
    client = cloudflare(SecretStr(TOKEN), base=f"{vendor.url}/api")
    with pytest.raises(UnexpectedReply):
        client.setting("z", "ssl")
    client.service.close()
    (asked,) = vendor.asked()
    assert dict(asked.headers)["authorization"] == f"Bearer {TOKEN}"
    assert TOKEN not in repr(client) + asked.path + asked.query
