"""Cloudflare says that it presents its certificate, and does not."""

from pathlib import Path

from sandbox.auto import UNDONE
from tests.e2e.stage import Stage, stage

GATED = (
    "Development mode on", "Origin certificate", "SSL mode Full", "Authenticated Origin Pulls on",
    "Gate",
)  # fmt: skip


def _until_client_authentication(
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
        _until_client_authentication(on, GATED)
        on.wait(lambda: [e for e in on.events("step-applied") if '"gate"' in e[1]])
        on.card("Gate", "proof is looked for")
        assert on.world.direct.measure() == "open"
        assert on.world.visitors.stop().failures == ()
        assert not [e for e in on.events("step-started") if "client-authentication" in e[1]]


def test_without_the_gate_the_way_back_is_pushed_by_itself(tmp_path: Path) -> None:
    """Visitors are refused, the old routes are deployed again under the same approval, and told."""
    with stage(tmp_path, gate=False) as on:
        _until_client_authentication(
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


def test_turned_round_while_the_change_is_being_deployed_nobody_is_refused(tmp_path: Path) -> None:
    """The abandoned deployment still lands; the way back waits for it and goes through it."""
    with stage(tmp_path) as on:
        _until_client_authentication(
            on, (*GATED, "Client authentication at the origin"), pretend=False
        )
        on.wait(lambda: [e for e in on.events("step-waiting") if "client-auth" in e[1]])
        on.talk.undo()
        on.talk.approve_until((UNDONE,))
        assert on.world.direct.measure() == "open"
        assert on.settings_after() == ["full", "auto", "off"]
        assert on.world.visitors.stop().failures == ()
