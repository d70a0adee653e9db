"""What can stand in the way of a run, made real in the sandbox and put right again."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sandbox.cloudflare.state import HostPull, PullCertificate
from sandbox.platformsh.activities import Trouble
from sandbox.platformsh.demo_repository import ROUTES
from sandbox.platformsh.state import Domain
from sandbox.world import OTHER_ORIGIN, World
from tests.e2e.stage import authorities

NOW = datetime.now(UTC)
Change = Callable[[World], AbstractContextManager[None]]
FILE, CA = ".platform/routes.yaml", ".platform/cloudflare-ca.crt"
ORIGIN_CA_ROOT = (Path(__file__).parents[2] / "steps/data/origin_ca_rsa_root.pem").read_bytes()


def zone(**fields: Any) -> Change:
    """Fields of the zone, changed and put back."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        there = world.cloudflare.zone
        before = {name: getattr(there, name) for name in fields}
        there.change(**fields)
        yield
        there.change(**before)

    return change


def token(**fields: Any) -> Change:
    """The bot's Cloudflare token."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        there = world.cloudflare.tokens[world.cloudflare.token]
        before = {name: getattr(there, name) for name in fields}
        _set(there, fields)
        yield
        _set(there, before)

    return change


def without(*rights: str) -> Change:
    """The token lacks some rights."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        there = world.cloudflare.tokens[world.cloudflare.token]
        held = there.permissions
        there.permissions = held - set(rights)
        yield
        there.permissions = held

    return change


def leads(host: str, to: str, *, proxied: bool = True, kind: str = "CNAME") -> Change:
    """The host's record leads elsewhere; ``here`` is the edge hostname, ``address`` one of its."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        there, vendor = world.cloudflare.zone, world.platformsh
        before = there.records
        ours = {"here": vendor.edge_hostname, "address": vendor.addresses[0]}
        there.point(host, ours.get(to, to), proxied=proxied, kind=kind)
        yield
        there.change(records=before)

    return change


def without_record(host: str) -> Change:
    """Nobody has made a record for the host."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        there = world.cloudflare.zone
        before = there.records
        there.change(records=[record for record in before if record.name != host])
        yield
        there.change(records=before)

    return change


def overridden(host: str, mode: str, by: Any) -> Change:
    """A rule sets another SSL mode for one host."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        world.cloudflare.zone.override_ssl(host, mode, by=by)
        yield
        world.cloudflare.zone.change(config_rules=[], page_rules=[])

    return change


def own_pulls(*, active_in: float, enabled: bool = True, host: str = "") -> Change:
    """A client certificate of the zone's or of one host's own."""
    later = NOW + timedelta(seconds=active_in)
    issued = authorities().client_ca.issue(["pulls.example.com"], days=90, key="ecc")
    certificate = PullCertificate(
        issued.certificate_pem, issued.key_pem, uploaded_on=NOW, active_on=later
    )
    if not host:
        return zone(zone_pulls=enabled, zone_pull_certificates=[certificate])
    pull = HostPull(host, certificate.id, enabled=enabled, updated_at=NOW)
    return zone(host_certificates=[certificate], host_pulls={host: pull})


def project(**fields: Any) -> Change:
    """Fields of the project."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        there = world.platformsh.project
        before = {name: getattr(there, name) for name in fields}
        _set(there, fields)
        yield
        _set(there, before)

    return change


def attached(name: str, *, replaces: str = "") -> Change:
    """One more domain is attached to the project."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        there = world.platformsh.project
        there.domains.append(Domain(name, is_default=False, created_at=NOW,
                                    replacement_for=replaces))  # fmt: skip
        yield
        there.domains.pop()

    return change


def environment(**fields: Any) -> Change:
    """Fields of the production environment."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        there = world.platformsh.project.environments["main"]
        before = {name: getattr(there, name) for name in fields}
        _set(there, fields)
        yield
        _set(there, before)

    return change


def committed(files: dict[str, bytes | None], *, merged: bool = False) -> Change:
    """Somebody pushes (or merges) these files and it is deployed; a revert puts them back."""

    @contextmanager
    def change(world: World) -> Iterator[None]:
        vendor = world.platformsh
        (vendor.merge if merged else vendor.commit)("main", files)
        assert vendor.settle()
        yield
        vendor.commit("main", {FILE: ROUTES.encode(), **dict.fromkeys(set(files) - {FILE})})
        assert vendor.settle()

    return change


@contextmanager
def busy(world: World) -> Iterator[None]:
    """Something is running on the environment."""
    world.platformsh.trouble(Trouble("slow", "redeploy", seconds=1.0))
    world.platformsh.redeploy()
    yield
    assert world.platformsh.settle()


@contextmanager
def failed(world: World) -> Iterator[None]:
    """The last push could not be built, so the head is not what is deployed."""
    world.platformsh.trouble(Trouble("failure", "push"))
    world.platformsh.commit("main", {"broken.txt": b"so\n"})
    assert world.platformsh.settle()
    yield
    world.platformsh.commit("main", {"broken.txt": None})
    assert world.platformsh.settle()


@contextmanager
def without_domains(world: World) -> Iterator[None]:
    """No domain is attached any more, and that is deployed."""
    vendor, before = world.platformsh, world.platformsh.project.domains
    for domains in ([], before):
        vendor.project.domains = domains
        vendor.redeploy()
        assert vendor.settle()
        if domains is not before:
            yield


