"""One target asked in fresh sessions and against its controls, to one record."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cached_property
from threading import Lock

from steps.origin.attempt import Judged, as_attempt, judge_plain, judge_tls, refused
from steps.origin.client import EVERY_HTTP, FOREIGN
from steps.origin.evidence import Attempt, Bounds, ClientIdentity, Expect
from steps.origin.peer import own_names
from steps.origin.trace import Trace
from steps.origin.wire import Exchange

# One end without a word may be chance: a node that goes down, a connection that is lost.
_ENDS_THAT_AGREE = 2


@dataclass(frozen=True, slots=True)
class Target:
    """One host at one address and port."""

    host: str
    address: str
    port: int
    tls: bool


@dataclass
class Shared:
    """What all targets of one probe share; the visitors' control is asked once, when needed."""

    bounds: Bounds
    expect: Expect
    clock: Callable[[], float] = time.monotonic
    dead: set[tuple[str, int]] = field(default_factory=set)
    """Addresses and ports that took no connection in time: they cost that time once, not a host."""
    _lock: Lock = field(default_factory=Lock)
    _answer: bool | None = None

    def visitors_are_served(self) -> bool:
        """Whether the site answers through Cloudflare at this moment."""
        with self._lock:
            if self._answer is None:
                control = self.expect.control
                self._answer = control() if callable(control) else bool(control)
        return self._answer


