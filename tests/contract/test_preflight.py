"""The preflight against both vendors: each block found, named, and nothing written."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import pytest

from sandbox.faults import Fault
from sandbox.world import Scenario, World
from steps.errors import Denied, PreconditionFailed
from steps.origin.look import Look
from steps.origin.vantage import kept
from steps.step import Done, Past, Plan
from tests.contract.preflight_desk import Desk
from tests.contract.preflight_world import (
    ANOTHER_WAY,
    BLOCKS,
    EDITED,
    NOW,
    Change,
    attached,
    committed,
    leads,
    overridden,
    routes,
    without,
    zone,
)
from tests.e2e.stage import authorities

FINE = frozenset({
    "SSL mode full, Automatic SSL/TLS auto, origin pulls off, development mode off.",
    "The zone's settings act on these hosts too; they are looked at before and after:"
    " status.example.com.",
    "These environments would inherit client authentication: staging (leave it closed, or HTTP"
    " access control with the block kept off the branch, or a domain of its own behind"
    " Cloudflare).",
})  # fmt: skip
"""What the card of a site in order says."""

NO_TROUBLE: dict[str, Change] = {
    "rule-of-another-host": overridden("status.example.com", "flexible", "rule"),
    "rule-that-encrypts": overridden("www.example.com", "full", "page rule"),
    "worker-of-another-host": zone(worker_routes={"status.example.com/*": "status"}),
    "load-balancer-of-another-host": zone(balanced={"status.example.com": "x.example.net"}),
    "domain-that-stands-for-another": attached("dev.example.org", replaces="example.com"),
    "merge-that-names-no-commit": committed({"merged.txt": b"so\n"}, merged=True),
    "address-instead-of-the-name": leads("www.example.com", "address", kind="A"),
    "optional-rights-missing": without(
        "config_rules:read", "page_rules:read", "load_balancers:read", "workers_routes:read"
    ),
}
"""What looks like trouble and is none of the site's."""
MORE = {"head-not-deployed": 2, "no-attached-domain": 3, "routes-that-are-no-yaml": 3}
"""How many sentences these take: their failed deployment too, and hosts of the platform's zone."""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    world = World(Scenario.tests(), tmp_path_factory.mktemp("world"), authorities())
    made = Desk(world)
    yield made
    made.hang_up()
    world.close()


@pytest.mark.parametrize("name", BLOCKS)
def test_each_block_is_found_and_named_and_nothing_is_written(desk: Desk, name: str) -> None:
    """Alone, too: whatever another test put in the way has gone with being put right."""
    change, words = BLOCKS[name]
    with desk.while_(change), pytest.raises(PreconditionFailed) as caught:
        desk.plan()
    assert words in caught.value.for_people
    assert caught.value.for_people.count("•") == MORE.get(name, 1)


@pytest.mark.parametrize("name", ANOTHER_WAY)
def test_another_way_in_is_told_and_stops_nothing(desk: Desk, name: str) -> None:
    """Whoever must act stands on the card; what an approver may accept is asked at its step."""
    change, words = ANOTHER_WAY[name]
    with desk.while_(change):
        assert words in " ".join(desk.plan().notes)


@pytest.mark.parametrize("name", EDITED)
def test_every_shape_of_the_configuration_is_edited(desk: Desk, name: str) -> None:
    """Upsun's files, braces, and no routes at all."""
    with desk.while_(EDITED[name]):
        assert desk.plan().changes == ()


@pytest.mark.parametrize(
    ("environment", "words"),
    [("staging", "is staging, not production"), ("feature-cart", "is inactive, not active")],
)
def test_only_an_active_production_environment_is_closed(
    desk: Desk, environment: str, words: str
) -> None:
    """Another environment of the project, named."""
    with pytest.raises(PreconditionFailed) as caught:
        desk.plan(replace(desk.site, environment=environment))
    assert words in caught.value.for_people


def test_a_right_that_is_missing_is_denied_by_name(desk: Desk) -> None:
    """Could-not-look at what the run needs is an error, not an empty list."""
    with desk.while_(without("dns:read")), pytest.raises(Denied, match="list the DNS records"):
        desk.plan()


