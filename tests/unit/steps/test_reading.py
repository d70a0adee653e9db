"""What is read across both vendors: in one order, whole, and never a no where nothing was said."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any, cast

import pytest

from steps.clients.cloudflare_models import DnsRecord, TokenStatus
from steps.clients.platformsh_models import (
    Activity,
    Capabilities,
    CustomDomains,
    Deployment,
    Domain,
    Environment,
)
from steps.errors import ClientError, Denied, NotFound, PreconditionFailed
from steps.origin.evidence import Shown
from steps.preflight_reading import PreflightReading
from steps.reading import Reading
from steps.step import Site
from tests.doubles.world import NOON, SITE

EDGE = "main.example-edge.net"
HEAD, OLDER = "a" * 40, "b" * 40
PLAN = CustomDomains(enabled=True, environments_with_domains_limit=5)


def record(name: str, content: str, *, proxied: bool = True, kind: str = "CNAME") -> DnsRecord:
    return DnsRecord(name=name, type=kind, content=content, proxied=proxied)


def push(commit: str, result: str = "success") -> Activity:
    return Activity.model_validate(
        {"id": commit[:4], "type": "environment.push", "state": "complete", "result": result,
         "parameters": {"new_commit": commit}}
    )  # fmt: skip


@dataclass
class Vendors:
    """Both vendors and the wire, as far as the reading asks them."""

    records: Sequence[DnsRecord] = (
        record("www.example.com", EDGE), record("a.example.com", "203.0.113.31", kind="A"),
        record("b.example.com", "203.0.113.32", kind="A"),
    )  # fmt: skip
    pushes: Sequence[Activity] = (push(HEAD), push(OLDER))
    trouble: str = ""
    lost: tuple[str, ...] = ()
    environments_listed: Sequence[Environment] = tuple(
        Environment(id=name, type="development", status="active") for name in ("review", "blue")
    )
    about: dict[str, object] = field(default_factory=dict)
    deployed: bool = True
    visible: bool = True
    plan: CustomDomains | None = PLAN

    def dns_records(self, zone_id: str) -> Sequence[DnsRecord]:
        return self.records

    def environment(self, project: str, environment: str) -> Environment:
        if not self.visible:
            raise NotFound("Unknown.", service="Platform.sh", doing="read the environment")
        there = {"id": environment, "type": "production", "edge_hostname": EDGE}
        return Environment.model_validate(there | self.about)

    def environments(self, project: str) -> Sequence[Environment]:
        return self.environments_listed

    def capabilities(self, project: str) -> Capabilities:
        if not self.visible:
            raise Denied("No.", service="Platform.sh", doing="read what the plan allows")
        return Capabilities(custom_domains=self.plan)

    def domains(self, project: str) -> Sequence[Domain]:
        return (Domain(name="www.example.com"),)

    def current_deployment(self, project: str, environment: str) -> Deployment | None:
        if not self.deployed:
            return None
        tls = {"client_authentication": "require" if environment == "shut" else "request"}
        return Deployment.model_validate({"routes": {"https://www.example.com/": {"tls": tls}}})

    def activities(self, project: str, **_of: str) -> Sequence[Activity]:
        return self.pushes

    def certificates(self, names: Sequence[str], where: str) -> dict[str, tuple[Shown, ...]]:
        lost = tuple(Shown(one, (None,), "No way.", no_route=True) for one in self.lost)
        return {name: (Shown(where, (None,), self.trouble), *lost) for name in names}

    def addresses(self, name: str) -> tuple[str, ...]:
        if name != EDGE:
            raise NotFound("No such name.", service="dns", doing="looking up")
        return ("203.0.113.11",)

    def verify_token(self) -> TokenStatus:
        return TokenStatus(status="active", expires_on=NOON)

    def reading(self) -> Reading:
        me = cast("Any", self)
        wire = cast("Any", SimpleNamespace(certificates=self.certificates, resolver=self))
        return Reading(me, me, me, me, wire, lambda: NOON)

    def preflight(self) -> PreflightReading:
        return PreflightReading(self.reading(), "")


def concerns(vendors: Vendors) -> tuple[str, ...]:
    return vendors.reading().certificates_for(SITE, strict=True)[1]


def test_an_address_without_a_way_from_here_is_nobodys_concern() -> None:
    """IPv6 where this machine has none; the other kind is looked at all the same."""
    assert concerns(Vendors(lost=("2001:db8::11",))) == concerns(Vendors()) != ()


def test_what_must_be_accepted_does_not_depend_on_the_vendors_order() -> None:
    """Cloudflare lists records in any order, some twice: the approval is for the same concerns."""
    there = Vendors()
    again = Vendors(records=(*reversed(there.records), there.records[1]))
    assert concerns(there) == concerns(again)
    assert len(concerns(there)) == 2


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("", "shows no certificate"),
        ("No answer in time.", "could not be asked for its certificate"),
    ],
)
def test_could_not_ask_is_not_told_as_shows_none(trouble: str, said: str) -> None:
    """A neighbour whose firewall keeps the bot out may well be in order."""
    assert all(said in concern for concern in concerns(Vendors(trouble=trouble)))


def test_inheriting_environments_have_one_order() -> None:
    """Their names stand on the card of client authentication, which an approval is bound to."""
    (told,) = Vendors().reading().inheriting(SITE)
    assert told.startswith("blue, review (leave it closed")
    assert Vendors(environments_listed=()).reading().inheriting(SITE) == ()


@pytest.mark.parametrize(
    ("vendors", "end"),
    [
        (Vendors(), "a domain of its own behind Cloudflare)"),
        (Vendors(plan=CustomDomains(enabled=True)), "if the plan has that)"),
        (Vendors(plan=None), "if the plan has that)"),
        (Vendors(visible=False), "if the plan has that)"),
        (Vendors(plan=CustomDomains(enabled=True, environments_with_domains_limit=1)), "branch)"),
        (Vendors(plan=CustomDomains(enabled=False)), "branch)"),
    ],
)
def test_a_domain_is_offered_as_far_as_the_plan_can_be_read(vendors: Vendors, end: str) -> None:
    """Production is one of the environments that may have domains."""
    assert vendors.reading().inheriting(SITE)[0].endswith(end)


@pytest.mark.parametrize(
    ("pushes", "deployed"),
    [
        ((push(HEAD), push(OLDER)), HEAD),
        ((push(HEAD, "failure"), push(OLDER)), OLDER),
        ((push(OLDER),), ""),
        ((), ""),
    ],
)
def test_a_head_that_a_merge_has_brought_is_not_called_undeployed(
    pushes: Sequence[Activity], deployed: str
) -> None:
    """Its push activities do not say; a failed push of the head does."""
    assert Vendors(pushes=pushes).preflight().deployed_commit(SITE, HEAD) == deployed


@pytest.mark.parametrize(
    ("records", "why"),
    [
        ((record("www.example.com", EDGE, proxied=False),), "DNS-only"),
        ((record("www.example.com", "elsewhere.example.net"),), "leads to"),
        ((), "no record"),
    ],
)
def test_a_host_that_is_not_served_through_cloudflare_stops_the_steps_that_need_it(
    records: Sequence[DnsRecord], why: str
) -> None:
    """Read again at the step: a record can change between the preflight and the card."""
    reading = Vendors(records=records).reading()
    assert why in reading.unserved(SITE)[0]
    with pytest.raises(PreconditionFailed, match=why):
        reading.served_hosts(SITE)


def test_hosts_that_are_served_are_given() -> None:
    """The control."""
    reading = Vendors().reading()
    assert (reading.unserved(SITE), reading.served_hosts(SITE)) == ((), ("www.example.com",))


@pytest.mark.parametrize(("environment", "shut"), [("shut", True), ("review", False)])
def test_an_environment_that_has_inherited_require_is_known(
    environment: str, *, shut: bool
) -> None:
    """By its own deployment, not by its branch."""
    assert Vendors().reading().shut(Site("", "", "", "p", "main"), environment) is shut


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({}, 0),
        ({"has_staged_activities": True}, 1),
        ({"deployment_state": {"last_deployment_successful": False}}, 1),
        ({"deployment_state": {"last_deployment_successful": True}}, 0),
        ({"deployment_state": {}}, 0),
    ],
)
def test_other_peoples_work_is_seen_at_each_deploying_step(
    fields: dict[str, object], found: int
) -> None:
    """Not only by the preflight, which may be days ago."""
    vendors = Vendors(about=fields)
    assert len(vendors.reading().others_work(SITE)) == found


def test_a_deployment_that_may_not_be_seen_is_not_called_open() -> None:
    """404 says both: no deployment, and no right. Only an environment that is seen has none."""
    nothing = Vendors(deployed=False)
    assert nothing.reading().asking(SITE) == ()
    with pytest.raises(NotFound):
        Vendors(deployed=False, visible=False).reading().asking(SITE)


@pytest.mark.parametrize("kind", [Denied, NotFound])
def test_a_token_that_does_not_say_when_it_ends_stops_no_run(kind: type[ClientError]) -> None:
    """Which answer an account's token gets there is in no source; it is told, and no more."""

    def refuses() -> TokenStatus:
        raise kind("No.", service="Cloudflare", doing="verify the token")

    vendors = Vendors()
    told = vendors.preflight().token()
    assert told is not None
    assert told.expires_on == NOON
    vendors.verify_token = refuses  # type: ignore[method-assign]
    assert vendors.preflight().token() is None
