"""The Platform.sh stand-in for the tests: started quickly, asked over real sockets."""

import socket
import ssl
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import httpx
from cryptography.hazmat.primitives import serialization

from sandbox.authorities import Authorities, Issued
from sandbox.faults import Faults
from sandbox.journal import Journal
from sandbox.platformsh import PlatformshStandIn
from sandbox.platformsh.demo_repository import ROUTES
from sandbox.platformsh.router_config import Policy
from sandbox.timings import Timings

QUICK = Timings(0, 0.01, 0.005, 0.005, 0.005)
SITE = "example.com"
PICTURES = "img.cdn.example.com"
CLIENT_CA = ".platform/cloudflare-ca.crt"
Version = ssl.TLSVersion


@cache
def authorities() -> Authorities:
    return Authorities.create()


@dataclass(frozen=True)
class Stand:
    """A running stand-in with one access token."""

    platformsh: PlatformshStandIn
    journal: Journal
    faults: Faults
    api: httpx.Client

    @property
    def path(self) -> str:
        return f"/projects/{self.platformsh.project.id}"

    @property
    def main(self) -> str:
        return f"{self.path}/environments/main"

    @property
    def staging_host(self) -> str:
        return self.platformsh.project.environments["staging"].edge_hostname

    def get(self, path: str, **query: str) -> Any:
        answer = self.api.get(path, params=query or None)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def deploy(self, files: dict[str, bytes | None], branch: str = "main") -> str:
        """Somebody pushes these files and everything that follows from it has happened."""
        commit = self.platformsh.commit(branch, files)
        assert self.platformsh.settle()
        return commit

    def add_certificate(self, *names: str) -> httpx.Response:
        issued = authorities().origin_ca_rsa.issue(names, days=90, key="rsa")
        body = {"certificate": issued.certificate_pem, "key": pkcs1(issued.key_pem)}
        return self.api.post(f"{self.path}/certificates", json=body)

    def reset(self) -> None:
        """Back to the state of the start, but for the history."""
        project = self.platformsh.project
        self.faults.clear()
        assert self.platformsh.settle()
        for certificate in list(project.certificates.values()):
            if not certificate.is_provisioned:
                del project.certificates[certificate.id]
        for environment in project.environments.values():
            environment.http_access, environment.manual_deployments = None, False
            environment.staged = []
        self.platformsh.router.policy = Policy()
        self.platformsh.commit("main", {".platform/routes.yaml": ROUTES.encode(), CLIENT_CA: None})
        self.platformsh.redeploy("staging")
        assert self.platformsh.settle()

    def redeploy(self) -> None:
        assert self.api.post(f"{self.main}/redeploy").is_success
        assert self.platformsh.settle()


@contextmanager
def standing(timings: Timings = QUICK) -> Iterator[Stand]:
    """Runs for as long as the block."""
    journal, faults = Journal(), Faults()
    platformsh = PlatformshStandIn(
        authorities=authorities(), journal=journal, faults=faults, timings=timings, seed=7
    )
    headers = {"Authorization": f"Bearer {platformsh.auth.access_token()}"}
    try:
        with httpx.Client(base_url=platformsh.api_url, headers=headers) as api:
            yield Stand(platformsh, journal, faults, api)
    finally:
        platformsh.close()


def pkcs1(key_pem: str) -> str:
    """The key in the only form that the vendor's documentation allows."""
    key = serialization.load_pem_private_key(key_pem.encode(), None)
    form = serialization.PrivateFormat.TraditionalOpenSSL
    encoding, none = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(encoding, form, none).decode()


def routes(mode: Literal["request", "require"] | None, *, listed: bool = True) -> bytes:
    """A routes.yaml of three hosts with that client authentication on each."""
    lines = []
    for url, kind, target in (
        ("https://{default}/", "upstream", "upstream: app:http"),
        ("https://www.{default}/", "redirect", "to: https://{default}/"),
        (f"https://{PICTURES}/", "upstream", "upstream: app:http"),
    ):
        lines += [f'"{url}":', f"  type: {kind}", f"  {target}"]
        if mode:
            lines += ["  tls:", f"    client_authentication: {mode}"]
        if mode and listed:
            lines += ["    client_certificate_authorities:", "      - !include"]
            lines += ["        type: string", "        path: cloudflare-ca.crt"]
    return ("\n".join(lines) + "\n").encode()


def requiring(mode: Literal["request", "require"] = "require") -> dict[str, bytes | None]:
    """The files of a commit that closes the origin."""
    authority = authorities().client_ca.certificate_pem.encode()
    return {".platform/routes.yaml": routes(mode), CLIENT_CA: authority}


def trusting(identity: Issued | None = None, *, version: Version | None = None) -> ssl.SSLContext:
    """A visitor's context: public roots and Origin CA, with or without a client certificate."""
    roots = authorities().public.certificate_pem + authorities().origin_ca_rsa.certificate_pem
    context = ssl.create_default_context(cadata=roots)
    if version:
        context.minimum_version = context.maximum_version = version
    if identity:
        with tempfile.TemporaryDirectory() as directory:
            path = Path(directory) / "client.pem"
            path.write_text(identity.key_pem + identity.certificate_pem)
            context.load_cert_chain(path)
    return context


def visit(
    stand: Stand, host: str, path: str = "/", *, context: ssl.SSLContext | None = None,
    address: int = 0, server_name: str = "", auth: tuple[str, str] | None = None,
) -> httpx.Response:  # fmt: skip
    """One request over TLS on a connection of its own."""
    platformsh = stand.platformsh
    url = f"https://{platformsh.addresses[address]}:{platformsh.https_port}{path}"
    with httpx.Client(verify=context or trusting()) as client:
        return client.get(
            url, headers={"Host": host}, extensions={"sni_hostname": server_name or host},
            auth=auth,
        )  # fmt: skip


def issuer_shown(stand: Stand, host: str, address: int = 0) -> str:
    """The organisation that issued what this address shows for the name."""
    platformsh = stand.platformsh
    where = (platformsh.addresses[address], platformsh.https_port)
    with socket.create_connection(where, timeout=5) as plain:  # noqa: SIM117
        with trusting().wrap_socket(plain, server_hostname=host) as tls:
            shown = tls.getpeercert()
    assert shown is not None
    issuer: Any = shown["issuer"]
    found: str = next(value for part in issuer for key, value in part if key == "organizationName")
    return found
