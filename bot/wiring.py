"""The composition root: makes clients, steps, store and bot from the settings. No logic."""

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import structlog

from bot.engine.approvals import Rules
from bot.engine.aside import Aside, Lasting
from bot.engine.driver import Driver
from bot.engine.engine import Engine, visitors_stream
from bot.engine.forecast import forecast
from bot.engine.itinerary import Itinerary, Laws
from bot.engine.policy import POLICY_STEP, Policy
from bot.engine.preview import preview
from bot.engine.sampling import Sample, Sampler
from bot.engine.site_watch import Looked, SiteWatch
from bot.engine.state import RunState
from bot.engine.work import Patience, Worker
from bot.setting_kinds import day_hours
from bot.settings import Settings
from bot.slack.app_factory import connection, slack_app, web_client
from bot.slack.blocks import Card
from bot.slack.cards import run_messages
from bot.slack.desk import Desk, Outside
from bot.slack.handouts import picture
from bot.slack.outbox import Outbox
from bot.slack.people import People
from bot.slack.words import Frame
from bot.store.auditing import audit
from bot.store.sqlite import SqliteStore
from bot.watch import Hours, Reminding, Watch
from steps import laws, rollout, way_back
from steps.certificates import parse_certificate
from steps.client_authentication import WayBack
from steps.clients.api_token import ApiToken
from steps.clients.cloudflare import cloudflare
from steps.clients.git_objects import Author
from steps.clients.github import github
from steps.clients.gitlab import gitlab
from steps.clients.platformsh import certifier, platformsh
from steps.clients.repository import Repository
from steps.deployments import Rhythm
from steps.directory import Directory
from steps.following import Following
from steps.origin.evidence import Bounds
from steps.origin.look import Way
from steps.origin.resolve import Resolver
from steps.origin.vantage import Vantage
from steps.pinned import client_ca, git_host_keys, origin_ca_roots
from steps.reading import Reading
from steps.registry import Options, Steps, all_steps
from steps.step import Past, Plan, Site, Verdict
from steps.ways import Reach, Ways
from steps.zone_settings import baselines

log = structlog.get_logger()


LASTING = {"development-mode": Lasting(timedelta(hours=3), until="development-mode-off")}
"""What ends by itself: Cloudflare's development mode after three hours (its documentation)."""
FORESEEABLE = frozenset({"ssl-full", "origin-pulls", "development-mode-off"})
"""The steps that can be without risk; the others are not looked at before their turn."""


def clock() -> datetime:
    """Now, with its zone."""
    return datetime.now(UTC)


@dataclass(frozen=True)
class Parts:
    """What the steps are made of, wired once."""

    reading: Reading
    directory: Directory
    vantage: Vantage
    steps: Steps


def parts(settings: Settings) -> Parts:
    """Clients, vantage and steps from the settings."""
    seam = settings.seam
    auth = ApiToken(settings.platformsh.token, seam.auth_url)
    vendor = platformsh(auth, base=seam.platformsh_url)
    zone = cloudflare(settings.cloudflare.token, base=seam.cloudflare_url)
    public = _text(seam.visitor_roots) or Path(certifi.where()).read_text()
    roots = f"{public}\n{_text(seam.origin_ca_roots) or origin_ca_roots()}"
    vantage = _vantage(settings, roots)
    author = Author(settings.git.author_name, settings.git.author_email)
    repository = Repository(
        vendor, certifier(auth, base=seam.certifier_url).certify,
        _text(seam.git_host_keys) or git_host_keys(), author,
    )  # fmt: skip
    again = timedelta(seconds=seam.look_again_seconds)
    following = Following(vendor, Rhythm(look_again=again))
    ways = Ways(vendor, repository, author, following, _reach(settings))
    reading = Reading(zone, vendor, repository, ways, vantage, clock)
    options = _options(settings, public)
    steps = all_steps(reading, options, clock)
    return Parts(reading, Directory(zone, vendor), vantage, steps)


def _reach(settings: Settings) -> dict[str, Reach]:
    """The git hosts that a token is set for."""
    found = {}
    for name, group, client in (("github", settings.github, github),
                                ("gitlab", settings.gitlab, gitlab)):  # fmt: skip
        if group.token.get_secret_value():
            found[name] = Reach(client(group.token, base=group.url), group.url)
    return found


def _options(settings: Settings, public: str) -> Options:
    run, again = settings.run, timedelta(seconds=settings.seam.look_again_seconds)
    return Options(
        client_ca=_text(settings.seam.client_ca) or client_ca(), public_roots=public,
        settle=timedelta(seconds=run.settle_seconds), rhythm=Rhythm(look_again=again),
        gate_path=run.gate_path,
        way_back=WayBack(
            run.way_back_looks, timedelta(seconds=run.way_back_seconds),
            min(again, timedelta(seconds=2)),
        ),
        access_user=settings.access.user, access_password=settings.access.password,
    )  # fmt: skip


def _vantage(settings: Settings, roots: str) -> Vantage:
    seam = settings.seam
    resolver = Resolver(seam.name_servers)
    name, colon, value = settings.run.look_header.partition(":")
    way = Way(
        resolve=resolver.addresses, fresh=lambda: secrets.token_hex(8),
        https_port=seam.edge_https_port, http_port=seam.edge_http_port,
        roots=_text(seam.visitor_roots), header=(name.strip(), value.strip()) if colon else None,
    )  # fmt: skip
    return Vantage(
        resolver, way, seam.origin_https_port, seam.origin_http_port, Bounds(),
        seam.probe_networks, roots, settings.run.sessions,
    )  # fmt: skip


