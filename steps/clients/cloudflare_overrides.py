"""What acts in front of a zone's settings and records: rules, load balancers, Workers."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeAlias, TypeVar

from steps.clients.cloudflare import CloudflareClient
from steps.clients.cloudflare_models import LoadBalancer, PageRule, Ruleset, WorkerRoute
from steps.errors import ClientError, NotFound, RateLimited, Unreachable

T = TypeVar("T")
_QUOTED = re.compile(r'"([^"]*)"')
_NEGATED = re.compile(r"\bne\b|!|\bnot\b")
"""Words of the rules' language with which a named host is the one that is not meant."""
_OR = re.compile(r"\bor\b|\|\|")


@dataclass(frozen=True, slots=True)
class CouldNotLook:
    """The token may not look there: neither a yes nor a no."""

    what: str
    why: str


@dataclass(frozen=True, slots=True)
class SslOverride:
    """A rule that sets another SSL mode than the zone's for the requests that it fits."""

    by: str
    mode: str
    where: str
    """Its expression, or its URL pattern; empty when it fits everything."""

    @property
    def words(self) -> str:
        return f"A {self.by} sets SSL mode {self.mode} where {self.where or 'it applies'}."

    @property
    def encrypts(self) -> bool:
        """Whether Cloudflare still pulls over TLS there, and so can present a certificate."""
        return self.mode not in ("off", "flexible")

    def may_touch(self, host: str) -> bool:
        """Whether a request for `host` can fit. In doubt it can: nobody evaluates rules here."""
        if self.by == "page rule":
            return pattern_takes(self.where, host)
        return any(_part_may_touch(part, host) for part in _OR.split(self.where))


def _part_may_touch(part: str, host: str) -> bool:
    quoted = [text.lower() for text in _QUOTED.findall(part)]
    hosts = [text for text in quoted if "." in text and "/" not in text]
    if not hosts or _NEGATED.search(_QUOTED.sub("", part)):
        return True
    return any(host == one or (one[0] in ".*" and host.endswith(one.lstrip("*"))) for one in hosts)


Overrides: TypeAlias = tuple[SslOverride, ...] | CouldNotLook


def pattern_takes(pattern: str, host: str) -> bool:
    """Whether a URL pattern of a page rule or a Worker (``*example.com/*``) can fit a host."""
    wanted = re.sub(r"^(\*|https?):?//", "", pattern.lower()).partition("/")[0].partition(":")[0]
    return bool(re.fullmatch(re.escape(wanted).replace(r"\*", ".*"), host)) if wanted else True


def ssl_rules(client: CloudflareClient, zone_id: str) -> Overrides:
    """Configuration Rules that set another SSL mode."""
    path = f"/zones/{zone_id}/rulesets/phases/http_config_settings/entrypoint"
    found = _look("configuration rules", lambda: client.get(path, Ruleset, "read the rules"))
    if isinstance(found, CouldNotLook):
        return found
    return tuple(
        SslOverride("configuration rule", str(rule.action_parameters["ssl"]), rule.expression)
        for rule in (found.rules if found else ())
        if rule.enabled and "ssl" in rule.action_parameters
    )


def ssl_page_rules(client: CloudflareClient, zone_id: str) -> Overrides:
    """Page Rules that set another SSL mode."""
    path, doing = f"/zones/{zone_id}/pagerules", "read the page rules"
    found = _look("page rules", lambda: client.get(path, tuple[PageRule, ...], doing))
    if isinstance(found, CouldNotLook):
        return found
    return tuple(
        SslOverride("page rule", str(action.value), _pattern(rule))
        for rule in found or () if rule.status == "active"
        for action in rule.actions if action.id == "ssl"
    )  # fmt: skip


def load_balanced(client: CloudflareClient, zone_id: str) -> tuple[str, ...] | CouldNotLook:
    """The hosts that a load balancer takes, in front of any record of theirs."""
    path, doing = f"/zones/{zone_id}/load_balancers", "list the load balancers"
    found = _look("load balancers", lambda: client.get(path, tuple[LoadBalancer, ...], doing))
    if isinstance(found, CouldNotLook):
        return found
    return tuple(balancer.name for balancer in found or () if balancer.enabled)


def worker_patterns(client: CloudflareClient, zone_id: str) -> tuple[str, ...] | CouldNotLook:
    """The URL patterns at which a Worker answers first."""
    path, doing = f"/zones/{zone_id}/workers/routes", "list the Workers' routes"
    found = _look("Workers' routes", lambda: client.get(path, tuple[WorkerRoute, ...], doing))
    if isinstance(found, CouldNotLook):
        return found
    return tuple(route.pattern for route in found or () if route.script)


def looked(found: Sequence[T] | CouldNotLook) -> tuple[T, ...]:
    """What was found; nothing where nobody could look, which is told by itself."""
    return () if isinstance(found, CouldNotLook) else tuple(found)


def _look(what: str, ask: Callable[[], T]) -> T | CouldNotLook | None:
    """None where there is none (404). Raises Unreachable and RateLimited: those pass."""
    try:
        return ask()
    except NotFound:
        return None
    except (Unreachable, RateLimited):
        raise
    except ClientError as error:
        return CouldNotLook(what, error.for_people)


def _pattern(rule: PageRule) -> str:
    values = [str((target.get("constraint") or {}).get("value", "")) for target in rule.targets]
    return values[0] if values else ""
