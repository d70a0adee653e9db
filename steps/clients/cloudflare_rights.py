"""Which reads a Cloudflare token is allowed: its verification does not tell, so each is tried.

Write permissions cannot be seen without writing; they are named where a write is refused.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from steps.clients.cloudflare import CloudflareClient
from steps.errors import ClientError, Denied


@dataclass(frozen=True, slots=True)
class Right:
    """One permission by its name in the dashboard; ``unknown`` when it could not be asked."""

    permission: str
    needed_for: str
    held: Literal["yes", "no", "unknown"]
    detail: str = ""


def rights(client: CloudflareClient, zone_id: str) -> tuple[Right, ...]:
    """What the token may read in a zone, one request for each permission."""
    asked: tuple[tuple[str, str, Callable[[], object]], ...] = (
        ("Zone Read", "the zone's state", lambda: client.zone_by_id(zone_id)),
        ("Zone Settings Read", "SSL mode, development mode, origin pulls",
         lambda: client.setting(zone_id, "ssl")),
        ("SSL and Certificates Read", "Origin CA certificates",
         lambda: client.origin_certificates(zone_id)),
        ("SSL and Certificates Read", "client certificates of the zone",
         lambda: client.zone_pulls_enabled(zone_id)),
        ("DNS Read", "where the hosts lead", lambda: client.dns_records(zone_id)),
    )  # fmt: skip
    return tuple(_right(permission, use, look) for permission, use, look in asked)


def _right(permission: str, use: str, look: Callable[[], object]) -> Right:
    try:
        look()
    except Denied as error:
        return Right(permission, use, "no", error.for_people)
    except ClientError as error:
        return Right(permission, use, "unknown", error.for_people)
    return Right(permission, use, "yes")
