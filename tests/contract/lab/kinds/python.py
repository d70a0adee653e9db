"""Servers in Python: the standard library, and asyncio's TLS under hypercorn and uvicorn.

The first sends alerts; asyncio gives up a failed handshake without sending OpenSSL's alert.
"""

import sys
from pathlib import Path

from tests.contract.lab.case import (
    Case,
    Command,
    Kind,
    Place,
    Setting,
    Tls,
    closed,
    lets_in,
    only_ends,
)

_PROGRAM = Path(__file__).with_name("served_by_python.py")
_APP = """
async def app(scope, receive, send):
    if scope["type"] == "http":
        await send({"type": "http.response.start", "status": 200,
                    "headers": [(b"content-length", b"5")]})
        await send({"type": "http.response.body", "body": b"hello"})
"""
_MODES = ("CERT_REQUIRED", "CERT_OPTIONAL", "CERT_NONE")


def _cases(tls: Tls) -> tuple[Case, ...]:
    return (
        closed(Setting("required", tls, "CERT_REQUIRED handshake")),
        lets_in(Setting("requested", tls, "CERT_OPTIONAL handshake")),
        lets_in(Setting("not-asked", tls, "CERT_NONE handshake")),
    )


_STANDARD = (
    *_cases("1.2"), *_cases("1.3"),
    closed(Setting("required", "1.3", "CERT_REQUIRED request")),
    lets_in(Setting("requested", "1.3", "CERT_OPTIONAL request")),
    lets_in(Setting("not-asked", "1.3", "CERT_REQUIRED never")),
)  # fmt: skip


def _standard(place: Place) -> tuple[Command, ...]:
    each = (
        word
        for one, port in place.ports.items()
        for mode, when in [one.words.split()]
        for word in (str(port), mode, *(_name(version) for version in one.versions), when)
    )
    files = (str(place.files[name]) for name in ("cert", "key", "ca"))
    return (Command((sys.executable, str(_PROGRAM), *files, *each)),)


def _name(version: str) -> str:
    return f"TLSv{version}".replace(".", "_")


def _asgi_cases(prefix: str, tls: Tls) -> tuple[Case, ...]:
    required, requested, none = (f"{prefix}{mode}" for mode in _MODES)
    return (
        *only_ends(Setting("required", tls, required)),
        lets_in(Setting("requested", tls, requested)),
        lets_in(Setting("not-asked", tls, none)),
    )


def _openssl_conf(place: Place, setting: Setting) -> dict[str, str]:
    """The versions of TLS for programs that have no option for them."""
    oldest, newest = setting.versions
    path = place.write(f"openssl-{setting.tls}.cnf", (
        "openssl_conf = a\n[a]\nssl_conf = b\n[b]\nsystem_default = c\n"
        f"[c]\nMinProtocol = TLSv{oldest}\nMaxProtocol = TLSv{newest}\n"
    ))  # fmt: skip
    return {"OPENSSL_CONF": path}


def _hypercorn(place: Place) -> tuple[Command, ...]:
    place.write("app.py", _APP)
    return tuple(_hypercorn_at(place, one, port) for one, port in place.ports.items())


def _hypercorn_at(place: Place, setting: Setting, port: int) -> Command:
    files, mode = place.files, setting.words.split()[-1]
    alpn = '["h2"]' if setting.http == "h2" else '["h2", "http/1.1"]'
    config = place.write(f"hypercorn-{port}.toml", f"""
bind = "127.0.0.1:{port}"
certfile = "{files["cert"]}"
keyfile = "{files["key"]}"
ca_certs = "{files["ca"]}"
alpn_protocols = {alpn}
""")  # fmt: skip
    return Command(
        (sys.executable, "-m", "hypercorn", "--config", config, "--verify-mode", mode, "app:app"),
        _openssl_conf(place, setting),
    )


def _uvicorn(place: Place) -> tuple[Command, ...]:
    place.write("app.py", _APP)
    files = place.files
    return tuple(
        Command((
            sys.executable, "-m", "uvicorn", "--log-level=error", "--host=127.0.0.1",
            f"--port={port}", f"--ssl-certfile={files['cert']}", f"--ssl-keyfile={files['key']}",
            f"--ssl-ca-certs={files['ca']}", *one.words.split(), "app:app",
        ), _openssl_conf(place, one))
        for one, port in place.ports.items()
    )  # fmt: skip


_VERIFY = "verify_mode = "
PYTHON = Kind("python ssl", (), _STANDARD, _standard)
HYPERCORN = Kind("hypercorn", (), (
    *_asgi_cases(_VERIFY, "1.2"), *_asgi_cases(_VERIFY, "1.3"),
    *only_ends(Setting("required", "both", f"{_VERIFY}CERT_REQUIRED", http="h2")),
    lets_in(Setting("requested", "both", f"{_VERIFY}CERT_OPTIONAL", http="h2")),
), _hypercorn)  # fmt: skip
UVICORN = Kind("uvicorn", (), (
    *only_ends(Setting("required", "1.2", "--ssl-cert-reqs=2")),
    *only_ends(Setting("required", "1.3", "--ssl-cert-reqs=2")),
    lets_in(Setting("requested", "1.3", "--ssl-cert-reqs=1")),
), _uvicorn)  # fmt: skip
