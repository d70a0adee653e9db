"""A page or file of a site that Cloudflare answers from its cache, to show later that it does not.

Front pages are rarely cached; the style sheets, scripts and pictures that they name usually are.
"""

import ssl
from collections.abc import Iterator, Mapping
from dataclasses import replace
from html.parser import HTMLParser
from urllib.parse import urljoin, urlsplit

import httpx

from steps.errors import ClientError
from steps.origin.look import Way, look

_NAMED_BY: Mapping[str, str] = {"link": "href", "script": "src", "img": "src"}
_CACHED = frozenset({
    "avif", "bmp", "css", "gif", "ico", "jpeg", "jpg", "js", "otf", "pdf", "png", "svg", "ttf",
    "webp", "woff", "woff2",
})  # fmt: skip
"""Extensions that Cloudflare caches by default, as far as pages name them (its cache reference)."""
_MOST_BYTES, _MOST_FILES = 262_144, 6


def cached_url(host: str, way: Way) -> str:
    """A URL of the host that is a HIT when it is asked for again; empty when none is found."""
    front = f"https://{host}/"
    for url in (front, *files_of(page(host, way), front)):
        is_hit(url, way)  # which may be what brings it there
        if is_hit(url, way):
            return url
    return ""


def is_hit(url: str, way: Way) -> bool:
    """Whether a request as any visitor makes it is answered by Cloudflare's cache."""
    return look(url, replace(way, fresh=lambda: "")).cache_status == "HIT"


def files_of(html: str, front: str) -> tuple[str, ...]:
    """The cacheable files of the same host that a page names, in its order, a few at most."""
    named = _Named()
    named.feed(html)
    urls = dict.fromkeys(url for reference in named.found if (url := _same_host(front, reference)))
    return tuple(urls)[:_MOST_FILES]


def _same_host(front: str, reference: str) -> str:
    try:
        url = urlsplit(urljoin(front, reference.strip()))
        same = url.scheme == "https" and url.netloc == urlsplit(front).netloc
    except ValueError:
        return ""
    extension = url.path.rpartition(".")[2].lower()
    return url._replace(fragment="").geturl() if same and extension in _CACHED else ""


class _Named(HTMLParser):
    """Collects what a page names by the elements that load files."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        wanted = _NAMED_BY.get(tag)
        self.found += [value for name, value in attrs if name == wanted and value]


def page(host: str, way: Way) -> str:
    """The beginning of a host's front page through Cloudflare; empty when there is none to read."""
    try:
        addresses = way.resolve(host)
    except ClientError:
        return ""
    for address in addresses:
        try:
            return "".join(_read(host, address, way))
        except httpx.HTTPError:
            continue
    return ""


def _read(host: str, address: str, way: Way) -> Iterator[str]:
    where = f"[{address}]" if ":" in address else address
    trust = ssl.create_default_context(cadata=way.roots) if way.roots else True
    headers = dict([way.header] if way.header else []) | {
        "host": host, "user-agent": "mtls-bot-look", "accept": "text/html",
    }  # fmt: skip
    url, extensions = f"https://{where}:{way.https_port}/", {"sni_hostname": host}
    with (
        httpx.Client(verify=trust, trust_env=False, timeout=way.timeout) as client,
        client.stream("GET", url, headers=headers, extensions=extensions) as answer,
    ):
        left = _MOST_BYTES
        for text in answer.iter_text():
            yield text[:left]
            left -= len(text)
            if left <= 0:
                return
