"""Logs to standard error, with every secret taken out on the way."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_SECRETS = re.compile(
    r"cf(?:ut|at|k|oat)_[A-Za-z0-9_-]+"  # Cloudflare's tokens and keys
    r"|v1\.0-[A-Za-z0-9-]{20,}"
    r"|x(?:oxb|oxp|oxe|app)-[A-Za-z0-9-]+"  # Slack's
    r"|eyJ[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]*"  # access tokens
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)"
    r"|(?<![A-Za-z0-9/+._-])[A-Za-z0-9_-]{40}(?![A-Za-z0-9/+_-])",  # tokens made before 2026
    re.DOTALL,
)
HIDDEN = "[hidden]"
_COMMIT = re.compile(r"[0-9a-f]{40}")
_QUIET = ("slack_sdk", "slack_bolt", "httpx", "httpcore", "paramiko", "dulwich")


def redact(text: str) -> str:
    """The text without tokens and keys; forty hexadecimal digits are a commit and stay."""
    return _SECRETS.sub(lambda m: m[0] if _COMMIT.fullmatch(m[0]) else HIDDEN, text)


def _redacted(value: Any) -> Any:
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, dict):
        return {k: _redacted(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_redacted(v) for v in value]
    return value


def _take_secrets_out(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    return {key: _redacted(value) for key, value in event.items()}


class _Redacting(logging.Formatter):
    def format(self, record: logging.LogRecord) -> str:
        return redact(super().format(record))


def configure(level: str, form: str) -> None:
    """Set logging up for this process: `level` as in the settings, `form` console or json."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    renderer: Any = (
        structlog.processors.JSONRenderer()
        if form == "json"
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            _take_secrets_out,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_Redacting("%(asctime)s [%(levelname)s] %(name)s: %(message)s"))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.ERROR)
