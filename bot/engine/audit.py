"""The audit of a run: who did what, when, to which plan, from what to what, and what proved it.

Pure, and made of what the store holds rather than of events: a history that somebody has edited
must still be readable.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bot.engine.recorded import Line

Body = Mapping[str, Any]
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Audit:
    """The run's streams as they are stored, the decisions first, and what the check found."""

    run: str
    lines: tuple[Line, ...]
    beside: tuple[Line, ...] = ()
    """What visitors saw, and the messages: chains of their own."""
    findings: tuple[str, ...] = ()
    """Where a chain does not hold, a sentence each; empty when every event is as it was written."""

    @property
    def head(self) -> str:
        """The digest that stands for all of the run's decisions."""
        return self.lines[-1].digest if self.lines else ""


def as_json_lines(audit: Audit) -> str:
    """One JSON object a line: every field of every event, with its digest."""
    return "".join(f"{_as_json(line)}\n" for line in (*audit.lines, *audit.beside))


def _as_json(line: Line) -> str:
    told = {
        "stream": line.stream, "seq": line.seq, "at": line.at, "by": line.by, "type": line.type,
        "body": _body(line), "digest": line.digest,
    }  # fmt: skip
    return json.dumps(told, ensure_ascii=False, sort_keys=False)


def as_markdown(audit: Audit) -> str:
    """The audit for people: a section an event, and the check at the end."""
    opened = _body(audit.lines[0]) if audit.lines else {}
    site = _fields(opened.get("site"))
    parts = [
        f"# Run {audit.run}: {_plain(site.get('name', 'unknown site'))}",
        "",
        f"Zone {_plain(site.get('zone', '?'))}, project {_plain(site.get('project', '?'))},"
        f" environment {_plain(site.get('environment', '?'))},"
        f" order {_plain(site.get('order', '?'))}.",
        "",
        *(text for line in audit.lines for text in _section(line)),
        *_visitors(audit.beside),
        "## The chain",
        "",
        *(f"- {finding}" for finding in audit.findings),
        *([] if audit.findings else ["Every event is as it was written, and none is missing."]),
        "",
        f"Events: {len(audit.lines)}. Digest of the last: `{audit.head}`",
    ]
    return "\n".join(parts) + "\n"


def _section(line: Line) -> Iterator[str]:
    body = _body(line)
    step = f" · {_plain(str(body['step']))}" if body.get("step") else ""
    yield f"## {line.seq} · {line.type}{step}"
    yield ""
    yield f"{line.at}, by {line.by or '?'}"
    yield from (f"- {text}" for text in _told(body))
    yield ""


def _told(body: Body) -> Iterator[str]:
    """Everything that a reader asks for; what is not named here stands in the JSON lines."""
    if body.get("fingerprint"):
        yield f"plan `{body['fingerprint']}`"
    yield from _changes(_fields(body.get("plan")))
    for name in ("reason", "scope", "outcome", "code", "message", "hint", "vendor_code",
                 "request_id", "what"):  # fmt: skip
        if body.get(name):
            yield f"{name.replace('_', ' ')}: {_plain(str(body[name]))}"
    for name in ("reasons", "differences", "evidence", "accepted", "tasks", "reach"):
        yield from (f"{name}: {_plain(str(one))}" for one in _list(body.get(name)))
    yield from _verdict(_fields(body.get("verdict")))
    for name in ("receipt", "notes"):
        yield from (f"{name}: {_plain(key)} = {_plain(str(value))}"
                    for key, value in _fields(body.get(name)).items() if value)  # fmt: skip


def _changes(plan: Body) -> Iterator[str]:
    for change in map(_fields, _list(plan.get("changes"))):
        before, after = change.get("before") or "nothing", change.get("after") or "nothing"
        yield (
            f"{change.get('verb')} {_plain(str(change.get('target')))}: {_plain(before)} →"
            f" {_plain(after)} ({change.get('risk')})"
        )


def _verdict(verdict: Body) -> Iterator[str]:
    if not verdict:
        return
    yield f"verdict: {verdict.get('state')}"
    yield from (f"evidence: {_plain(str(one))}" for one in _list(verdict.get("evidence")))
    for row in map(_fields, _list(verdict.get("rows"))):
        yield f"seen: {_plain(str(row.get('subject')))}: {_plain(str(row.get('result')))}"


def _visitors(beside: Sequence[Line]) -> Iterator[str]:
    seen = [_body(line) for line in beside if line.type == "visitors-seen"]
    if not seen:
        return
    served, looks = (sum(int(b.get(name, 0)) for b in seen) for name in ("served", "looks"))
    yield "## Visitors"
    yield ""
    yield f"{served} of {looks} looks through Cloudflare were served."
    yield from (f"- refused from {b.get('since')}: {_plain(str(one))}"
                for b in seen for one in b.get("refused") or ())  # fmt: skip
    yield ""


def _fields(value: Any) -> Body:
    """What should be an object; of a history that was edited, it may be anything."""
    return value if isinstance(value, Mapping) else {}


def _list(value: Any) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _body(line: Line) -> dict[str, Any]:
    """The event's own fields; what cannot be read as JSON any more is kept as it is."""
    try:
        found = json.loads(line.body)
    except ValueError:
        return {"message": f"cannot be read: {line.body}"}
    return found if isinstance(found, dict) else {"message": line.body}


def _plain(text: str) -> str:
    """Text from outside on one line of Markdown, in which nothing is markup."""
    flat = " ".join(text.split())
    short = flat if len(flat) <= _LONGEST else f"{flat[:_LONGEST]} … (whole in the JSON lines)"
    return "".join(f"\\{c}" if c in "\\`*_[]<>#|" else c for c in short)
