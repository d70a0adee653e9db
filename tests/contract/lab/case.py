"""One case of the laboratory: how a server is set up, and what is right to say of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, TypeAlias

from steps.origin.evidence import Bounds
from steps.origin.reasons import ClosedReason, Reason, Verdict
from tests.contract.origins import Asks, Behaviour

Tls: TypeAlias = Literal["1.1", "1.2", "1.3", "both"]
Http: TypeAlias = Literal["h1", "h2"]
Control: TypeAlias = Literal["", "a certificate it accepts", "answers elsewhere"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What a server is started with; cases of the same setting share a port."""

    asks: Asks
    tls: Tls
    words: str
    """The part of the configuration that matters, in the server's own language."""
    http: Http = "h1"
    """`h2`: the server speaks nothing else."""

    @property
    def versions(self) -> tuple[str, str]:
        """The oldest and the newest version allowed: ``1.2``, ``1.3``."""
        return ("1.2", "1.3") if self.tls == "both" else (self.tls, self.tls)


@dataclass(frozen=True, slots=True)
class Case:
    """A setting, what the probe is told beforehand, and what is right to say."""

    setting: Setting
    verdict: Verdict
    reason: Reason
    control: Control = ""
    our_ca: bool = False
    """The probe is told which authority is ours (`--ca`)."""
    sometimes: ClosedReason | None = None
    """What the server does by chance instead, seen on the wire; then that is right to say."""
    works: bool = True
    """With the right certificate it answers: so it refuses for no other reason."""

    @property
    def label(self) -> str:
        """Unique within a kind; stands in the table."""
        told = [f"control: {self.control}"] if self.control else []
        told += ["our CA told"] if self.our_ca else []
        http = ["h2 only"] if self.setting.http == "h2" else []
        version = "TLS 1.2 and 1.3" if self.setting.tls == "both" else f"TLS {self.setting.tls}"
        return " · ".join([self.setting.words or "(nothing)", version, *http, *told])


@dataclass(frozen=True, slots=True)
class Place:
    """Where the servers of one kind are started: a folder of their own, and a port a setting."""

    folder: Path
    files: Mapping[str, Path]
    """Keys and certificates; see `material`."""
    ports: Mapping[Setting, int]
    backend: int
    """A plain HTTP server that always answers 200, for what is only a proxy."""

    def write(self, name: str, text: str) -> str:
        """A file in the folder; its path."""
        path = self.folder / name
        path.write_text(text)
        return str(path)


@dataclass(frozen=True, slots=True)
class Command:
    """One process that stays in the foreground."""

    words: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Kind:
    """One program with all its cases."""

    name: str
    needs: tuple[str, ...]
    """Programs on the PATH and files; `tests/needs.sh` knows their packages."""
    cases: tuple[Case, ...]
    commands: Callable[[Place], tuple[Command, ...]]
    behaviour: Callable[[Setting], Behaviour] | None = None
    """For servers that live in this process and need no command."""
    bounds: Bounds = field(default_factory=Bounds)

    @property
    def settings(self) -> tuple[Setting, ...]:
        return tuple(dict.fromkeys(case.setting for case in self.cases))


def closed(setting: Setting, reason: Reason = "refused-by-alert", *, works: bool = True) -> Case:
    """A refusal that proves itself."""
    return Case(setting, "closed", reason, works=works)


def lets_in(setting: Setting, reason: Reason = "answered", *, works: bool = True) -> Case:
    """An origin that somebody without our certificate gets an answer from."""
    return Case(setting, "open", reason, works=works)


def only_ends(setting: Setting, sometimes: ClosedReason | None = None) -> tuple[Case, Case, Case]:
    """An end without a word: unclear by itself, a refusal with either control."""
    return (
        Case(setting, "inconclusive", "eof-after-request", sometimes=sometimes),
        Case(setting, "closed", "refused-by-eof", "a certificate it accepts", sometimes=sometimes),
        Case(setting, "closed", "refused-by-eof", "answers elsewhere", sometimes=sometimes),
    )