def _text(path: Path | None) -> str | None:
    return path.read_text() if path is not None else None


def itinerary() -> Itinerary:
    """The step keys of both orders and of the way back."""
    bonds = Laws(
        laws.NEEDS, laws.OPTIONAL, laws.GUARDS, laws.KEPT, laws.BACK_OF, laws.FOR_GOOD,
        laws.FOLLOWS, laws.ENDED_BY, laws.REFUSED_UNTIL,
    )  # fmt: skip
    return Itinerary(rollout("no-downtime"), rollout("published"), way_back(), bonds)


@dataclass
class Bot:
    """The running bot: everything that `serve` starts and stops."""

    settings: Settings

    def __post_init__(self) -> None:
        settings = self.settings
        self.parts = parts(settings)
        self.store = SqliteStore(settings.store.path)
        slack, approval = settings.slack, settings.approval
        self.policy = Policy(
            frozenset(slack.approvers), slack.approver_groups, approval.needed, approval.four_eyes
        )
        answer = timedelta(hours=approval.deadline_hours)
        longest = timedelta(minutes=approval.step_minutes)
        rules = Rules(self.policy, answer, approval.site_policies, longest)
        self.engine = Engine(
            self.store, clock, itinerary(), new_id=lambda: f"R{secrets.token_hex(4)}",
            seams=settings.seams_moved(), rules=rules,
        )  # fmt: skip
        again = timedelta(seconds=settings.seam.look_again_seconds)
        worker = Worker(self.parts.steps, Patience(look_again=again, answer=answer))
        aside = Aside(self.parts.steps, longest, LASTING, FORESEEABLE)
        every = timedelta(hours=approval.remind_hours)
        watch = Watch(self.engine, Reminding(every, Hours(*day_hours(approval.hours))))
        self.driver = Driver(self.engine, worker, aside, watch)
        self.sampler = Sampler(self.engine, self._sample, every=timedelta(seconds=1))
        authority = parse_certificate(_text(settings.seam.client_ca) or client_ca())
        self.site_watch = SiteWatch(
            self.engine, self._look_again, every=timedelta(hours=settings.watch.hours),
            ca_ends=authority.not_after.date().isoformat(),
        )  # fmt: skip
        self.client = web_client(slack.bot_token.get_secret_value(), settings.seam.slack_url)
        self.outbox = Outbox(
            self.engine, self.client, self._messages,
            new_op=lambda: secrets.token_hex(8), pause=settings.seam.slack_pause_seconds,
        )  # fmt: skip
        self.engine.changed.append(self.outbox.nudge)

    def _messages(self, state: RunState) -> dict[str, Card]:
        frame = self._frame()
        made = run_messages(frame, state)
        if state.outcome and self.settings.run.picture:
            made |= picture(frame.titles, state, self.engine.store.read(visitors_stream(state.run)))
        return made

    def _frame(self) -> Frame:
        titles = {key: step.title for key, step in self.parts.steps.items()}
        titles[POLICY_STEP] = "Who may approve"
        looks_every = timedelta(hours=self.settings.watch.hours)
        return Frame(titles, self.policy, clock(), self.engine.itinerary.laws, looks_every)

    def _sample(self, state: RunState) -> Sample | None:
        looks = baselines(state.past)
        if state.site is None or not looks:
            return None
        host = state.site.name if state.site.name in looks else next(iter(looks))
        judged = self.parts.vantage.glance(host, looks[host])
        unclear = judged.state == "inconclusive"
        return Sample(judged.state == "fine", f"{host}: {judged.words}", unclear)

    def _look_again(self, site: Site, hosts: tuple[str, ...], keys: tuple[str, ...]) -> Looked:
        """The probe, the visitors' way, and what these steps would do now; raises ClientError."""
        steps = self.parts.steps
        refused = self.parts.vantage.refused(hosts)
        return Looked(_probed(steps, site), refused, forecast(site, steps, keys))

    def desk(self) -> Desk:
        """The desk with everything that it may ask for."""
        steps = self.parts.steps
        outside = Outside(
            self.parts.directory,
            forecast=lambda site: forecast(site, steps, rollout(site.order)),
            probe=lambda site: _probed(steps, site),
            preview=lambda site: preview(site, steps["preflight"]),
            audit=lambda run: audit(self.store, run),
        )
        people = People(self.client, clock)
        pool = ThreadPoolExecutor(8, thread_name_prefix="desk")
        desk = Desk(self.engine, self.client, people, outside, self._frame, clock, pool)
        desk.returned.append(self.outbox.returned)
        return desk

    def serve(self, until: threading.Event) -> None:
        """Run until told to end. Raises StoreLocked when another bot has the store."""
        with self.store.exclusive():
            desk = self.desk()
            app = slack_app(self.client, desk)
            token = self.settings.slack.app_token.get_secret_value()
            handler = connection(app, self.client, token)
            for part in (self.driver, self.outbox, self.sampler, self.site_watch):
                part.start()
            handler.connect()  # type: ignore[no-untyped-call]
            log.info("ready", seams=self.settings.seams_moved())
            until.wait()
            handler.close()  # type: ignore[no-untyped-call]
            desk.homes.stop()
            desk.pool.shutdown()  # what was acknowledged is carried out before the end
            for stopping in (self.site_watch, self.sampler, self.driver, self.outbox):
                stopping.stop()
        self.store.close()


def _probed(steps: Steps, site: Site) -> Verdict:
    step = steps["origin-probe"]
    plan = Plan(step=step.key, site=site, changes=())
    return step.verify(plan, Past(), now=clock())
