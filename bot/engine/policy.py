"""Who may approve, how many are needed, and for how long a card waits. Values; access decides."""

from dataclasses import dataclass
from typing import Annotated, Literal, TypeAlias

from pydantic import PlainSerializer

from steps.step import Risk, Site

FourEyes: TypeAlias = Literal["never", "none", "brief", "outage-if-wrong"]
"""From which risk on whoever started or asked for a change does not count for it."""
RISKS: tuple[Risk, ...] = ("none", "brief", "outage-if-wrong")
ALWAYS_ONE_APPROVER = frozenset({"undo-client-authentication"})
"""Getting back must be quick: one approver is enough here, whoever started the run included."""
POLICY_STEP = "policy"
"""The one task of a policy's stream."""
_STREAMS = "policy:"

People: TypeAlias = Annotated[frozenset[str], PlainSerializer(sorted, return_type=list[str])]


@dataclass(frozen=True, slots=True)
class Policy:
    """Who may approve: from the settings, or a site's own from the log."""

    approvers: People = frozenset()
    groups: tuple[str, ...] = ()
    needed: tuple[int, int, int] = (1, 1, 1)
    """How many different people must say yes, by the plan's risk, lowest first."""
    four_eyes: FourEyes = "outage-if-wrong"

    def number(self, step: str, risk: Risk) -> int:
        """How many must say yes to a plan of this step."""
        return 1 if step in ALWAYS_ONE_APPROVER else self.needed[RISKS.index(risk)]

    def own_counts(self, step: str, risk: Risk) -> bool:
        """Whether the yes of whoever asked for the change counts for it."""
        if step in ALWAYS_ONE_APPROVER or self.four_eyes == "never":
            return True
        return RISKS.index(risk) < RISKS.index(self.four_eyes)


def policy_stream(site: Site) -> str:
    """Where a site's own policy is kept."""
    return policy_of_place(site.project, site.environment)


def policy_of_place(project: str, environment: str) -> str:
    """The same, by what a policy belongs to."""
    return f"{_STREAMS}{project}/{environment}"


def is_policy_stream(stream: str) -> bool:
    return stream.startswith(_STREAMS)


ALL_POLICIES = _STREAMS
"""The beginning of every stream that holds a policy."""
