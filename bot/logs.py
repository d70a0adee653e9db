"""Logs to standard error: only known fields, and every secret taken out on the way.

What libraries log through `logging` goes the same way, from warnings up.
"""

import logging
import re
import sys
from collections.abc import Collection, MutableMapping
from typing import Any

import structlog

HIDDEN = "[hidden]"
FIELDS = frozenset({
    "event", "level", "timestamp", "exception",
    "card", "code", "failed", "host", "key", "known", "method", "ms", "path", "reason",
    "request_id", "run", "seams", "service", "status", "step", "type",
})  # fmt: skip
"""What may be logged. Any other field is hidden: a body or a header is not logged by accident."""

_SECRETS = re.compile(
    r"cf(?:ut|at|k|oat)_[A-Za-z0-9_-]+"  # Cloudflare's tokens and keys
    r"|v1\.0-[A-Za-z0-9-]{20,}"
    r"|x(?:ox[a-z]|app)-[A-Za-z0-9-]+"  # Slack's
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"  # access tokens
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?i:\b(?:bearer|basic) )[A-Za-z0-9._~+/-]{8,}=*"
    r"|(?<![A-Za-z0-9/+._-])[A-Za-z0-9_-]{40,}(?![A-Za-z0-9/+_-])",  # tokens without a prefix
    re.DOTALL,
)
_DIGEST = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
_QUIET = ("slack_sdk", "slack_bolt", "httpx", "httpcore", "paramiko", "dulwich", "stamina")
_SHORTEST = 6
"""A known secret that is shorter is not searched for: it would hide half of every line."""
Event = MutableMapping[str, Any]


def redact(text: str, known: Collection[str] = ()) -> str:
    """The text without tokens, keys and the known secrets; digests of commits and plans stay.

    >>> redact("token cfut_0123456789 of commit 3f78644bd8a9a7c5e2f1b0d4c6a8e9f7d5b3a1c0")
    'token [hidden] of commit 3f78644bd8a9a7c5e2f1b0d4c6a8e9f7d5b3a1c0'
    """
    for secret in sorted(known, key=len, reverse=True):
        if len(secret) >= _SHORTEST:
            text = text.replace(secret, HIDDEN)
    return _SECRETS.sub(lambda m: m[0] if _DIGEST.fullmatch(m[0]) else HIDDEN, text)


class _Redaction:
    """A processor: fields that are not known are hidden, and secrets inside the others."""

    def __init__(self, known: Collection[str]) -> None:
        self._known = frozenset(known)

    def __call__(self, _logger: object, _method: str, event: Event) -> Event:
        return {k: self._value(v) if k in FIELDS else HIDDEN for k, v in event.items()}

    def _value(self, value: Any) -> Any:
        match value:
            case None | bool() | int() | float():
                return value
            case str():
                return redact(value, self._known)
            case dict():
                return {redact(str(k), self._known): self._value(v) for k, v in value.items()}
            case list() | tuple():
                return [self._value(one) for one in value]
            case _:
                return redact(repr(value), self._known)


def configure(level: str, form: str, secrets: Collection[str] = ()) -> None:
    """Set logging up for this process.

    `level` and `form` (console or json) as in the settings; `secrets` are values that never show,
    whatever they look like.
    """
    number = logging.getLevelNamesMapping()[level.upper()]
    marks: list[Any] = [
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    ends: list[Any] = [structlog.processors.format_exc_info, _Redaction(secrets), _renderer(form)]
    structlog.configure(
        processors=[*marks, *ends],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    _route_libraries(marks, [structlog.stdlib.ProcessorFormatter.remove_processors_meta, *ends])


def _renderer(form: str) -> Any:
    if form == "json":
        return structlog.processors.JSONRenderer(ensure_ascii=False)
    return structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())


def _route_libraries(marks: list[Any], ends: list[Any]) -> None:
    """What others log takes the same way out; chatter below a warning is not wanted."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(foreign_pre_chain=marks, processors=ends)
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
