"""The Cloudflare stand-in for the tests, and small origins behind its edge."""

import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from functools import cache
from socket import socket
from typing import Literal

import httpx

from sandbox.authorities import Authorities, Issued
from sandbox.cloudflare import CloudflareStandIn
from sandbox.cloudflare.state import PERMISSIONS, Zone
from sandbox.exchange import load_identity
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.timings import Timings
from tests.contract.origins import Behaviour, Origin, over_tls

AT_ONCE = Timings(0, 0, 0, 0, 0)
HOST = "www.example.com"
Asks = Literal["nothing", "requested", "required"]
TLS = ssl.TLSVersion


@cache
def authorities() -> Authorities:
    return Authorities.create()


@cache
def shown() -> Issued:
    """What the origins show unless told otherwise; any public visitor would accept it."""
    return authorities().public.issue([HOST], key="ecc")


def begin() -> Zone:
    """A zone that accepts plain http."""
    zone = Zone()
    zone.settings["always_use_https"] = "off"
    return zone


@dataclass
class Stand:
    """A running stand-in, one client of its API, and a visitor."""

    cloudflare: CloudflareStandIn
    journal: Journal
    faults: Faults
    origins: dict[str, tuple[tuple[str, int, int], ...]]
    api: httpx.Client
    closing: ExitStack = field(repr=False)
    """Closed after the edge, whose kept connections hold the origins' threads."""
    visitor: httpx.Client = field(repr=False)

    @property
    def zone(self) -> Zone:
        return self.cloudflare.zone

    @property
    def path(self) -> str:
        return f"/zones/{self.zone.id}"

    def set(self, **settings: str) -> None:
        """Somebody changes settings and every node has adopted them."""
        for name, value in settings.items():
            self.zone.set(name, value)
        assert self.cloudflare.settle()

    def change(self, **fields: object) -> None:
        self.zone.change(**fields)
        assert self.cloudflare.settle()

    def reset(self) -> None:
        """A zone as it begins, that accepts plain http; an empty cache; every right."""
        kept = {"lock", "on_change", "purges"}
        fresh, purges = begin(), self.zone.purges + 1
        self.origins.clear()
        self.faults.clear()
        self.cloudflare.tokens[self.cloudflare.token].permissions = PERMISSIONS
        values = {f.name: getattr(fresh, f.name) for f in fields(Zone) if f.name not in kept}
        self.change(**values, purges=purges)

    def lead(self, https: Behaviour | None, http: Behaviour | None = None) -> Origin:
        """Lead the host to new origins; one that is left out refuses connections."""
        secure = self._origin(https)
        plain = self._origin(http)
        self.origins["origin.example.net"] = (("127.0.0.1", secure.port, plain.port),)
        self.zone.point(HOST, "origin.example.net")
        assert self.cloudflare.settle()
        return plain if https is None else secure

    def _origin(self, behaviour: Behaviour | None) -> Origin:
        made = Origin(behaviour or _nothing)
        if behaviour is None:
            made.close()
        else:
            self.closing.callback(made.close)
        return made

    def visit(
        self, path: str = "/", *, method: str = "GET", node: int = 0, secure: bool = True,
        headers: dict[str, str] | None = None, host: str = HOST, content: bytes | None = None,
        by: httpx.Client | None = None,
    ) -> httpx.Response:  # fmt: skip
        """One request through one node of the edge; redirects are not followed."""
        edge = self.cloudflare
        port = edge.edge_https_port if secure else edge.edge_http_port
        url = f"{'https' if secure else 'http'}://{edge.edge_addresses[node]}:{port}{path}"
        sent = {"Host": host, **(headers or {})}
        return (by or self.visitor).request(
            method, url, headers=sent, extensions={"sni_hostname": host}, content=content
        )


@contextmanager
def standing(timings: Timings = AT_ONCE, *, seed: int = 1) -> Iterator[Stand]:
    """Runs for as long as the block. The zone accepts plain http."""
    journal, faults = Journal(), Faults()
    origins: dict[str, tuple[tuple[str, int, int], ...]] = {}
    with ExitStack() as later, ExitStack() as closing:
        cloudflare = CloudflareStandIn(
            authorities=authorities(), journal=journal, faults=faults, timings=timings, seed=seed,
            resolve=lambda content: origins.get(content, ()), zone=begin(),
        )  # fmt: skip
        closing.callback(cloudflare.close)
        bearer = {"Authorization": f"Bearer {cloudflare.token}"}
        api = closing.enter_context(httpx.Client(base_url=cloudflare.api_url, headers=bearer))
        trust = ssl.create_default_context(cadata=authorities().public.certificate_pem)
        fresh = httpx.Limits(max_keepalive_connections=0)  # kept ones know no server name
        visitor = closing.enter_context(httpx.Client(verify=trust, timeout=15, limits=fresh))
        yield Stand(cloudflare, journal, faults, origins, api, later, visitor)


def _nothing(_connection: socket) -> None:
    return


@dataclass
class Shop:
    """A site that notes who asked: what the origin saw is the evidence."""

    body: bytes = b"the shop"
    seen: list[dict[str, str]] = field(default_factory=list)

    def __call__(self, connection: socket) -> None:
        """Answer one request after another on the same connection."""
        while request := _read(connection):
            self.seen.append(_noted(request, connection))
            connection.sendall(self._answer(self.seen[-1]["path"]))

    def _answer(self, path: str) -> bytes:
        control = {"/private.css": "private", "/default.css": ""}.get(path, "public, max-age=600")
        said = f"Cache-Control: {control}\r\n" if control else ""
        head = (
            f"HTTP/1.1 200 OK\r\nServer: apache\r\n{said}Content-Length: {len(self.body)}\r\n\r\n"
        )
        return head.encode() + self.body


def _noted(request: bytes, connection: socket) -> dict[str, str]:
    first, *lines = request.decode().partition("\r\n\r\n")[0].split("\r\n")
    method, path, _ = first.split(" ")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    certificate = None
    if isinstance(connection, ssl.SSLSocket):
        certificate = connection.getpeercert(binary_form=True)
    shown = certificate.hex() if certificate else ""
    return headers | {"method": method, "path": path, "certificate": shown}


def _read(connection: socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            return b""
        data += more
    return data


def https(
    then: Behaviour, *, shows: Issued | None = None, asks: Asks = "nothing",
    version: ssl.TLSVersion = TLS.TLSv1_3, trusts: str = "",
) -> Behaviour:  # fmt: skip
    """A behaviour over TLS; `trusts` is the PEM of the client authority, the shared one's if ""."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = context.maximum_version = version
    load_identity(context, shows or shown())
    if asks != "nothing":
        context.verify_mode = ssl.CERT_REQUIRED if asks == "required" else ssl.CERT_OPTIONAL
        context.load_verify_locations(cadata=trusts or authorities().client_ca.certificate_pem)
    return over_tls(context, then)
