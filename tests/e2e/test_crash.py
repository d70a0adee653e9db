"""SIGKILL at writes of each kind in a rollout and its undo, and the run goes on by itself.

At every one of them in `make long`.
"""

import json
from pathlib import Path
from typing import Literal, TypeAlias

from sandbox.faults import Fault
from tests.e2e.stage import Stage, stage

Write: TypeAlias = tuple[str, str, str]
"""A service, a method, and a pattern of its path."""
WRITES: tuple[Write, ...] = (
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
OF_EACH_KIND = (WRITES[1], WRITES[2], WRITES[5], WRITES[7])
WRITES_BACK: tuple[Write, ...] = (
    ("git", "POST", "git"),
    ("cloudflare", "PATCH", "/settings/tls_client_auth"),
    ("cloudflare", "PATCH", "/settings/ssl$"),
    ("platformsh", "DELETE", "/certificates/"),
    ("platformsh", "POST", "/redeploy$"),
    ("cloudflare", "DELETE", "/certificates/"),
    ("cloudflare", "PATCH", "/settings/ssl_automatic_mode"),
    ("platformsh", "PATCH", "/environments/staging$"),
)
BACK_OF_EACH = (WRITES_BACK[0], WRITES_BACK[3], WRITES_BACK[5])


def _kill_at(
    on: Stage,
    kind: Literal["cut-after", "cut-before"],
    hits: list[str],
    writes: tuple[Write, ...],
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


def test_killed_at_a_write_of_each_kind_the_run_completes(tmp_path: Path) -> None:
    """A setting, an issue, an installation, a push, a message; and of the way back the same."""
    killed(tmp_path, before=NEVER_ARRIVED[1::2], after=(*OF_EACH_KIND, POSTS[0]), back=BACK_OF_EACH)


def killed(
    directory: Path, *, before: tuple[Write, ...], after: tuple[Write, ...],
    back: tuple[Write, ...],
) -> None:  # fmt: skip
    """Before the effect, the request is made again; after it, what is there is adopted.

    What is in both is killed twice: it never arrived, is made again, and then its answer is lost.
    """
    hits: list[str] = []
    with stage(directory, ssl="flexible") as on:
        on.begin()
        _kill_at(on, "cut-before", hits, before)
        _kill_at(on, "cut-after", hits, after)
        on.close_origin(access=("staging",))
        assert len(hits) == len(before) + len(after)
        assert on.world.direct.measure() == "closed"
        _one_of_each(on, with_access=True)
        _said_once(on)
        hits.clear()
        _kill_at(on, "cut-after", hits, back)
        on.undo()
        assert len(hits) == len(back)
        assert on.world.direct.measure() == "open"
        assert all(c.revoked_at for c in on.world.cloudflare.zone.certificates)
        assert len(on.world.journal.writes("git")) == 3
        assert on.world.cloudflare.zone.setting("ssl") == "flexible"
        assert on.secrets_found() == []
