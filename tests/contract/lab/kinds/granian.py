"""Granian: the TLS of Rust (rustls)."""

import sys

from tests.contract.lab.case import Case, Command, Http, Kind, Place, Setting, closed, lets_in

_APP = """
async def app(scope, receive, send):
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"hello"})
"""


def _cases(http: Http) -> tuple[Case, ...]:
    return (
        closed(Setting("required", "1.3", "--ssl-client-verify", http=http)),
        lets_in(Setting("not-asked", "1.3", "", http=http)),
    )


def _commands(place: Place) -> tuple[Command, ...]:
    place.write("app.py", _APP)
    return tuple(_command(place, one, port) for one, port in place.ports.items())


def _command(place: Place, setting: Setting, port: int) -> Command:
    files = place.files
    verify = (*setting.words.split(), f"--ssl-ca={files['ca']}") if setting.words else ()
    return Command((
        sys.executable, "-m", "granian", "--interface=asginl", "--host=127.0.0.1",
        f"--port={port}", f"--http={'2' if setting.http == 'h2' else '1'}", "--no-ws",
        f"--ssl-protocol-min=tls{setting.versions[0]}",
        f"--ssl-certificate={files['cert']}", f"--ssl-keyfile={files['key']}", *verify, "app:app",
    ))  # fmt: skip


GRANIAN = Kind("granian", (), (
    *_cases("h1"), *_cases("h2"), closed(Setting("required", "both", "--ssl-client-verify")),
), _commands)  # fmt: skip