class Asking:
    """Everything there is to find out about one target, within one bound for all of it."""

    def __init__(self, target: Target, shared: Shared) -> None:
        self._target = target
        self._shared = shared
        self._bounds = shared.bounds
        self._expect = shared.expect
        self._began = shared.clock()
        # One bound for all its sessions and controls together, whatever the server does.
        self._deadline = self._began + self._bounds.in_all

    def attempt(self) -> Attempt:
        """Ask, judge, and hold it against the controls."""
        target = self._target
        if (target.address, target.port) in self._shared.dead:
            trace = Trace(no_connection="connect-timeout")
            return self.record(judge_tls(trace), trace)
        judged, trace, sessions = self._sessions()
        if trace.no_connection == "connect-timeout":
            self._shared.dead.add((target.address, target.port))
        if target.tls:
            for control in (self._against_others, self._against_own, self._against_foreign):
                judged = control(judged, trace)
            judged = self._installed(judged, trace)
        return replace(self.record(judged, trace), sessions=sessions)

    def record(self, judged: Judged, trace: Trace) -> Attempt:
        """What is told of this target, with the time that it took so far."""
        target = self._target
        return as_attempt(
            judged, trace, host=target.host, address=target.address, port=target.port,
            milliseconds=round((self._shared.clock() - self._began) * 1000),
        )  # fmt: skip

    def _sessions(self) -> tuple[Judged, Trace, int]:
        """Fresh sessions, one after the other, until one is not closed or enough agree."""
        done, ended = 0, None
        while True:
            done += 1
            judged, trace = self._once(None) if self._target.tls else self._plainly()
            if judged.verdict != "closed" and not judged.needs_control:
                return judged, trace, done
            if judged.needs_control:
                ended = judged, trace
            if done >= max(self._bounds.sessions, _ENDS_THAT_AGREE if ended else 1):
                break
        # The weakest of them counts: an alert of one node says nothing about an end of another.
        judged, trace = ended or (judged, trace)
        return self._controlled(judged), trace, done

    def _plainly(self) -> tuple[Judged, Trace]:
        trace = self._exchange().plain(self._target.address, self._target.port, self._target.host)
        return judge_plain(trace), trace

    def _once(self, identity: ClientIdentity | None) -> tuple[Judged, Trace]:
        trace = self._session(identity)
        return judge_tls(trace), trace

    def _controlled(self, judged: Judged) -> Judged:
        if judged.needs_control and (agreed := self._control()):
            return Judged("closed", "refused-by-eof", f"{judged.evidence} {agreed}")
        return judged

    def _session(self, identity: ClientIdentity | None) -> Trace:
        trace = self._tls(identity, EVERY_HTTP)
        if trace.http2 is None or not trace.http2.error or trace.http2.answer is not None:
            return trace
        # A server may refuse HTTP/2 alone: Apache does where it asks only for some paths.
        older = self._tls(identity, EVERY_HTTP[1:])
        return trace if judge_tls(older).reason in ("not-http", "handshake-failed") else older

    def _tls(self, identity: ClientIdentity | None, protocols: tuple[bytes, ...]) -> Trace:
        target = self._target
        return self._exchange().tls(
            target.address, target.port, target.host, identity=identity, protocols=protocols
        )

    def _exchange(self) -> Exchange:
        return Exchange(self._bounds, clock=self._shared.clock, deadline=self._deadline)

    def _control(self) -> str:
        """Why an end without a word is a refusal here; nothing if no control says so."""
        if self._expect.identity is not None:
            return "It answers who has the right certificate." if self._own_is_accepted else ""
        waited_from = self._shared.clock()
        served = self._shared.visitors_are_served()
        # A look at the site is bounded by itself; it is not the origin that took that time.
        self._deadline += self._shared.clock() - waited_from
        return "The site answers through Cloudflare at the same time." if served else ""

    @cached_property
    def _own_is_accepted(self) -> bool:
        """Whether this address answers who presents the certificate that it should accept."""
        trace = self._session(self._expect.identity)
        return trace.presented and judge_tls(trace).reason == "answered"

    def _against_own(self, judged: Judged, trace: Trace) -> Judged:
        """An origin that refuses everybody proves nothing about its refusal."""
        unproven = judged.verdict == "closed" or judged.needs_control
        if not unproven or self._expect.identity is None:
            return judged
        if not self._own_is_accepted:
            words = f"{judged.evidence} But it does not answer the right certificate either."
            if judged.needs_control:
                return replace(judged, evidence=words)
            return Judged("inconclusive", "own-certificate-refused", words)
        if judged.reason == "refused-by-eof":
            return judged
        words = f"{judged.evidence} It answers who has the right certificate."
        return replace(judged, evidence=words)

    def _against_foreign(self, judged: Judged, trace: Trace) -> Judged:
        """An origin that only asks lets anybody's certificate in."""
        if judged.verdict != "closed" and not judged.needs_control:
            return judged
        foreign, seen = self._foreign()
        if foreign.verdict == "open":
            words = "It asks for a client certificate and lets in a foreign, self-signed one."
            return Judged("open", "only-asks", words)
        if judged.verdict != "closed":
            return judged
        if seen.requested and not seen.presented:
            return _unclear_foreign(judged, "It takes no kind of key that could be tried.")
        # That it is alive and refuses was seen a moment ago; the foreign one only must not get in.
        # Node.js checks in the application and has no alert for whom it turns down.
        if refused(seen, foreign) or (seen.presented and foreign.needs_control):
            words = f"{judged.evidence} It refuses a foreign certificate too."
            return replace(judged, evidence=words)
        return _unclear_foreign(judged, foreign.evidence)

    def _foreign(self) -> tuple[Judged, Trace]:
        """What it does with a foreign certificate that was really shown, and not by chance."""
        kinds = iter(FOREIGN)
        identity = next(kinds)()
        foreign, seen = self._once(identity)
        while seen.requested and not seen.presented and (kind := next(kinds, None)):
            identity = kind()
            foreign, seen = self._once(identity)
        return self._once(identity) if foreign.needs_control else (foreign, seen)

    def _against_others(self, judged: Judged, trace: Trace) -> Judged:
        """Naming nobody says nothing; naming others than ours is a way in."""
        known = judged.verdict == "closed" or judged.needs_control
        if not known or not self._expect.our_ca or not trace.authorities:
            return judged
        ours = own_names(self._expect.our_ca)
        others = [name for name, der in trace.authorities if der not in ours]
        if not others:
            return replace(judged, evidence=f"{judged.evidence} It names our authority only.")
        more = f" and {len(others) - 1} more" if others[1:] else ""
        words = f"It accepts certificates of {others[0]}{more}, which is not our authority."
        return Judged("open", "other-authorities", words)

    def _installed(self, judged: Judged, trace: Trace) -> Judged:
        if not self._expect.our_key or trace.certificate is None:
            return judged
        same = trace.certificate.key_digest == self._expect.our_key
        which = "the certificate that was installed" if same else "another one than was installed"
        return replace(judged, evidence=f"{judged.evidence} Its own certificate is {which}.")


def _unclear_foreign(judged: Judged, why: str) -> Judged:
    words = f"{judged.evidence} What it does with a foreign one is not clear: {why}"
    return Judged("inconclusive", "foreign-certificate-unclear", words)
