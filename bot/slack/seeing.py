"""What one person may see of the log: their own decisions, and what is said in their channels."""

from dataclasses import dataclass

from bot.engine.engine import Engine
from bot.engine.policy import ALL_POLICIES
from bot.engine.sites import SiteEntry
from bot.engine.state import RunState
from bot.slack.access import Act, Person, allow
from bot.slack.channels import Channels
from bot.slack.home import Seen
from bot.slack.people import People
from steps.errors import Rejected

_MOST_RUNS, _MOST_SITES = 100, 60


@dataclass(frozen=True)
class Eyes:
    """Reads the log, and asks Slack about the person and their channels; nothing of a vendor."""

    engine: Engine
    people: People
    channels: Channels

    def seen(self, user: str, team: str) -> Seen:
        """What this person's home tab shows now."""
        store, policy = self.engine.store, self.engine.rules.policy
        who = self.people.person(user, team, policy)
        if not who.known:
            return Seen(known=False)
        opened = [self.engine.view(e.run) for e in store.runs(open_only=True)[:_MOST_RUNS]]
        policies = [self.engine.view(stream) for stream in store.streams(ALL_POLICIES)]
        runs, hidden = self._visible(who, opened)
        asked, hidden_too = self._visible(who, [s for s in policies if _waits(s)])
        sites, hidden_sites = self._sites(who)
        both = [(s, self._as_seen_by(who, team, s)) for s in (*runs, *asked)]
        return Seen(
            waiting=tuple(s for s, one in both if _waits(s) and self._may_approve(one, s)),
            stuck=tuple(s for s, one in both if s.status == "needs-help"
                        and self._may("retry", one, s)),
            runs=tuple(runs), sites=tuple(sites), unasked=hidden + hidden_too + hidden_sites,
            may_start=self._may("start", who, RunState()), nothing_yet=not store.newest(1),
        )  # fmt: skip

    def _visible(self, who: Person, states: list[RunState]) -> tuple[list[RunState], int]:
        """Those in channels that the person sees, and of how many that could not be asked."""
        answers = [(state, self.channels.sees(who, state.channel)) for state in states]
        unknown = sum(answer == "unknown" for _, answer in answers)
        return [state for state, answer in answers if answer == "yes"], unknown

    def _sites(self, who: Person) -> tuple[list[SiteEntry], int]:
        """Protected sites whose newest run is in a channel that the person sees."""
        found = self.engine.store.sites(_MOST_SITES)
        asked = [(site, self.channels.sees(who, self._channel(site.run))) for site in found]
        unknown = sum(answer == "unknown" for _, answer in asked)
        return [site for site, answer in asked if answer == "yes"], unknown

    def _channel(self, run: str) -> str:
        return str(getattr(self.engine.store.read(run)[0], "channel", ""))

    def _as_seen_by(self, who: Person, team: str, state: RunState) -> Person:
        """Asked anew where the site's own policy names other groups."""
        policy = state.policy or self.engine.rules.policy
        if policy.groups == self.engine.rules.policy.groups:
            return who
        return self.people.person(who.user, team, policy)

    def _may_approve(self, who: Person, state: RunState) -> bool:
        task = state.current
        given = {one.by for one in task.approvals} if task else set()
        step = task.key if task else ""
        return who.user not in given and self._may("approve", who, state, step)

    def _may(self, act: Act, who: Person, state: RunState, step: str = "") -> bool:
        policy = state.policy or self.engine.rules.policy
        try:
            allow(act, who, state, policy, step=step, now=self.engine.clock())
        except Rejected:
            return False
        return True


def _waits(state: RunState) -> bool:
    return state.current is not None and state.current.status == "shown" and not state.outcome
