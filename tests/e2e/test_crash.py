"""SIGKILL at every write of a rollout and of its undo, and the run goes on by itself."""

import json
from pathlib import Path
from typing import Literal

from sandbox.faults import Fault
from tests.e2e.stage import Stage, stage

WRITES = (
    ("cloudflare", "PATCH", "/settings/development_mode"),
    ("cloudflare", "POST", "/certificates$"),
    ("platformsh", "POST", "/certificates$"),
    ("platformsh", "POST", "/redeploy$"),
    ("cloudflare", "PATCH", "/settings/ssl_automatic_mode"),
    ("cloudflare", "PATCH", "/settings/ssl$"),
    ("cloudflare", "PATCH", "/settings/tls_client_auth"),
    ("git", "POST", "git"),
    ("git", "POST", "git"),  # the gate's commit, then the one that requires
    ("cloudflare", "PATCH", "/settings/ssl$"),  # strict
    ("platformsh", "PATCH", "/environments/staging$"),
    ("cloudflare", "PATCH", "/settings/development_mode"),  # off again
)
"""Every write of a run, in its order within each kind."""
POSTS = (("slack", "POST", "chat.postMessage"),) * 3
"""The first message, the first card, and another one."""
NEVER_ARRIVED = (WRITES[0], WRITES[1], WRITES[2], WRITES[7])
"""One of each kind: a setting, an issue, an installation, a push."""
WRITES_BACK = (
    ("git", "POST", "git"),
    ("cloudflare", "PATCH", "/settings/tls_client_auth"),
    ("cloudflare", "PATCH", "/settings/ssl$"),
    ("platformsh", "DELETE", "/certificates/"),
    ("platformsh", "POST", "/redeploy$"),
    ("cloudflare", "DELETE", "/certificates/"),
    ("cloudflare", "PATCH", "/settings/ssl_automatic_mode"),
    ("platformsh", "PATCH", "/environments/staging$"),
)


def _kill_at(
    on: Stage,
    kind: Literal["cut-after", "cut-before"],
    hits: list[str],
    writes: tuple[tuple[str, str, str], ...] = WRITES,
) -> None:
    """The bot is killed at each of these writes, and started again."""
    for service, method, path in writes:

        def strike(name: str = f"{service} {path}") -> None:
            hits.append(name)
            on.world.bot.restart()

        on.world.faults.add(Fault(service, method, path, kind, on_hit=strike))


def _one_of_each(on: Stage, *, with_access: bool = False) -> None:
    """Exactly one valid certificate at each vendor, one commit a change, one yes a plan."""
    zone, project = on.world.cloudflare.zone, on.world.platformsh.project
    valid = [c for c in zone.certificates if not c.revoked_at]
    custom = [c for c in project.certificates.values() if not c.is_provisioned]
    assert (len(valid), len(custom)) == (1, 1)
    assert len(on.world.journal.writes("git")) == 2  # the gate's commit and the one that requires
    approved = [json.loads(body)["step"] for _, body in on.events("plan-approved")]
    assert len(approved) == len(set(approved)) == 8 + with_access
    assert on.events("plan-drifted") == []


def _said_once(on: Stage) -> None:
    """No message twice: each card's first post, by its operation, reached Slack once."""
    bodies = [json.loads(r.body) for r in on.world.journal.all("slack") if "postMessage" in r.path]
    operations = [b["metadata"]["event_payload"]["op_id"] for b in bodies if "metadata" in b]
    assert len(operations) == len(set(operations)) > len(POSTS)


def test_killed_at_every_write_the_run_completes(tmp_path: Path) -> None:
    """Before the effect, the request is made again; after it, what is there is adopted.

    One of each kind is killed twice: it never arrived, is made again, and then its answer is lost.
    """
    hits: list[str] = []
    with stage(tmp_path, ssl="flexible") as on:
        on.begin()
        _kill_at(on, "cut-before", hits, NEVER_ARRIVED)
        _kill_at(on, "cut-after", hits, (*WRITES, *POSTS))
        on.close_origin(access=("staging",))
        assert len(hits) == len(NEVER_ARRIVED) + len(WRITES) + len(POSTS)
        assert on.world.direct.measure() == "closed"
        _one_of_each(on, with_access=True)
        _said_once(on)
        hits.clear()
        _kill_at(on, "cut-after", hits, WRITES_BACK)
        on.undo()
        assert len(hits) == len(WRITES_BACK)
        assert on.world.direct.measure() == "open"
        assert all(c.revoked_at for c in on.world.cloudflare.zone.certificates)
        assert len(on.world.journal.writes("git")) == 3
        assert on.world.cloudflare.zone.setting("ssl") == "flexible"
        assert on.secrets_found() == []