@contextmanager
def staged(world: World) -> Iterator[None]:
    """Somebody's change waits to be released."""
    main = world.platformsh.project.environments["main"]
    main.staged.append("somebodys")
    yield
    main.staged.clear()


@contextmanager
def dedicated(world: World) -> Iterator[None]:
    """A deployment that does not tell TLS settings on its routes."""
    main = world.platformsh.project.environments["main"]
    before = main.deployment
    assert before is not None
    bare = {url: {k: v for k, v in route.items() if k != "tls"}
            for url, route in before.routes.items()}  # fmt: skip
    main.deployment = replace(before, routes=bare)
    yield
    main.deployment = before


@contextmanager
def flex(world: World) -> Iterator[None]:
    """The sister product: its configuration is in another directory."""
    text = b"applications:\n  app:\n    type: python:3.12\n"
    with committed({".upsun/config.yaml": text})(world):
        world.platformsh.project.config_dir = ".upsun"
        yield
        world.platformsh.project.config_dir = ".platform"


def routes(old: str, new: str) -> Change:
    """The routes file with something replaced."""
    assert old in ROUTES
    return committed({FILE: ROUTES.replace(old, new).encode()})


def _set(thing: object, fields: dict[str, Any]) -> None:
    for name, value in fields.items():
        setattr(thing, name, value)


BLOCKS: dict[str, tuple[Change, str]] = {
    "zone-not-active": (zone(status="pending"), "is pending, not active"),
    "zone-paused": (zone(paused=True), "is paused"),
    "token-ends-before-the-run": (
        token(expires_on=NOW + timedelta(hours=2)), "make one that lasts"),
    "own-certificate-of-the-zone": (own_pulls(active_in=-60), "of the zone's own (active)"),
    "own-certificate-of-the-zone-not-yet-active": (
        own_pulls(active_in=600), "(pending_deployment)"),
    "own-certificate-of-a-host": (
        own_pulls(active_in=-60, host="www.example.com"),
        "www.example.com is pulled with a certificate of its own"),
    "host-without-certificate": (
        own_pulls(active_in=-60, host="www.example.com", enabled=False),
        "www.example.com is pulled without any certificate"),
    "configuration-rule-below-full": (
        overridden("www.example.com", "flexible", "rule"), "A configuration rule sets SSL mode"),
    "page-rule-below-full": (
        overridden("img.cdn.example.com", "off", "page rule"), "A page rule sets SSL mode off"),
    "load-balancer": (
        zone(balanced={"www.example.com": OTHER_ORIGIN}),
        "www.example.com is served by a load balancer"),
    "worker": (
        zone(worker_routes={"www.example.com/shop*": "shop"}), "A Worker answers first for"),
    "tunnel": (
        leads("www.example.com", "0f3c.cfargotunnel.com"), "(a Cloudflare Tunnel), not to this"),
    "another-cdn": (
        leads("www.example.com", "d1.cloudfront.net"), "(another CDN, CloudFront), not to this"),
    "originless-record": (
        leads("www.example.com", "100::", kind="AAAA"), "(a Worker or a redirect: no origin)"),
    "leads-elsewhere": (
        leads("www.example.com", OTHER_ORIGIN), f"leads to {OTHER_ORIGIN}, not to this project"),
    "dns-only": (
        leads("img.cdn.example.com", "here", proxied=False), "img.cdn.example.com is DNS-only"),
    "no-record": (without_record("www.example.com"), "www.example.com has no record in the zone"),
    "other-zone": (attached("shop.example.org"), "shop.example.org is not in this zone"),
    "no-attached-domain": (
        without_domains, "www.example.com is neither attached to the project"),
    "project-suspended": (project(is_suspended=True), "is suspended"),
    "no-right-to-redeploy": (project(may_change=False), "make it an admin of the project"),
    "activity-running": (busy, "An activity is running on main"),
    "staged-changes": (staged, "Changes are staged on main"),
    "head-not-deployed": (failed, "our deployment would release other people's work"),
    "dedicated-cluster": (dedicated, "a dedicated cluster?"),
    "routes-that-are-no-yaml": (
        committed({FILE: b'"https://{default}/": [\n'}), "(line 2)"),
    "origin-ca-root-as-client-ca": (committed({CA: ORIGIN_CA_ROOT}), "the classic mistake"),
    "foreign-ca-file": (committed({CA: b"nothing\n"}), "is there already and holds something else"),
}  # fmt: skip
"""By what stands in the way: how it comes about, and words of the sentence that names it."""

ANOTHER_WAY: dict[str, tuple[Change, str]] = {
    "deployed-by-hand": (environment(manual_deployments=True), "is deployed by hand"),
    "code-hosted-elsewhere": (
        project(integrations=[{"id": "i", "type": "github", "repository": "example/shop"}]),
        "The code is at example/shop (GitHub), which the bot does not reach"),
    "code-hosted-elsewhere-by-its-url": (
        project(repository_url="git@github.com:example/shop.git"), "The code is at github.com"),
    "http-upstream": (
        routes("# People still", '"http://old.example.com/":\n  type: upstream\n'
               '  upstream: "app:http"\n# People still'),
        "Client authentication asks to accept this by name"),
}  # fmt: skip
"""What stops nothing, and what the card says of it."""
EDITED: dict[str, Change] = {
    "upsun-flex": flex,
    "routes-not-plain": committed(
        {FILE: b'{"https://{default}/": {type: upstream, upstream: "app:http"}}\n'}
    ),
    "no-routes-file": committed({FILE: None}),
}
"""Shapes of the configuration that the change is made in like in any other."""
