"""Platform.sh: certificates, activities that end after some looks, access control."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from pydantic import SecretStr

from steps.certificates import public_key_digest
from steps.http_access import AccessState, Stranger
from steps.step import Site
from tests.doubles.world import HOSTS, PUBLIC, Listed, World, absent, issued

Ends: TypeAlias = Literal["success", "failure", "staged", "cancelled"]


@dataclass
class Run:
    """One activity: it ends after so many looks, and then has its effect."""

    id: str
    type: str
    environment: str
    ends: Ends = "success"
    polls: int = 2
    pushed: str = ""
    effect: Callable[["Project"], None] = field(default=lambda _project: None)
    took: float = 94.0

    @property
    def state(self) -> str:
        return "in_progress" if self.polls else "complete"

    @property
    def seconds(self) -> float | None:
        return None if self.polls else self.took

    @property
    def outcome(self) -> Literal["running", "success", "failure", "staged", "cancelled"]:
        return "running" if self.polls else self.ends


@dataclass
class Project:
    """Platform.sh: certificates, activities, access control, and what is deployed."""

    world: World
    custom: dict[str, str] = field(default_factory=dict)
    provided: str = field(default_factory=lambda: issued(HOSTS, issuer=PUBLIC))
    runs: list[Run] = field(default_factory=list)
    """Newest first."""
    ends: list[Ends] = field(default_factory=list)
    """How the next activities end; success when nothing is queued."""
    access: dict[str, AccessState] = field(default_factory=lambda: {
        name: AccessState(name, name == "main", active=True, enabled=False, users=(), addresses=(),
                          url=f"https://{name}.example.net/")
        for name in ("main", "staging", "review")
    })  # fmt: skip
    made: int = 0
    manual: bool = False
    """Pushes are only staged."""
    log: str = "building\nE: no space left\n"

    def activity(self, project: str, activity_id: str) -> Run:
        run = next(r for r in self.runs if r.id == activity_id)
        self._tick(run)
        return run

    def activities(
        self,
        project: str,
        *,
        environment: str,
        type: str,  # noqa: A002 - Platform.sh's word
    ) -> Sequence[Run]:
        found = [r for r in self.runs if r.type == type and r.environment == environment]
        for run in found:
            self._tick(run)
        return found

    def _tick(self, run: Run) -> None:
        if not run.polls:
            return
        run.polls -= 1
        if not run.polls and run.ends == "success":
            run.effect(self)

    def activity_log(self, project: str, activity_id: str) -> str:
        return self.log

    def start(self, kind: str, environment: str, effect: Callable[["Project"], None],
              pushed: str = "") -> Run:  # fmt: skip
        """A new activity of the queued end."""
        self.made += 1
        plain: Ends = "staged" if self.manual and kind == "environment.push" else "success"
        ends = self.ends.pop(0) if self.ends else plain
        run = Run(f"activity-{self.made}", kind, environment, ends, pushed=pushed, effect=effect)
        self.runs.insert(0, run)
        return run

    def redeploy(self, project: str, environment: str) -> Run | None:
        run = self.start("environment.redeploy", environment, make_live)
        self.world.write(f"environment {environment} · redeploy")
        return run

    def staged(self, project: str, environment: str) -> Sequence[Run]:
        return [r for r in self.runs if r.outcome == "staged" and r.environment == environment]

    def deploy(self, project: str, environment: str) -> Run | None:
        waiting = self.staged(project, environment)

        def released(project: "Project") -> None:
            for run in waiting:
                run.ends = "success"
                run.effect(project)

        run = self.start("environment.deploy", environment, released)
        self.world.write(f"environment {environment} · release of the staged deployment")
        return run

    def certificates(self, project: str) -> Sequence[Listed]:
        mine = [Listed(name, pem) for name, pem in self.custom.items()]
        return [*mine, Listed("provided", self.provided, is_provisioned=True)]

    def add_certificate(
        self, project: str, *, certificate: str, key: SecretStr, chain: Sequence[str]
    ) -> Listed:
        secret = serialization.load_pem_private_key(key.get_secret_value().encode(), None)
        assert isinstance(secret, RSAPrivateKey)
        assert "BEGIN RSA PRIVATE KEY" in key.get_secret_value()
        assert public_key_digest(certificate) == public_key_digest(secret)
        self.made += 1
        name = f"custom-{self.made}"
        self.custom[name] = certificate
        self.world.write(f"project {project} · custom certificate")
        return Listed(name, certificate)

    def delete_certificate(self, project: str, certificate_id: str) -> None:
        if certificate_id not in self.custom:
            raise absent("certificate", "Platform.sh")
        del self.custom[certificate_id]
        self.world.write(f"project {project} · custom certificate {certificate_id}")

    def set_http_access(
        self, project: str, environment: str, *, enabled: bool,
        basic_auth: Mapping[str, SecretStr],
    ) -> Sequence[Run]:  # fmt: skip
        was = self.access[environment]
        self.access[environment] = AccessState(
            environment, was.production, was.active, enabled, tuple(basic_auth), (), was.url
        )
        run = self.start("environment.update.http_access", environment, lambda _project: None)
        self.world.write(f"environment {environment} · HTTP access")
        return [run]

    def states(self, site: Site) -> tuple[AccessState, ...]:
        return tuple(self.access.values())

    def answers_strangers(self, url: str) -> Stranger:
        """What a request without credentials came to."""
        state = next(s for s in self.access.values() if s.url == url)
        if state.shut or self.world.visitors == "inconclusive":
            return Stranger("unclear", "could not be asked")
        refused = state.effective and self.world.visitors == ""
        return Stranger("refused", "HTTP 401") if refused else Stranger("let in", "HTTP 200")


def make_live(project: Project) -> None:
    """What a deployment brings: the newest custom certificate, else the provided one."""
    project.world.live = next(reversed(project.custom.values()), project.provided)
