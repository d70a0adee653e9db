"""What the router answers to one request: host, route, access, redirect, platform's headers."""

import ipaddress
from dataclasses import dataclass
from typing import Any, Literal

from sandbox.platformsh.auth import basic
from sandbox.platformsh.demo_site import respond
from sandbox.platformsh.http11 import Request, Response
from sandbox.platformsh.router_config import Config, Host
from sandbox.platformsh.state import HttpAccess

_HTML = ("Content-Type", "text/html")
_NO_CERTIFICATE = (
    b"<html>\r\n<head><title>400 No required SSL certificate was sent</title></head>\r\n"
    b"<body>\r\n<center><h1>400 Bad Request</h1></center>\r\n"
    b"<center>No required SSL certificate was sent</center>\r\n</body>\r\n</html>\r\n"
)


@dataclass(frozen=True, slots=True)
class Arrival:
    """How a request came in: the name of the handshake ("" on port 80) and what it proved."""

    secure: bool
    server_name: str
    verified: bool
    router: str
    peer: str


def answer(request: Request, arrival: Arrival, config: Config) -> Response:
    """The whole answer; an unknown host gets nothing of the platform's headers."""
    host = config.find(request.host, secure=arrival.secure)
    if host is None:
        return Response(404, b"No such host here.\n", (("Content-Type", "text/plain"),))
    if host.asks and arrival.server_name != request.host:
        # Otherwise the name of an open host in the handshake would be a way around.
        return Response(421, b"Misdirected request.\n", (("Content-Type", "text/plain"),))
    if host.asks == "require" and not arrival.verified:
        # Reached only when the refusal is told in HTTP instead of by a TLS alert.
        return Response(400, _NO_CERTIFICATE, (_HTML,))
    return _routed(request, arrival, host).with_headers(
        ("X-Platform-Cluster", host.cluster),
        ("X-Platform-Router", arrival.router),
        ("X-Platform-Processor", f"{arrival.router}-processor"),
        ("X-Debug-Info", "eyJyZXRyaWVzIjowfQ=="),
    )


def _routed(request: Request, arrival: Arrival, host: Host) -> Response:
    route = host.route(request.path)
    if route is None:
        return Response(404, b"No route.\n", (("Content-Type", "text/plain"),))
    if route["type"] == "redirect":
        return _redirect(301, str(route["to"]).rstrip("/") + request.target)
    refused = access_refused(request, arrival.peer, host.http_access)
    if refused:
        return refused
    moved = _partial_redirect(request, route)
    if moved:
        return moved
    if route["type"] == "proxy":
        # The sandbox reaches nothing outside; the page tells where it would have come from.
        return Response(200, f"From {route['to']}\n".encode(), (("Content-Type", "text/plain"),))
    return respond(_for_the_app(request, arrival), environment=host.environment)


def _redirect(code: int, to: str) -> Response:
    return Response(code, b"Moved.\n", (("Location", to), ("Content-Type", "text/plain")))


def _partial_redirect(request: Request, route: Any) -> Response | None:
    for path, rule in route["redirects"]["paths"].items():
        if request.path == path:
            return _redirect(int(rule["code"]), str(rule["to"]))
    return None


def _for_the_app(request: Request, arrival: Arrival) -> Request:
    """The client's own values of the router's headers are thrown away."""
    dropped = {"x-client-verify", "x-client-ip", "authorization"}
    kept = tuple((k, v) for k, v in request.headers if k.lower() not in dropped)
    own: tuple[tuple[str, str], ...] = (("X-Client-IP", arrival.peer),)
    if arrival.secure:
        own += (("X-Client-Verify", "SUCCESS" if arrival.verified else "NONE"),)
    return Request(request.method, request.target, kept + own, request.body)


def access_refused(request: Request, peer: str, access: HttpAccess) -> Response | None:
    """401 or 403, or None when the visitor may pass.

    A right password lets in whatever the addresses say. Addresses are judged by
    X-Forwarded-For, which is why they are of no use behind a CDN.
    """
    if not access.is_enabled or basic(request.header("authorization")) in access.basic_auth:
        return None
    visitor = request.header("x-forwarded-for").partition(",")[0].strip() or peer
    listed = _listed(visitor, access)
    if listed == "allow" or (listed is None and not access.basic_auth):
        return None
    if access.basic_auth:
        asks = ("WWW-Authenticate", 'Basic realm="Restricted"')
        return Response(401, b"Unauthorized\n", (asks, ("Content-Type", "text/plain")))
    return Response(403, b"Forbidden\n", (("Content-Type", "text/plain"),))


def _listed(visitor: str, access: HttpAccess) -> Literal["allow", "deny"] | None:
    try:
        address = ipaddress.ip_address(visitor)
    except ValueError:
        return None
    for permission, network in access.addresses:
        if address in ipaddress.ip_network(network, strict=False):
            return "allow" if permission == "allow" else "deny"
    return None
