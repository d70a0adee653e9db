"""The pages that Cloudflare shows when it has no answer of the origin's."""

from sandbox.exchange import Answer

_WORDS = {
    400: "Bad request",
    409: "DNS resolution error",
    503: "Down for maintenance",
    520: "Web server is returning an unknown error",
    521: "Web server is down",
    522: "Connection timed out",
    523: "Origin is unreachable",
    524: "A timeout occurred",
    525: "SSL handshake failed",
    526: "Invalid SSL certificate",
    530: "Origin DNS error",
}
_CODES = {409: 1001, 530: 1016}
"""Shown in the page in place of the status."""


def error_page(status: int, host: str, ray: str) -> Answer:
    words = _WORDS[status]
    code = _CODES.get(status, status)
    body = (
        f"<!DOCTYPE html>\n<html><head><title>{host} | {code}: {words}</title></head>\n"
        f"<body><h1>{words} <span>Error code {code}</span></h1><p>Ray ID: {ray}</p></body></html>\n"
    )
    headers = (("Content-Type", "text/html; charset=UTF-8"), ("Cache-Control", "no-store"))
    return Answer(status, headers, body.encode())
