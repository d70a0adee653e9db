"""From routes.yaml to the routes of a deployment: pure, text and names in, JSON values out.

Written after the vendor's documentation and example payloads, apart from the bot's own reading.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from cryptography import x509
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError
from ruamel.yaml.nodes import MappingNode, ScalarNode

Route = dict[str, Any]
ReadFile = Callable[[str], bytes | None]
_KEY = re.compile(r"^(https?)://([^/]+)(/.*)?$")
_TYPES = {"upstream": "upstream", "redirect": "to", "proxy": "to"}
_TLS_KEYS = frozenset(
    {"strict_transport_security", "min_version", "client_authentication"}
    | {"client_certificate_authorities"}
)
_MIN_VERSIONS = (None, "TLSv1.0", "TLSv1.1", "TLSv1.2", "TLSv1.3")


class InvalidRoutesError(Exception):
    """The configuration cannot be deployed; the text says why."""


@dataclass(frozen=True, slots=True)
class Names:
    """What the placeholders of one environment stand for."""

    default: str
    """The default domain in production, the generated host elsewhere."""
    domains: tuple[str, ...]
    """All attached domains of a production environment; empty elsewhere."""
    generated: str
    production_default: str

    @property
    def is_production(self) -> bool:
        return bool(self.domains)


@dataclass(frozen=True, slots=True)
class _Include:
    path: str
    type: str


def resolve(text: bytes, *, read: ReadFile, names: Names, apps: frozenset[str]) -> dict[str, Route]:
    """All routes of the environment by URL, with the generated redirects of port 80.

    `read` gives a file of the configuration directory. Raises InvalidRoutesError.
    """
    routes: dict[str, Route] = {}
    from_all: set[str] = set()
    for key, spec in _parsed(text, read).items():
        original = _normal(key)
        route = _route(original, spec, apps)
        for url, domain in _urls(original, names):
            if url in routes and url not in from_all and "{all}" in original:
                continue  # a {default} route wins over {all}
            (from_all.add if "{all}" in original else from_all.discard)(url)
            routes[url] = _placed(route, url, domain, names)
    _add_redirects(routes)
    _mark_primary(routes)
    return routes


def _parsed(text: bytes, read: ReadFile) -> Mapping[str, Mapping[str, Any]]:
    try:
        document = _loader().load(text.decode())
    except (YAMLError, UnicodeDecodeError) as error:
        raise InvalidRoutesError(f"routes.yaml is not valid YAML: {error}") from error
    if not isinstance(document, dict) or not document:
        raise InvalidRoutesError("routes.yaml must be a mapping of URLs to routes.")
    included = _included(document, read)
    for key, spec in included.items():
        if not isinstance(key, str) or not _KEY.match(key) or not isinstance(spec, dict):
            raise InvalidRoutesError(f"{key!r} is not a route.")
    return included  # type: ignore[no-any-return] # checked just above


def _loader() -> YAML:
    yaml = YAML(typ="safe", pure=True)

    def include(_loader: Any, node: ScalarNode | MappingNode) -> _Include:
        if isinstance(node, ScalarNode):
            return _Include(node.value, "yaml")
        fields = {key.value: value.value for key, value in node.value}
        return _Include(fields.get("path", ""), fields.get("type", "yaml"))

    yaml.constructor.add_constructor("!include", include)
    return yaml


def _included(value: Any, read: ReadFile) -> Any:
    match value:
        case _Include(path, type_):
            content = read(path)
            if content is None:
                raise InvalidRoutesError(f"!include: no such file: {path}")
            if type_ != "string":
                return _included(_loader().load(content.decode()), read)
            return content.decode()
        case dict():
            return {key: _included(item, read) for key, item in value.items()}
        case list():
            return [_included(item, read) for item in value]
        case _:
            return value


def _normal(key: str) -> str:
    found = _KEY.match(key)
    assert found is not None
    scheme, host, path = found.groups()
    return f"{scheme}://{host}{path or '/'}"


def _route(url: str, spec: Mapping[str, Any], apps: frozenset[str]) -> Route:
    kind = spec.get("type")
    needed = _TYPES.get(str(kind))
    if needed is None or not isinstance(spec.get(needed), str):
        raise InvalidRoutesError(f"{url}: a route needs a known type and its target.")
    if kind == "upstream" and spec["upstream"].partition(":")[0] not in apps:
        raise InvalidRoutesError(f"{url}: there is no application {spec['upstream']!r}.")
    route: Route = {
        "primary": bool(spec.get("primary")), "id": spec.get("id"),
        "attributes": spec.get("attributes") or {}, "type": kind, "tls": _tls(url, spec.get("tls")),
        "original_url": url, needed: spec[needed],
        "redirects": {"expires": "-1s", "paths": {}} | (spec.get("redirects") or {}),
    }  # fmt: skip
    if kind == "upstream":
        route["cache"] = {"enabled": True, "default_ttl": 0} | (spec.get("cache") or {})
        route["ssi"] = {"enabled": False} | (spec.get("ssi") or {})
    return route


def no_tls() -> dict[str, Any]:
    """The block of a route that says nothing about TLS."""
    return {
        "strict_transport_security": {"enabled": None, "include_subdomains": None, "preload": None},
        "min_version": None,
        "client_authentication": None,
        "client_certificate_authorities": [],
    }


def _tls(url: str, spec: Any) -> dict[str, Any]:
    given = spec or {}
    if not isinstance(given, dict) or given.keys() - _TLS_KEYS:
        raise InvalidRoutesError(f"{url}: unknown key in tls.")
    block = no_tls() | given
    if block["client_authentication"] not in (None, "request", "require"):
        raise InvalidRoutesError(f"{url}: client_authentication must be request or require.")
    if block["min_version"] not in _MIN_VERSIONS:
        raise InvalidRoutesError(f"{url}: unknown min_version.")
    for authority in block["client_certificate_authorities"] or ():
        try:
            x509.load_pem_x509_certificates(str(authority).encode())
        except ValueError as error:
            raise InvalidRoutesError(f"{url}: an authority is not a PEM certificate.") from error
    return block


def _urls(original: str, names: Names) -> Iterator[tuple[str, str]]:
    """Each URL that the key stands for, with the domain that its placeholder became."""
    if "{all}" in original and len(names.domains) > 1:
        for domain in names.domains:
            yield original.replace("{all}", domain), domain
        return
    url = original.replace("{default}", names.default).replace("{all}", names.default)
    if not names.is_production and "{" not in original:
        scheme, host, path = _split(url)
        url = f"{scheme}://{host}.{names.generated}{path}"
    yield url, names.default


def _split(url: str) -> tuple[str, str, str]:
    found = _KEY.match(url)
    assert found is not None
    return found[1], found[2], found[3] or "/"


def _placed(route: Route, url: str, domain: str, names: Names) -> Route:
    def fill(text: str) -> str:
        return text.replace("{default}", names.default).replace("{all}", domain)

    _, host, _ = _split(url)
    in_production = host if names.is_production else _in_production(host, names)
    placed = route | {"production_url": url.replace(host, in_production, 1)}
    if "to" in route:
        placed["to"] = fill(route["to"])
    paths = {
        path: {"code": 302, "prefix": True} | rule | {"to": fill(str(rule.get("to", "")))}
        for path, rule in route["redirects"]["paths"].items()
    }
    return placed | {"redirects": route["redirects"] | {"paths": paths}}


def _in_production(host: str, names: Names) -> str:
    """The production name of a preview's host."""
    if host == names.generated or not host.endswith("." + names.generated):
        return names.production_default
    front = host.removesuffix("." + names.generated)
    return f"{front}.{names.production_default}" if "." not in front else front


def _add_redirects(routes: dict[str, Route]) -> None:
    for url, route in list(routes.items()):
        plain = "http://" + url.removeprefix("https://")
        if url.startswith("https://") and plain not in routes:
            routes[plain] = {
                "primary": False, "id": None, "attributes": {}, "type": "redirect",
                "tls": no_tls(), "to": url, "redirects": {"expires": "-1s", "paths": {}},
                "original_url": "http://" + route["original_url"].removeprefix("https://"),
                "production_url": "http://" + route["production_url"].removeprefix("https://"),
            }  # fmt: skip


def _mark_primary(routes: dict[str, Route]) -> None:
    if not any(r["primary"] for r in routes.values()):
        wanted: Literal["upstream"] = "upstream"
        for url, route in routes.items():
            if url.startswith("https://") and route["type"] == wanted:
                route["primary"] = True
                return
