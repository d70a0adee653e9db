"""A world in which everything before client authentication has been done already."""

from datetime import timedelta

from sandbox.cloudflare.state import OriginCertificate, utc_now
from sandbox.platformsh.stand_in import HOSTS
from sandbox.platformsh.state import Certificate, new_id
from sandbox.world import World

_NAMES = ("example.com", "*.example.com", "img.cdn.example.com")
_DAYS = 365


def prepare(world: World) -> None:
    """Origin certificate live, SSL strict and pinned, origin pulls on, all of it adopted."""
    issued = world.authorities.origin_ca_rsa.issue(_NAMES, days=_DAYS)
    now = utc_now()
    world.cloudflare.zone.certificates.append(
        OriginCertificate(
            new_id(), issued.certificate_pem, _NAMES, "origin-rsa", _DAYS,
            now + timedelta(days=_DAYS), "",
        )
    )  # fmt: skip
    installed = Certificate(
        new_id(), issued.certificate_pem, issued.key_pem, (), is_provisioned=False, created_at=now
    )
    world.platformsh.project.certificates[installed.id] = installed
    world.platformsh.redeploy()
    for name, value in (
        ("ssl_automatic_mode", "custom"), ("ssl", "strict"), ("tls_client_auth", "on"),
    ):  # fmt: skip
        world.cloudflare.zone.set(name, value)
    if not (world.platformsh.settle() and world.cloudflare.settle()):
        raise RuntimeError("The world was not ready in time.")
    assert all(installed.covers(host) for host in HOSTS)
