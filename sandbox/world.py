"""The sandbox put together: three vendors, visitors, and what the bot is told of them."""

import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sandbox.authorities import Authorities
from sandbox.bot_process import BotProcess
from sandbox.cloudflare.pull import OriginAddress
from sandbox.cloudflare.stand_in import CloudflareStandIn
from sandbox.dns import NameServer, Table
from sandbox.faults import Faults
from sandbox.github import GithubStandIn
from sandbox.gitlab import GitlabStandIn
from sandbox.journal import Journal
from sandbox.other_origin import OtherOrigin
from sandbox.platformsh.stand_in import HOSTS, PlatformshStandIn
from sandbox.slack.people import APPROVERS
from sandbox.slack.stand_in import SlackStandIn
from sandbox.timings import Timings
from sandbox.troubles import Troubles
from sandbox.visitors import DirectAccess, Visitors

OTHER_HOST, OTHER_ORIGIN = "status.example.com", "status.example.net"
PATHS = ("/", "/about", "/prices", "/static/app.css", "/static/app.js", "/static/logo.svg")

IPV6_OF_THE_EDGE = "ff0e::1"
"""Cloudflare answers by IPv6 too, and the bot's machine has none: no machine connects to this."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """How the world stands when it begins, and how quick it is."""

    timings: Timings
    settle_seconds: float
    look_again_seconds: float
    way_back_seconds: float
    slack_pause_seconds: float = 0.02
    sessions: int = 2
    ssl: str = "full"
    gate: bool = True
    seed: int = 1
    code: Literal["platformsh", "github", "gitlab", "elsewhere"] = "platformsh"
    """Who hosts the code; elsewhere is what the bot does not reach."""
    visitors_rate: float = 22.0
    picture: bool = True
    watch_seconds: float = 10.0
    """How often the bot looks at a site that it has closed; zero is never."""

    @classmethod
    def demo(cls) -> "Scenario":
        """Slow enough to be watched, quick enough to stay."""
        return cls(Timings.demo(), 2.5, 0.5, 4.0, slack_pause_seconds=0.2, sessions=3)

    @classmethod
    def tests(cls, **changes: Any) -> "Scenario":
        """Quick, and with just enough visitors to see an outage."""
        usual = {"sessions": 1, "picture": False, "visitors_rate": 8.0, "watch_seconds": 0.0}
        return cls(Timings.tests(), 0.4, 0.1, 0.5, **{**usual, **changes})


class World:
    """Everything but the bot, and the bot as a process. `close` ends all of it."""

    def __init__(
        self, scenario: Scenario, directory: Path | None = None,
        authorities: Authorities | None = None,
    ) -> None:  # fmt: skip
        self.scenario = scenario
        self._closing = ExitStack()
        temporary = self._closing.enter_context(tempfile.TemporaryDirectory(prefix="sandbox-"))
        self.directory = directory or Path(temporary)
        self.journal, self.faults = Journal(), Faults()
        self.authorities = authorities or Authorities.create()
        self.names = Table()
        self.name_server = NameServer(self.names)
        self._closing.callback(self.name_server.close)
        shared: dict[str, Any] = {
            "authorities": self.authorities, "journal": self.journal, "faults": self.faults,
            "timings": scenario.timings, "seed": scenario.seed,
        }  # fmt: skip
        self.platformsh = PlatformshStandIn(**shared)
        self._closing.callback(self.platformsh.close)
        self.host = self._git_host(shared["journal"], shared["faults"])
        self.other = OtherOrigin(
            self.authorities, (OTHER_HOST,), https_port=self.platformsh.https_port,
            http_port=self.platformsh.http_port,
        )  # fmt: skip
        self._closing.callback(self.other.close)
        self.cloudflare = CloudflareStandIn(**shared, resolve=self._origins)
        self._closing.callback(self.cloudflare.close)
        self._name_everything()
        self.cloudflare.zone.set("ssl", scenario.ssl)
        self.cloudflare.begin()
        self.slack = SlackStandIn(journal=self.journal, faults=self.faults, world=self.facts)
        self._closing.callback(self.slack.close)
        self.visitors = self._visitors()
        self.direct = DirectAccess(self.platformsh.addresses, self.platformsh.https_port, HOSTS)
        self.bot = BotProcess(self.environment(), self.directory / "bot.log")
        self._closing.callback(self.bot.stop)
        self.troubles = Troubles(
            self.platformsh, self.cloudflare, self.faults, self.bot,
            slow_seconds=scenario.timings.slow_seconds,
        )  # fmt: skip
        self._closing.callback(self.troubles.close)
        self.slack.page.trouble = self.troubles.press

    def _git_host(self, journal: Journal, faults: Faults) -> GithubStandIn | GitlabStandIn | None:
        """The host of the code where that is not Platform.sh, and Platform.sh's integration."""
        code, vendor = self.scenario.code, self.platformsh
        if code == "platformsh":
            return None
        vendor.project.repository_url = f"git@{code}.example:example/shop.git"
        if code == "elsewhere":
            source = {"id": "int1", "type": "bitbucket", "repository": "example/shop"}
            vendor.project.integrations = [source]
            return None
        make = GithubStandIn if code == "github" else GitlabStandIn
        host = make(
            vendor.repository, self.directory, journal=journal, faults=faults, moved=self._moved
        )
        self._closing.callback(host.close)
        vendor.project.integrations = [host.integration]
        return host

    def _moved(self, branch: str, _old: str, _new: str) -> None:
        """A branch has moved at the git host: the integration fetches it."""
        assert self.host is not None
        self.platformsh.mirrored(self.host.hosted.git.path, branch, self.scenario.code)

    def _origins(self, content: str) -> tuple[OriginAddress, ...]:
        ports = (self.platformsh.https_port, self.platformsh.http_port)
        found = self.names.get(content) or ()
        return tuple((address, *ports) for address in found)

    def _name_everything(self) -> None:
        edge_hostname = self.platformsh.edge_hostname
        self.names.set(edge_hostname, *self.platformsh.addresses)
        self.names.set(OTHER_ORIGIN, self.other.address)
        for environment in self.platformsh.project.environments.values():
            self.names.set(environment.edge_hostname, *self.platformsh.addresses)
        for host in HOSTS:
            self.cloudflare.zone.point(host, edge_hostname)
            self.names.set(host, *self.cloudflare.edge.addresses, IPV6_OF_THE_EDGE)
        self.cloudflare.zone.point(OTHER_HOST, OTHER_ORIGIN)
        self.names.set(OTHER_HOST, *self.cloudflare.edge.addresses, IPV6_OF_THE_EDGE)
        self.cloudflare.zone.point("mail.example.com", "192.0.2.25", proxied=False, kind="A")

    def _visitors(self) -> Visitors:
        edge = self.cloudflare.edge
        hosts: dict[str, tuple[str, ...]] = dict.fromkeys(HOSTS, PATHS)
        hosts[OTHER_HOST] = ("/",)
        return Visitors(
            addresses=edge.addresses, https_port=edge.https_port, hosts=hosts,
            roots_pem=self.authorities.public.certificate_pem, rate=self.scenario.visitors_rate,
        )  # fmt: skip

    def environment(self) -> dict[str, str]:
        """The bot's environment: its tokens, and every seam of this world."""
        edge, vendor, scenario = self.cloudflare.edge, self.platformsh, self.scenario
        files = self._files()
        return {
            "MTLS_SLACK_BOT_TOKEN": self.slack.bot_token,
            "MTLS_SLACK_APP_TOKEN": self.slack.app_token,
            "MTLS_SLACK_APPROVER_GROUPS": APPROVERS,
            "MTLS_CLOUDFLARE_TOKEN": self.cloudflare.token,
            "MTLS_PLATFORMSH_TOKEN": vendor.api_token,
            "MTLS_ACCESS_USER": "preview",
            "MTLS_ACCESS_PASSWORD": "only-in-the-sandbox",
            "MTLS_STORE_PATH": str(self.directory / "log.sqlite3"),
            "MTLS_RUN_SETTLE_SECONDS": str(scenario.settle_seconds),
            "MTLS_RUN_WAY_BACK_SECONDS": str(scenario.way_back_seconds),
            "MTLS_RUN_SESSIONS": str(scenario.sessions),
            "MTLS_WATCH_HOURS": str(scenario.watch_seconds / 3600),
            "MTLS_RUN_PICTURE": str(scenario.picture).lower(),
            "MTLS_RUN_GATE_PATH": "/verify" if scenario.gate else "",
            "MTLS_SEAM_SLACK_URL": self.slack.api_url,
            "MTLS_SEAM_SLACK_PAUSE_SECONDS": str(scenario.slack_pause_seconds),
            "MTLS_SEAM_CLOUDFLARE_URL": self.cloudflare.api_url,
            "MTLS_SEAM_PLATFORMSH_URL": vendor.api_url,
            "MTLS_SEAM_AUTH_URL": vendor.auth_url,
            "MTLS_SEAM_CERTIFIER_URL": vendor.certifier_url,
            "MTLS_SEAM_NAME_SERVERS": self.name_server.address,
            "MTLS_SEAM_EDGE_HTTPS_PORT": str(edge.https_port),
            "MTLS_SEAM_EDGE_HTTP_PORT": str(edge.http_port),
            "MTLS_SEAM_ORIGIN_HTTPS_PORT": str(vendor.https_port),
            "MTLS_SEAM_ORIGIN_HTTP_PORT": str(vendor.http_port),
            "MTLS_SEAM_PROBE_NETWORKS": "127.0.0.0/8",
            "MTLS_SEAM_LOOK_AGAIN_SECONDS": str(scenario.look_again_seconds),
            **{f"MTLS_SEAM_{name}": str(path) for name, path in files.items()},
            **self._host_settings(),
        }

    def _host_settings(self) -> dict[str, str]:
        if self.host is None:
            return {}
        name = self.scenario.code.upper()
        return {f"MTLS_{name}_TOKEN": self.host.token, f"MTLS_{name}_URL": self.host.url}

    def _files(self) -> Mapping[str, Path]:
        made = self.authorities
        texts = {
            "VISITOR_ROOTS": made.public.certificate_pem,
            "ORIGIN_CA_ROOTS": made.origin_ca_rsa.certificate_pem
            + made.origin_ca_ecc.certificate_pem,
            "CLIENT_CA": made.client_ca.certificate_pem,
            "GIT_HOST_KEYS": f"{self.platformsh.git_known_host}\n",
        }
        paths = {}
        for name, text in texts.items():
            paths[name] = self.directory / f"{name.lower()}.txt"
            paths[name].write_text(text)
        return paths

    def facts(self) -> dict[str, Any]:
        """What the page shows beside the channel: measured here, not by the bot."""
        zone, summary = self.cloudflare.zone, self.visitors.summary()
        return {
            "visitors": {
                "sent": summary.sent, "failed": summary.failed, "from_cache": summary.from_cache,
                "retried": self.cloudflare.retries,
            },
            "direct": {"access": self.direct.last, "asked": self.direct.asked},
            "zone": {name: zone.setting(name) for name in
                     ("ssl", "ssl_automatic_mode", "tls_client_auth", "development_mode")},
            "origin": self._origin(),
            "bot": {"state": "running" if self.bot.running else "down", "starts": self.bot.starts},
            "troubles": self.troubles.listed(),
        }  # fmt: skip

    def _origin(self) -> dict[str, str]:
        project, vendor = self.platformsh.project, self.platformsh
        custom = [c for c in project.certificates.values() if not c.is_provisioned]
        shown = vendor.router.policy.shown or (custom or list(project.certificates.values()))[-1]
        issuer = "Cloudflare Origin CA" if custom else "a public authority"
        commit = vendor.head()
        return {
            "commit": commit[:10], "subject": vendor.subject(commit),
            "certificate": "expired" if vendor.certificate_expired else f"by {issuer}",
            "ends": shown.parsed.not_valid_after_utc.date().isoformat(),
        }  # fmt: skip

    def writes(self) -> dict[str, int]:
        """How many write requests each vendor has had; a push is a write to git."""
        return {
            "cloudflare": len(self.journal.writes("cloudflare")),
            "platformsh": len(self.journal.writes("platformsh")),
            "git": len(self.journal.writes("git")),
            **(
                {self.scenario.code: len(self.journal.writes(self.scenario.code))}
                if self.host
                else {}
            ),
        }

    def close(self) -> None:
        self.visitors.stop()
        self._closing.close()