def test_a_token_that_may_not_ask_about_itself_stops_nobody(desk: Desk) -> None:
    """Which tokens may is not documented; that its end is unknown is said."""
    refused = Fault("cloudflare", "GET", "tokens/verify", "status", 403, body='{"success": false}')
    desk.world.faults.add(replace(refused, times=2))
    told = set(desk.plan().notes) - FINE
    desk.world.faults.clear()
    assert told == {"When the Cloudflare token ends could not be looked at."}


@pytest.mark.parametrize("name", NO_TROUBLE)
def test_what_is_no_trouble_stops_nothing(desk: Desk, name: str) -> None:
    """The negative controls: alike, and none of the site's business."""
    with desk.while_(NO_TROUBLE[name]):
        assert desk.plan().nothing_to_do, name


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (without("config_rules:read"), "Whether configuration rules override the SSL mode could"),
        (without("page_rules:read"), "Whether page rules override the SSL mode could not be"),
        (without("load_balancers:read"), "Whether load balancers stand before a host could not"),
        (without("workers_routes:read"), "Whether Workers' routes stand before a host could not"),
        (overridden("status.example.com", "off", "rule"), "A configuration rule sets SSL mode off"),
        (leads("*.example.com", "x.example.net"), "Hosts below *.example.com are not known"),
        (committed({"merged.txt": b"x\n"}, merged=True), "is not told by its activities"),
    ],
)
def test_what_people_should_know_is_on_the_card(desk: Desk, change: Change, words: str) -> None:
    """Said in the plan's notes, which become the card's evidence."""
    with desk.while_(change):
        told = [note for note in desk.plan().notes if note not in FINE]
    assert [words in note for note in told] == [True]


def test_the_zones_other_hosts_are_listed_and_looked_at_before(desk: Desk) -> None:
    """The zone is shared: its settings act on them too, so each has a baseline of its own."""
    plan = desk.plan()
    assert set(plan.notes) == FINE
    assert set(baseline(desk, plan)) == {
        "example.com", "www.example.com", "img.cdn.example.com", "status.example.com",
    }  # fmt: skip


def test_a_wildcard_route_is_sorted_looked_at_and_certified(desk: Desk) -> None:
    """Under a name in its place: nobody can ask for `*.example.com` itself."""
    world, name = desk.world, "mtls-bot-look.example.com"
    wildcard = routes("# People still", '"https://*.{default}/":\n  type: upstream\n'
                      '  upstream: "app:http"\n# People still')  # fmt: skip
    with desk.while_(wildcard):
        with pytest.raises(PreconditionFailed, match=f"{name} has no record"):
            desk.plan()
        with desk.while_(leads("*.example.com", "here")):
            world.names.set(name, *world.cloudflare.edge.addresses)
            assert world.cloudflare.settle()
            plan = desk.plan()
            assert name in plan.inputs["hosts"].split()
            assert baseline(desk, plan)[name].status == 200
            step = desk.steps["origin-certificate"]
            facts = step.observe(desk.site)
            assert facts.names == ("example.com", "*.example.com", "img.cdn.example.com")


def test_a_dead_host_of_somebody_else_holds_nothing_up(desk: Desk) -> None:
    """It is named and not judged later; one of the site's own that is dead holds the run up."""
    names = desk.world.names
    plan, before = desk.plan(), names.get("status.example.com") or ()
    names.set("status.example.com", "127.0.0.250")
    done = desk.step.apply(plan, {}, past=Past(), now=NOW)
    names.set("status.example.com", *before)
    assert isinstance(done, Done)
    assert "status.example.com: " in done.receipt["unjudged"]
    assert "status.example.com" not in kept(done.receipt["baseline"])
    names.set("www.example.com", "127.0.0.250")
    with pytest.raises(PreconditionFailed, match=r"www\.example\.com: "):
        desk.step.apply(plan, {}, past=Past(), now=NOW)
    names.set("www.example.com", *before)


def baseline(desk: Desk, plan: Plan) -> Mapping[str, Look]:
    done = desk.step.apply(plan, {}, past=Past(), now=NOW)
    assert isinstance(done, Done)
    return kept(done.receipt["baseline"])
