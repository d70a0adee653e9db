"""Cloudflare says that it presents its certificate, and does not."""

from pathlib import Path

from tests.e2e.stage import Stage, stage

GATED = (
    "Development mode on", "Origin certificate", "SSL mode Full", "Authenticated Origin Pulls on",
    "Gate",
)  # fmt: skip


def until_client_authentication(
    on: Stage, titles: tuple[str, ...], *, pretend: bool = True
) -> None:
    on.begin(visitors=True)
    on.world.cloudflare.zone.change(pretend_aop=pretend)
    on.start()
    for title in titles:
        on.approve(title)


def test_with_the_gate_nobody_is_refused(tmp_path: Path) -> None:
    """The gate is never passed, so the origin never requires what is not presented."""
    with stage(tmp_path) as on:
        until_client_authentication(on, GATED)
        on.wait(lambda: [e for e in on.events("step-applied") if '"gate"' in e[1]])
        on.card("Gate", "proof is looked for")
        assert on.world.direct.measure() == "open"
        assert on.world.visitors.stop().failures == ()
        assert not [e for e in on.events("step-started") if "client-authentication" in e[1]]


def test_without_the_gate_the_way_back_is_pushed_by_itself(tmp_path: Path) -> None:
    """Visitors are refused, the old routes are deployed again under the same approval, and told."""
    with stage(tmp_path, gate=False) as on:
        until_client_authentication(
            on,
            ("Development mode on", "Origin certificate", "SSL mode Full",
             "Authenticated Origin Pulls on", "Client authentication at the origin"),
        )  # fmt: skip
        on.card("Client authentication at the origin", "way-back-taken")
        assert on.world.platformsh.settle()
        assert on.world.direct.measure() == "open"
        assert on.world.visitors.summary().failed > 0
        assert len(on.world.journal.writes("git")) == 2
        before = on.world.visitors.summary().failed
        assert on.world.visitors.stop().failed == before
