"""Every error of ours, in one tree; a leaf that everybody may import.

::

    RolloutError                      .code  .for_people  .hint
    ├─ SettingsError                  start-up only; lists every problem at once
    ├─ Rejected                       a command that we will not carry out
    │   ├─ NotAllowed  AlreadyDecided  Expired  PlanHasChanged  SiteBusy  NothingToUndo
    │   └─ UnknownSite  UnknownRun
    ├─ StepError                      a step that cannot go on
    │   ├─ PreconditionFailed  VerificationFailed  GaveUpWaiting  Irreversible  WayBackTaken
    │   └─ PlanVoid: RequestClosed  NotAsApproved
    ├─ EditError                      a routes file that we will not edit: file, line, column
    ├─ ClientError                    outside: .service .doing .status .vendor_code .request_id
    │   ├─ Unreachable  RateLimited  Denied  NotFound  AlreadyExists  UnexpectedReply
    │   └─ PushRefused  HostKeyUnknown
    └─ StoreError
        └─ Conflict  StoreLocked

*Not found* and *could not ask* are different types everywhere (law 7). Plain classes, not frozen
dataclasses: a traceback is assigned to an exception that passes through a context manager.
No message may hold a private key, a token or a password.
"""

from typing import ClassVar


class RolloutError(Exception):
    """What every error of ours has: a stable code, a sentence for people, and what to do."""

    code: ClassVar[str] = "error"

    def __init__(self, for_people: str, *, hint: str = "") -> None:
        super().__init__(for_people)
        self.for_people = for_people
        self.hint = hint


class SettingsError(RolloutError):
    """The environment cannot be used; `problems` holds one sentence for each setting."""

    code = "settings"

    def __init__(self, problems: tuple[str, ...]) -> None:
        super().__init__(
            "\n".join(problems), hint="Correct every setting named here, then start again."
        )
        self.problems = problems


class Rejected(RolloutError):
    """A command that is understood and not carried out. Nothing was changed."""

    code = "rejected"


class NotAllowed(Rejected):
    code = "not-allowed"


class AlreadyDecided(Rejected):
    code = "already-decided"


class Expired(Rejected):
    """The card's time has run out; silence was no."""

    code = "expired"


class PlanHasChanged(Rejected):
    code = "plan-has-changed"


class SiteBusy(Rejected):
    code = "site-busy"


class NothingToUndo(Rejected):
    code = "nothing-to-undo"


class UnknownSite(Rejected):
    code = "unknown-site"


class UnknownRun(Rejected):
    code = "unknown-run"


class StepError(RolloutError):
    """A step that cannot go on; the run shows it and offers what is sensible."""

    code = "step"


class PreconditionFailed(StepError):
    """Something outside must be put right first. Nothing was written."""

    code = "precondition"


class PlanVoid(StepError):
    """What was approved is not what there is any more; a retry plans anew and asks again."""

    code = "plan-void"


class VerificationFailed(StepError):
    """The work was done, and its proof did not come."""

    code = "verification"


class GaveUpWaiting(StepError):
    """What was awaited did not come in time; it may still come."""

    code = "gave-up-waiting"


class Irreversible(StepError):
    """There is no way back from this, and the card said so."""

    code = "irreversible"


class WayBackTaken(StepError):
    """Visitors were refused, so the step went back by itself as its plan said."""

    code = "way-back-taken"


class RequestClosed(PlanVoid):
    """A pull or merge request ended without being merged; the branch is as it was."""

    code = "request-closed"


class NotAsApproved(PlanVoid):
    """What was brought in is not what was approved."""

    code = "not-as-approved"


class EditError(RolloutError):
    """A routes file that is not edited. `line` and `column` count from 1; 0 is the whole file."""

    code = "routes-file"

    def __init__(self, for_people: str, *, hint: str = "", line: int = 0, column: int = 0) -> None:
        super().__init__(for_people, hint=hint)
        self.line = line
        self.column = column


class ClientError(RolloutError):
    """A request to an outside system that did not give what was asked for.

    `retryable` says whether the same *read* may be sent again; a write is never repeated blindly.
    """

    code = "client"

    def __init__(
        self,
        for_people: str,
        *,
        service: str,
        doing: str,
        hint: str = "",
        status: int | None = None,
        vendor_code: str = "",
        request_id: str = "",
        retryable: bool = False,
    ) -> None:
        super().__init__(for_people, hint=hint)
        self.service = service
        self.doing = doing
        self.status = status
        self.vendor_code = vendor_code
        self.request_id = request_id
        self.retryable = retryable


class Unreachable(ClientError):
    """No answer, or half of one. Whether a write took effect is unknown."""

    code = "unreachable"


class RateLimited(ClientError):
    """Asked to wait; `retry_after` in seconds, None when the vendor did not say."""

    code = "rate-limited"
    retry_after: float | None = None


class Denied(ClientError):
    code = "denied"


class NotFound(ClientError):
    code = "not-found"


class AlreadyExists(ClientError):
    code = "already-exists"


class UnexpectedReply(ClientError):
    code = "unexpected-reply"


class PushRefused(ClientError):
    """The server did not take the commit; the branch is as it was."""

    code = "push-refused"


class HostKeyUnknown(ClientError):
    code = "host-key-unknown"


class StoreError(RolloutError):
    code = "store"


class Conflict(StoreError):
    """Somebody else appended first. Read again, decide again."""

    code = "conflict"


class StoreLocked(StoreError):
    """Another bot works on the same store."""

    code = "store-locked"
